// Reads the metadata of access decorators: handler and class → policy.
import 'reflect-metadata';
import { DescopeConfigError } from '../../core/errors.js';
import type { Demand, RequestValueSource, ResourceDemand, TenantDemand } from '../../core/user/demands.js';
import { isAcceptanceDemand, readTenantSources } from '../../core/user/demands.js';
import type { AccessAlternative, AccessEntry, AccessMode, AccessRule } from './access-metadata.js';
import { ACCESS_METADATA, countChanges } from './access-metadata.js';

/** A class with handlers. */
export type HandlerClass = abstract new (...args: never[]) => unknown;
/** A method of it. */
export type Handler = object;
/** The methods of a class, by their names. */
export type Methods = ReadonlyMap<string | symbol, Handler>;

const GUARDS_METADATA = '__guards__'; // Nest's own key of @UseGuards, the same in 11 and 12

let memory = new WeakMap<object, WeakMap<object, AccessPolicy>>();
let changesInMemory = 0;

/**
 * Reads the policy of a handler, and remembers it until a further decorator is applied anywhere.
 * @param methods - The methods of the class, where the caller has read them.
 * @throws {DescopeConfigError} CONFIG_DEMAND_CONTRADICTED or CONFIG_DEMAND_TENANTLESS
 */
export function readAccessPolicy(type: HandlerClass, handler: Handler, methods?: Methods): AccessPolicy {
  forgetOutdated();
  const known = memory.get(type)?.get(handler);
  if (known !== undefined) return known;
  const levels = readLevels(type, findMethod(handler, methods ?? readMethods(type)));
  for (const level of levels) assertConsistent(level, `${type.name}.${toName(handler)}`);
  const policy = combineEntries(levels);
  assertMeaningful(policy, `${type.name}.${toName(handler)}`);
  const ofType = memory.get(type) ?? new WeakMap<object, AccessPolicy>();
  memory.set(type, ofType.set(handler, policy));
  return policy;
}

// Code may apply a decorator while the application starts or runs: a demand is never lost because it came late.
function forgetOutdated(): void {
  const count = countChanges();
  if (count === changesInMemory) return;
  memory = new WeakMap();
  changesInMemory = count;
}

/** Checks whether a handler itself has a demand or a rule, and not only its class. */
export function hasOwnDemand(type: HandlerClass, handler: Handler, methods?: Methods): boolean {
  const { keys, method, copied } = findMethod(handler, methods ?? readMethods(type));
  const prototypes = toChain(type.prototype as object | null);
  const ofMethod = keys.flatMap((key) => prototypes.flatMap((item) => readMethodLevel(item, key, method)));
  return [...copied, ...ofMethod].some(({ demand, rule }) => demand !== undefined || rule !== undefined);
}

/** Finds the nearest `@ProtectedResource` of a class and the classes above, also where all of its handlers are public. */
export function findResourceDemand(type: HandlerClass): ResourceDemand | undefined {
  return toChain(type)
    .flatMap(readEntries)
    .map(({ demand }) => demand)
    .find((demand) => demand?.kind === 'resource');
}

/** Lists every method of a class, inherited ones included, that a framework could call as a handler. */
export function readMethods(type: HandlerClass): Methods {
  const methods = new Map<string | symbol, Handler>();
  for (const prototype of toChain(type.prototype as object | null)) {
    for (const key of Reflect.ownKeys(prototype)) {
      const value: unknown = Object.getOwnPropertyDescriptor(prototype, key)?.value;
      if (key === 'constructor' || typeof value !== 'function' || methods.has(key)) continue;
      methods.set(key, value);
    }
  }
  return methods;
}

/** Reads the guards that `@UseGuards` adds to a handler: on its class, and on the handler itself. */
export function readGuards(type: HandlerClass, handler: Handler): readonly unknown[] {
  return [type, handler].flatMap(
    (target) => (Reflect.getMetadata(GUARDS_METADATA, target) ?? []) as readonly unknown[],
  );
}

function toName(handler: Handler): string {
  return 'name' in handler ? String(handler.name) : 'handler';
}

/** A handler as a method of its class. */
interface FoundMethod {
  /** Its names. */
  readonly keys: readonly (string | symbol)[];
  /** The method that a prototype has under these names. */
  readonly method: Handler;
  /** The metadata that was copied onto a handler which is not a method of its class. */
  readonly copied: Level;
}

