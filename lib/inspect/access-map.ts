// The access map: every handler that can be called from outside with its demands, as data and as a table for terminals.
import type { INestApplicationContext } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { AccessMode } from '../auth/access/access-metadata.js';
import type { AccessPolicy, Handler, HandlerClass } from '../auth/access/access-policy.js';
import { readAccessPolicy, readGuards, readMethods } from '../auth/access/access-policy.js';
import type { RequestResources } from '../auth/access/protected-resource.js';
import { DESCOPE_RESOURCES } from '../auth/injection-tokens.js';
import type { Endpoint } from './endpoints.js';
import { readEndpoints } from './endpoints.js';
import { isAuthGuard, readFoundClasses } from './handlers.js';
import { isGuardGlobal } from './startup-checks.js';

/** One endpoint of the application, as plain data that JSON can hold. */
export interface AccessMapEntry extends Omit<Endpoint, 'isGuardable'> {
  /** The class and its method: `'OrdersController.remove'`. */
  readonly handler: string;
  /** Whether the handler is public, whether authentication is optional, or whether it is required. */
  readonly access: AccessMode;
  /** The demands and rules beyond a session; empty if there are none. */
  readonly demands: readonly AccessMapDemand[];
  /**
   * The `AuthGuard` that is certain to run: the global one, the handler's own by `@UseGuards`, or none. For messages the
   * global guard does not count, because it depends on Nest's version and on the kind of application whether it runs.
   */
  readonly guard: 'global' | 'own' | 'none';
}

/** Every endpoint of the application, in an order that does not depend on the order of the source. */
export type AccessMap = readonly AccessMapEntry[];

/**
 * Describes which access every route, resolver, gateway message and pattern of an application demands. Call it after the
 * application's global prefix, versions and guards are set.
 * @returns one entry for each endpoint
 * @example `expect(describeAccess(app)).toMatchInlineSnapshot()`
 */
export function describeAccess(app: INestApplicationContext): AccessMap {
  return findEndpoints(app).map(({ entry }) => entry);
}

/** An entry of the access map, and the handler that it is about. */
export interface FoundEndpoint {
  readonly entry: AccessMapEntry;
  readonly type: HandlerClass;
  readonly handler: Handler;
}

/** Finds every endpoint of an application, in the order of the access map. */
export function findEndpoints(app: INestApplicationContext): readonly FoundEndpoint[] {
  const modules = app.get(ModulesContainer, { strict: false });
  const application = app.get(ApplicationConfig, { strict: false });
  const isGlobal = isGuardGlobal({ modules, application });
  const resources = findResources(modules);
  const found = new Map<string, FoundEndpoint>();
  for (const { type, module, isMade } of readFoundClasses(modules)) {
    for (const [name, handler] of readMethods(type)) {
      if (typeof name !== 'string') continue; // Nest does not call methods by symbols
      for (const endpoint of readEndpoints({ type, name, handler, module, modules, application })) {
        if (isMade && endpoint.kind !== 'graphql') continue;
        const entry = toEntry(endpoint, { type, name, handler, isGlobal, resources });
        found.set(JSON.stringify(entry), { entry, type, handler }); // the same class in two modules counts once
      }
    }
  }
  return [...found.values()].sort((one, other) => compare(one.entry, other.entry));
}

interface HandlerPlace {
  readonly type: HandlerClass;
  readonly name: string;
  readonly handler: Handler;
  readonly isGlobal: boolean;
  readonly resources: RequestResources | undefined;
}

/** Finds the protected resources of an application. */
export function findResources(modules: ModulesContainer): RequestResources | undefined {
  const found = [...modules.values()].map(({ providers }) => providers.get(DESCOPE_RESOURCES)?.instance);
  return found.find((instance) => instance !== undefined && instance !== null) as
    RequestResources | undefined;
}

function toEntry({ isGuardable, ...endpoint }: Endpoint, place: HandlerPlace): AccessMapEntry {
  const { type, name, handler } = place;
  const policy = readAccessPolicy(type, handler);
  return {
    ...endpoint,
    handler: `${type.name}.${name}`,
    access: policy.mode,
    demands: toDemandViews(policy, place.resources?.find(type)?.url),
    guard: isGuardable ? toGuard(place, endpoint.kind) : 'none',
  };
}

function toGuard({ type, handler, isGlobal }: HandlerPlace, kind: Endpoint['kind']): AccessMapEntry['guard'] {
  if (isGlobal && (kind === 'http' || kind === 'graphql')) return 'global';
  return readGuards(type, handler).some(isAuthGuard) ? 'own' : 'none';
}

const KINDS = ['http', 'graphql', 'websocket', 'message'];

