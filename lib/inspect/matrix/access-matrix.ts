// The access matrix: every endpoint of an application, judged for each of several callers.
import type { INestApplicationContext } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { readAccessPolicy, readGuards } from '../../auth/access/access-policy.js';
import { DESCOPE_CONFIG, isSelfChecked } from '../../auth/injection-tokens.js';
import type { DescopeConfig } from '../../core/config/config.js';
import type { RequestValueSource } from '../../core/user/demands.js';
import type { AccessMapEntry, FoundEndpoint } from '../access-map.js';
import { findEndpoints, findResources } from '../access-map.js';
import { isEarly } from '../guard-order.js';
import { isAuthGuard } from '../handlers.js';
import type { AccessPersona } from './persona.js';
import { toKnownPersona } from './persona.js';
import type { AccessVerdict, JudgedEndpoint } from './verdict.js';
import { judge } from './verdict.js';

/** The callers of an access matrix, by names of your own. */
export type AccessPersonas = Readonly<Record<string, AccessPersona>>;

/** What the requests of an access matrix name. */
export interface AccessMatrixOptions {
  /**
   * The values that requests name, by their source, such as `{ 'param:tenantId': 'acme' }`.
   * @defaultValue none: a verdict that needs one is `depends`
   */
  readonly values?: Readonly<Record<string, string>>;
  /**
   * The names of guards of the application that let every persona pass, such as `['ThrottlerGuard']`.
   * @defaultValue none: behind another guard a verdict is `depends`, unless it is `rejected`
   */
  readonly assumedGuards?: readonly string[];
}

/** An endpoint, and its verdict for each persona. */
export interface AccessMatrixRow extends Omit<AccessMapEntry, 'demands' | 'guard'> {
  /** The verdicts by the names of the personas. */
  readonly verdicts: Readonly<Record<string, AccessVerdict>>;
}

/** An access matrix, as plain data that JSON can hold. */
export interface AccessMatrix {
  /** The names of the personas. */
  readonly personas: readonly string[];
  /** The endpoints, in the order of the access map. */
  readonly rows: readonly AccessMatrixRow[];
}

/**
 * Judges every endpoint of an application for each persona, as the guard would decide on a request with a bearer token. No
 * request is sent, no rule and no `loadUser` is called.
 * @returns a matrix of plain data
 * @throws {DescopeConfigError} CONFIG_INVALID for a persona of no known form
 * @throws {DescopeUnavailableError} KEYS_UNAVAILABLE, or another code of an outage, when a token cannot be verified
 * @example
 * const matrix = await accessMatrix(app, { anonymous: 'anonymous', ada: descope.as({ roles: ['admin'] }) });
 * expect(formatMatrix(matrix)).toMatchSnapshot();
 */
export async function accessMatrix(
  app: INestApplicationContext,
  personas: AccessPersonas,
  options: AccessMatrixOptions = {},
): Promise<AccessMatrix> {
  const names = Object.keys(personas);
  const known = await Promise.all(
    Object.entries(personas).map(([name, persona]) => toKnownPersona(app, name, persona)),
  );
  const facts = toFacts(app, options);
  const rows = listJudged(app, options).map((endpoint) => {
    const { demands: _demands, guard: _guard, ...entry } = endpoint.entry;
    const verdicts = known.map((persona, index) => [names[index], judge(endpoint, persona, facts)]);
    return { ...entry, verdicts: Object.fromEntries(verdicts) as AccessMatrixRow['verdicts'] };
  });
  return { personas: names, rows };
}

/** Returns what is known of the application and of requests. */
export function toFacts(app: INestApplicationContext, { values = {} }: AccessMatrixOptions) {
  const config = app.get<DescopeConfig>(DESCOPE_CONFIG, { strict: false });
  return { config, values: new Map<RequestValueSource, string>(Object.entries(values) as never) };
}

/** Lists every endpoint with what decides on its callers. */
export function listJudged(
  app: INestApplicationContext,
  { assumedGuards = [] }: AccessMatrixOptions,
): readonly JudgedEndpoint[] {
  const config = app.get<DescopeConfig>(DESCOPE_CONFIG, { strict: false });
  const modules = app.get(ModulesContainer, { strict: false });
  const resources = findResources(modules);
  const application = app.get(ApplicationConfig, { strict: false });
  const global = [
    ...application.getGlobalGuards(),
    ...application.getGlobalRequestGuards().map(({ metatype }) => metatype),
  ];
  return findEndpoints(app).map(({ entry, type, handler }: FoundEndpoint) => {
    const ofKind = entry.kind === 'http' || entry.kind === 'graphql' ? global : [];
    // What counts requests, as DescopeThrottlerGuard, lets every persona pass.
    const others = [...ofKind, ...readGuards(type, handler)].filter(
      (guard) => !isAuthGuard(guard) && !isEarly(guard, modules),
    );
    return {
      entry,
      policy: readAccessPolicy(type, handler),
      acceptance: resources?.find(type)?.acceptance ?? config.acceptance,
      otherGuards: others.map(toGuardName).filter((name) => !assumedGuards.includes(name)),
      isSelfChecked: isSelfChecked(type, entry.handler.slice(entry.handler.lastIndexOf('.') + 1)),
    };
  });
}

function toGuardName(guard: unknown): string {
  if (typeof guard === 'function') return guard.name;
  return (guard as object).constructor.name;
}
