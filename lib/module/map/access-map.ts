// The access map: every handler that can be called from outside, and what it demands.
import type { INestApplicationContext } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { readAccessPolicy, readGuards, readMethods } from '../../auth/access.policy.js';
import type { Handler, HandlerClass } from '../../auth/access.policy.js';
import type { AccessMode } from '../../auth/access/note.js';
import { isGuardGlobal } from '../scan/access.scan.js';
import { isAuthGuard } from '../scan/guard-reach.js';
import { readFoundClasses } from '../scan/handlers.js';
import { toDemandViews } from './demand-view.js';
import type { AccessMapDemand } from './demand-view.js';
import { readEndpoints } from './endpoints.js';
import type { Endpoint } from './endpoints.js';

/** One way into the application. It survives JSON. */
export interface AccessMapEntry extends Omit<Endpoint, 'isGuardable'> {
  /** The class and its method: `'OrdersController.remove'`. */
  readonly handler: string;
  /** Whether nobody is asked anything, whether being signed in is optional, or whether it is required. */
  readonly access: AccessMode;
  /** What is demanded beyond being signed in. */
  readonly demands: readonly AccessMapDemand[];
  /**
   * Which `AuthGuard` is sure to see to it: the global one, its own by `@UseGuards`, or none. A global guard does not
   * count for messages: whether it reaches them depends on Nest's version and on how the application was started.
   */
  readonly guard: 'global' | 'own' | 'none';
}

/** Every way into the application, in an order that does not depend on that of the source. */
export type AccessMap = readonly AccessMapEntry[];

/**
 * Lists every route, resolver, gateway message and pattern with what it demands, as data. Ask it of an application
 * whose prefix, versions and guards are set.
 * @example `expect(describeAccess(app)).toMatchInlineSnapshot()`
 */
export function describeAccess(app: INestApplicationContext): AccessMap {
  const modules = app.get(ModulesContainer, { strict: false });
  const application = app.get(ApplicationConfig, { strict: false });
  const isGlobal = isGuardGlobal({ modules, application });
  const entries = new Map<string, AccessMapEntry>();
  for (const { type, module, isMade } of readFoundClasses(modules)) {
    for (const [name, handler] of readMethods(type)) {
      if (typeof name !== 'string') continue; // Nest does not call methods by symbols
      for (const endpoint of readEndpoints({ type, name, handler, module, modules, application })) {
        if (isMade && endpoint.kind !== 'graphql') continue;
        const entry = toEntry(endpoint, { type, name, handler, isGlobal });
        entries.set(JSON.stringify(entry), entry); // one of the same class in two modules counts once
      }
    }
  }
  return [...entries].sort(compare).map(([, entry]) => entry);
}

interface HandlerPlace {
  readonly type: HandlerClass;
  readonly name: string;
  readonly handler: Handler;
  readonly isGlobal: boolean;
}

function toEntry({ isGuardable, ...endpoint }: Endpoint, place: HandlerPlace): AccessMapEntry {
  const { type, name, handler } = place;
  const policy = readAccessPolicy(type, handler);
  return {
    ...endpoint,
    handler: `${type.name}.${name}`,
    access: policy.mode,
    demands: toDemandViews(policy),
    guard: isGuardable ? toGuard(place, endpoint.kind) : 'none',
  };
}

function toGuard({ type, handler, isGlobal }: HandlerPlace, kind: Endpoint['kind']): AccessMapEntry['guard'] {
  if (isGlobal && (kind === 'http' || kind === 'graphql')) return 'global';
  return readGuards(type, handler).some(isAuthGuard) ? 'own' : 'none';
}

const KINDS = ['http', 'graphql', 'websocket', 'message'];

function compare(
  [a, one]: readonly [string, AccessMapEntry],
  [b, other]: readonly [string, AccessMapEntry],
): number {
  const by = (entry: AccessMapEntry): readonly string[] => [
    String(KINDS.indexOf(entry.kind)),
    entry.namespace ?? '',
    entry.path,
    entry.method,
    entry.handler,
  ];
  const others = by(other);
  const index = by(one).findIndex((text, at) => text !== others[at]);
  const [left, right] = index < 0 ? [a, b] : [by(one)[index] ?? '', others[index] ?? ''];
  return left < right ? -1 : Number(left > right); // by code unit: the same on every machine
}