// Nearest first. Demands are inherited. `@Public` and `@OptionalAuth` are not: they apply to the class or method that
// has the decorator.
function readLevels(type: HandlerClass, { keys, method, copied }: FoundMethod): Level[] {
  const prototypes = toChain(type.prototype as object | null);
  // A replacement is declared where the method is that it replaces.
  const isWritten = (found: unknown): boolean => (copied.length > 0 ? found !== undefined : found === method);
  const writer = prototypes.find((prototype) => keys.some((key) => isWritten(readMethod(prototype, key))));
  const classes = toChain(type);
  const heirs = classes.slice(0, toEnd(classes.findIndex((item) => toPrototype(item) === writer)));
  const ofMethod = keys.flatMap((key) => prototypes.map((item) => readMethodLevel(item, key, method)));
  const own = [copied, ...ofMethod];
  return [
    // A demand of a subclass applies to inherited handlers, too.
    ...(isClosedBy(heirs.map(readEntries)) ? own.map(withoutOpenness) : own),
    ...classes.map((item) => {
      const isWriter = item === type || toPrototype(item) === writer;
      return isWriter ? readEntries(item) : withoutOpenness(readEntries(item));
    }),
  ];
}

// A handler that is not a method of its class replaces one: it was bound in the constructor, or wrapped by a tracer. Its
// name or the metadata copied onto it identifies the method. Otherwise the demands of all methods apply, so that none is
// lost.
function findMethod(handler: Handler, methods: Methods): FoundMethod {
  const keys = [...methods].filter(([, method]) => method === handler).map(([key]) => key);
  if (keys.length > 0) return { keys, method: handler, copied: [] };
  const bound = /^(?:bound )+(.+)$/.exec(toName(handler))?.[1] ?? ''; // ECMA-262 §20.2.3.2
  const method = methods.get(bound);
  if (method !== undefined) return { keys: [bound], method, copied: [] };
  const copied = readEntries(handler);
  return { keys: copied.length > 0 ? [toName(handler)] : [...methods.keys()], method: handler, copied };
}

function readMethodLevel(prototype: object, key: string | symbol, handler: Handler): Level {
  const byName = (Reflect.getOwnMetadata(ACCESS_METADATA, prototype, key) ?? []) as Level;
  const method = readMethod(prototype, key);
  const onFunction = typeof method === 'function' ? readEntries(method) : [];
  const level = [...new Set([...byName, ...onFunction])];
  // The demands of an overridden method apply to the override. `@Public` and `@OptionalAuth` must be repeated there.
  return method === handler ? level : withoutOpenness(level);
}

function withoutOpenness(level: Level): Level {
  return level.filter(({ mode }) => mode === undefined || mode === 'required');
}

// The nearest level with any entry decides.
function isClosedBy(levels: readonly Level[]): boolean {
  const nearest = levels.find((level) => level.length > 0) ?? [];
  return nearest.length > 0 && combineEntries([nearest]).mode === 'required';
}

function readMethod(prototype: object, key: string | symbol): unknown {
  return Object.getOwnPropertyDescriptor(prototype, key)?.value;
}

function toPrototype(type: object): unknown {
  return 'prototype' in type ? type.prototype : undefined;
}

// If no class of the chain declares the method, all of them count as subclasses.
function toEnd(index: number): number | undefined {
  return index < 0 ? undefined : index;
}

function readEntries(target: object): Level {
  return (Reflect.getOwnMetadata(ACCESS_METADATA, target) ?? []) as Level;
}

function toChain(start: object | null): object[] {
  const chain: object[] = [];
  for (let item = start; item !== null && item !== Object.prototype && item !== Function.prototype;) {
    chain.push(item);
    item = Object.getPrototypeOf(item) as object | null;
  }
  return chain;
}

// Combines the entries of a handler, its class and the classes above into one policy. A further demand only makes it
// stricter.

/** What a handler demands of its caller. Without a decorator: a signed-in user. */
export interface AccessPolicy {
  /** Whether the handler is public, whether authentication is optional, or whether it is required. */
  readonly mode: AccessMode;
  /** What the caller's token must meet: every demand of the list. */
  readonly demands: readonly Demand[];
  /**
   * Where the request names the tenants that the demands are about.
   * @defaultValue read from `demands` for each request
   */
  readonly tenantSources?: readonly RequestValueSource[];
  /**
   * Rules that are checked after the demands, in this order.
   * @defaultValue none
   */
  readonly rules?: readonly AccessRule[];
}

/** The entries of one handler, or of one class. */
export type Level = readonly AccessEntry[];

/**
 * Combines entries, nearest first: those of the handler, of what it overrides, of its class, of the classes above.
 * The nearest mode counts. A demand that is nearer than this mode makes authentication required. Where it is required, all
 * demands apply, near and far, so that a further decorator makes the policy stricter and never weaker.
 */
