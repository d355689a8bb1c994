// What stands open because no guard was put there: worth a line at boot, where nothing says that it is meant.
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { readGuards } from '../../auth/access.policy.js';
import type { Notice } from '../../core/notice.js';
import { isAuthController } from '../../auth/injection-tokens.js';
import type { AskedHandler } from '../scan/handlers.js';
import { readGraphqlEndpoints } from '../scan/field-guards.js';
import { isReached } from '../scan/guard-reach.js';
import { readMessageTransport, readResolverNote } from '../scan/handler-metadata.js';
import { readUncheckedDemands } from '../scan/unjudged.js';

/** What the application's global guards are, and whom they reach. */
export interface GlobalGuards {
  readonly application: ApplicationConfig;
  readonly hasHttp: boolean;
}

/** Lists what anybody may call that is not public. Any guard counts: whose it is, is the application's business. */
export function readOpenHandlers(asked: readonly AskedHandler[], guards: GlobalGuards): Notice[] {
  const { application, hasHttp } = guards;
  const hasGlobal = application.getGlobalGuards().length + application.getGlobalRequestGuards().length > 0;
  const callable = asked.filter(isCallable);
  const unguarded = callable.filter(({ type, handler }) => readGuards(type, handler).length === 0);
  const open = unguarded.filter(({ policy }) => policy.mode === 'required');
  if (open.length === 0) return [];
  if (!hasGlobal && unguarded.length === callable.length) return [MISSING];
  if (hasGlobal && isReached('ws', hasHttp)) return [];
  const gateways = open.filter(({ handler }) => readMessageTransport(handler) === 'ws');
  const names = [...new Set(gateways.map(({ type }) => type.name))];
  return names.length === 0 ? [] : [toGatewayNotice(names)];
}

/** Lists demands on methods of which nobody can tell whether a guard is asked before them. */
export function readUnsureDemands(asked: readonly AskedHandler[], modules: ModulesContainer): Notice[] {
  const names = readUncheckedDemands(asked, modules);
  if (names.length === 0) return [];
  const message = `${names.join(', ')} ask for something, and are no handlers that Nest asks guards for; no library here uses Nest's ExternalContextCreator either, by which those do that ask guards. Nobody is sure to look at these demands: ask at the handler that lets the caller in, or check the user in the code (user.hasRole).`;
  return [{ code: 'DEMAND_UNCHECKED', level: 'warn', message }];
}

/** Lists the gateways of GraphQL, which send what anybody asks to their subgraphs; to be asked when schemas are built. */
export function readOpenGateways(modules: ModulesContainer): Notice[] {
  const names = readGraphqlEndpoints(modules).flatMap(({ gateway }) => gateway ?? []);
  if (names.length === 0) return [];
  const message = `${[...new Set(names)].join(', ')} has no schema here, as gateways have none, and asks no guard, also no global one: whoever is connected reaches its subgraphs. Guard each of the subgraphs, and send the Authorization header on to them; or refuse in the option context (DescopeService.authenticate) who has no user.`;
  return [{ code: 'GRAPHQL_GATEWAY_UNGUARDED', level: 'warn', message }];
}

function isCallable({ type, name, handler, paths }: AskedHandler): boolean {
  if (isAuthController(type)) return false; // has guards of its own, which say nothing of the application's handlers
  if (paths !== undefined || readMessageTransport(handler) !== undefined) return true;
  return readResolverNote(type, handler, String(name)) !== undefined;
}

function toGatewayNotice(names: readonly string[]): Notice {
  const message = `No guard stands before the messages of ${names.join(', ')}: whoever is connected may send them. Add @UseGuards(AuthGuard) to the gateway (Nest 11 asks no global guard about messages), or @Public() if that is meant.`;
  return { code: 'GATEWAY_UNGUARDED', level: 'warn', message };
}

const MISSING: Notice = {
  code: 'GUARD_MISSING',
  level: 'warn',
  message:
    'globalGuard is false, and no guard stands anywhere: every handler is open to everybody. Put @UseGuards(AuthGuard) where a session is needed, or @Public() where none is.',
};