function compare(one: AccessMapEntry, other: AccessMapEntry): number {
  const by = (entry: AccessMapEntry): readonly string[] => [
    String(KINDS.indexOf(entry.kind)),
    entry.namespace ?? '',
    entry.path,
    entry.method,
    entry.handler,
  ];
  const others = by(other);
  const index = by(one).findIndex((text, at) => text !== others[at]);
  const [left, right] =
    index < 0 ? [JSON.stringify(one), JSON.stringify(other)] : [by(one)[index] ?? '', others[index] ?? ''];
  return left < right ? -1 : Number(left > right); // by code unit: the same on every machine
}

// Demands and rules → data that can be printed, compared and sent. Functions and classes become their names.

/** A JSON value. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/**
 * One demand or rule of a handler: its kind, and the members of that kind.
 * @example `{ kind: 'roles', names: ['admin'], match: 'any' }`
 */
export interface AccessMapDemand {
  /** The kind: `'roles'`, `'permissions'`, `'tenant'`, `'scopes'`, `'rule'`, `'relation'`, … */
  readonly kind: string;
  readonly [detail: string]: JsonValue;
}

/**
 * Converts the demands and then the rules of a policy to data, each once.
 * @param resource the URL of the protected resource of the class
 */
export function toDemandViews({ demands, rules = [] }: AccessPolicy, resource?: string): AccessMapDemand[] {
  const views = new Map<string, AccessMapDemand>();
  for (const demand of [...demands, ...rules]) {
    const isResource = demand.kind === 'resource' && resource !== undefined;
    const view = toData(isResource ? { kind: demand.kind, resource } : demand) as AccessMapDemand;
    views.set(JSON.stringify(view), view);
  }
  return [...views.values()];
}

/** Converts a demand to a short text: `roles: admin or editor, in the tenant of param:id`. */
export function toDemandText(demand: AccessMapDemand): string {
  if (demand.kind === 'any-of') return `any of (${toAlternatives(demand).map(toDemandText).join(') or (')})`;
  const { kind, names, kinds, match, tenant, from, orProject, ...others } = demand;
  const list = toTexts(names ?? kinds).join(match === 'all' ? ' and ' : ' or ');
  const details = Object.entries(others).map(([name, value]) =>
    name === kind ? toText(value) : `${name} ${toText(value)}`,
  );
  const parts = [
    list,
    ...(from === undefined ? [] : [toText(from)]),
    ...(tenant === undefined
      ? []
      : [tenant === true ? "in the route's tenant" : `in the tenant of ${toText(tenant)}`]),
    ...(orProject === true ? ['or in the project'] : []),
    ...details,
  ].filter(Boolean);
  return parts.length === 0 ? kind : `${kind}: ${parts.join(', ')}`;
}

/** Lists the alternatives of an `@AnyOf`. */
export function toAlternatives({ alternatives }: AccessMapDemand): readonly AccessMapDemand[] {
  return Array.isArray(alternatives) ? (alternatives as AccessMapDemand[]) : [];
}

function toTexts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.map(toText) : [];
}

function toText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function toData(value: unknown): JsonValue {
  if (typeof value === 'function') return value.name || 'a function';
  if (Array.isArray(value)) return value.map(toData);
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(members.map(([name, member]) => [name, toData(member)]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : String(value);
}

// The access map as a table for terminals.

const HEAD = ['METHOD', 'PATH', 'ACCESS', 'DEMANDS', 'GUARD', 'HANDLER'];

/**
 * Formats an access map as a table for a terminal, one line for each endpoint. `NONE` in the column `GUARD` marks an endpoint
 * that is not public, and that no guard protects.
 * @returns the lines, separated by `\n`
 * @example `console.log(formatAccess(describeAccess(app)))`
 */
export function formatAccess(map: AccessMap): string {
  const rows = [HEAD, ...map.map(toRow)].map((row) => row.map(toPlain));
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const toLine = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(toLine).join('\n');
}

function toRow(entry: AccessMapEntry): string[] {
  const { kind, method, path, namespace, hosts = [], versions = [], handler, access, demands, guard } = entry;
  const place = [
    ...(namespace === undefined ? [] : [namespace]),
    path,
    ...(hosts.length === 0 ? [] : [`(${hosts.join(', ')})`]),
    ...(versions.length === 0 ? [] : [`(version ${versions.join(', ')})`]),
  ].join(' ');
  const isOpen = guard === 'none' && access !== 'public';
  return [
    kind === 'http' || kind === 'graphql' ? method : `${kind} ${method}`,
    place,
    access,
    demands.map(toDemandText).join('; ') || '-',
    isOpen ? 'NONE' : guard,
    handler,
  ];
}

/** Replaces control characters, which could move the cursor of a terminal. */
export function toPlain(text: string): string {
  return text.replace(/\p{Control}/gu, '\uFFFD');
}