export function combineEntries(levels: readonly Level[]): AccessPolicy {
  const decisive = levels.findIndex((level) => level.some(({ mode }) => mode !== undefined));
  const mode = levels[decisive]?.find((entry) => entry.mode !== undefined)?.mode ?? 'required';
  const isClosed = mode === 'required' || levels.slice(0, decisive).some(hasDemand);
  const demands = levels.flat().flatMap(({ demand }) => (demand === undefined ? [] : [demand]));
  if (!isClosed) {
    // Where authentication is optional, the demands about kinds of caller and audiences still apply to a token.
    const kept = mode === 'optional' ? demands.filter(isAcceptanceDemand) : [];
    return Object.freeze({ mode, demands: kept, rules: [] });
  }
  // Decorators run from the inside out. Reversed, rules have the order of the source, with those of the class first.
  const entries = levels.flat().reverse();
  const rules = entries.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  return Object.freeze({ mode: 'required', demands, tenantSources: readTenantSources(demands), rules });
}

/**
 * Asserts that the entries of one level do not contradict each other.
 * @throws {DescopeConfigError} CONFIG_DEMAND_CONTRADICTED
 */
export function assertConsistent(level: Level, where: string): void {
  const modes = new Set(level.flatMap(({ mode }) => (mode === undefined ? [] : [mode])));
  const closing = modes.has('public') ? hasDemand(level) : modes.has('optional') && level.some(isClosing);
  if (modes.size <= 1 && !closing) return;
  const labels = level.map(({ label }) => label);
  const message = `${labels.join(' and ')} contradict each other at ${where}. Keep one of them.`;
  throw new DescopeConfigError('CONFIG_DEMAND_CONTRADICTED', message, { where, decorators: labels });
}

/**
 * Asserts that a policy with `{ tenant: true }` has a `@Tenant`, that it names one tenant for the handler, and that at least
 * one kind of caller is accepted.
 * @throws {DescopeConfigError} CONFIG_DEMAND_TENANTLESS or CONFIG_DEMAND_CONTRADICTED
 */
export function assertMeaningful(policy: AccessPolicy, where: string): void {
  const { demands } = policy;
  const inRoute = listLeaves(policy).some((leaf) => 'tenant' in leaf && leaf.tenant === true);
  if (inRoute && !demands.some(({ kind }) => kind === 'tenant')) {
    const message = `${where} requires roles or permissions with { tenant: true }, but has no @Tenant that names the tenant. Add @Tenant({ from }) there or on its class.`;
    throw new DescopeConfigError('CONFIG_DEMAND_TENANTLESS', message, { where });
  }
  if (findTenants(policy).length > 1) {
    const message = `The @AnyOf of ${where} name different tenants, so @CurrentTenant() could be either. Write @Tenant({ from }) beside @AnyOf, or name the other tenant by { tenant } of a role or permission.`;
    throw new DescopeConfigError('CONFIG_DEMAND_CONTRADICTED', message, { where });
  }
  const kinds = demands.flatMap((demand) => (demand.kind === 'accepts' ? [demand.kinds] : []));
  if (kinds.length === 0 || kinds[0]?.some((kind) => kinds.every((list) => list.includes(kind)))) return;
  const message = `The @Accepts of ${where} and of its class have no kind of caller in common, so every caller would be rejected. Change one of them.`;
  throw new DescopeConfigError('CONFIG_DEMAND_CONTRADICTED', message, { where });
}

/** Lists the demands and rules of a policy, with the alternatives of each `@AnyOf` in its place. */
export function listLeaves({ demands, rules = [] }: AccessPolicy): readonly AccessAlternative[] {
  return [...demands, ...rules].flatMap((one): readonly AccessAlternative[] =>
    one.kind === 'any-of' ? one.alternatives : [one],
  );
}

/** Finds what names the handler's tenant: the nearest `@Tenant`, or else those among alternatives that differ. */
export function findTenants(policy: AccessPolicy): readonly TenantDemand[] {
  const own = policy.demands.find((demand) => demand.kind === 'tenant');
  if (own !== undefined) return [own];
  const others = listLeaves(policy).filter((leaf) => leaf.kind === 'tenant');
  return others.filter(({ from }, index) => others.findIndex((other) => other.from === from) === index);
}

function hasDemand(level: Level): boolean {
  return level.some(({ demand, rule }) => demand !== undefined || rule !== undefined);
}

function isClosing({ demand, rule }: AccessEntry): boolean {
  return rule !== undefined || (demand !== undefined && !isAcceptanceDemand(demand));
}
