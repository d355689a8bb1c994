// Reads back what decorators noted: handler and class → what is asked.
import 'reflect-metadata';
import { DescopeConfigError } from '../../core/errors.js';
import type { Demand, RequestValueSource } from '../../core/user/requirements.js';
import { isAcceptanceDemand, readTenantSources } from '../../core/user/requirements.js';
import type { AccessEntry, AccessMode, AccessRule } from './access-metadata.js';
import { ACCESS_METADATA } from './access-metadata.js';

/** A class whose handlers are asked about. */
export type HandlerClass = abstract new (...args: never[]) => unknown;
/** A method of it. */
export type Handler = object;

const GUARDS_METADATA = '__guards__'; // Nest's own key of @UseGuards, the same in 11 and 12

const memory = new WeakMap<object, WeakMap<object, AccessPolicy>>();

/** Reads what a handler asks for; from memory after the first time. Throws `CONFIG_DEMAND_CONTRADICTED`. */
export function readAccessPolicy(type: HandlerClass, handler: Handler): AccessPolicy {
  const known = memory.get(type)?.get(handler);
  if (known !== undefined) return known;
  const levels = readLevels(type, handler);
  for (const level of levels) assertConsistent(level, `${type.name}.${toName(handler)}`);
  const policy = combineEntries(levels);
  assertMeaningful(policy, `${type.name}.${toName(handler)}`);
  const ofType = memory.get(type) ?? new WeakMap<object, AccessPolicy>();
  memory.set(type, ofType.set(handler, policy));
  return policy;
}

/** Tells whether a handler itself asks for something, and not only its class. */
export function hasOwnDemand(type: HandlerClass, handler: Handler): boolean {
  const { keys, method, copied } = findMethod(type, handler);
  const prototypes = toChain(type.prototype as object | null);
  const ofMethod = keys.flatMap((key) => prototypes.flatMap((item) => readMethodLevel(item, key, method)));
  return [...copied, ...ofMethod].some(({ demand, rule }) => demand !== undefined || rule !== undefined);
}

/** Names every method of a class, inherited ones included, that a framework could call as a handler. */
export function readMethods(type: HandlerClass): ReadonlyMap<string | symbol, Handler> {
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

/** Reads what `@UseGuards` put before a handler: on its class, and on itself. */
export function readGuards(type: HandlerClass, handler: Handler): readonly unknown[] {
  return [type, handler].flatMap(
    (target) => (Reflect.getMetadata(GUARDS_METADATA, target) ?? []) as readonly unknown[],
  );
}

function toName(handler: Handler): string {
  return 'name' in handler ? String(handler.name) : 'handler';
}

/** A handler as its class has it. */
interface FoundMethod {
  /** Under which names. */
  readonly keys: readonly (string | symbol)[];
  /** What a prototype has under them. */
  readonly method: Handler;
  /** What was copied onto a handler that is no method of its class. */
  readonly copied: Level;
}

// From near to far. Demands are inherited, openness is not: it belongs to the class or the method that wrote it.
function readLevels(type: HandlerClass, handler: Handler): Level[] {
  const { keys, method, copied } = findMethod(type, handler);
  const prototypes = toChain(type.prototype as object | null);
  // A stand-in was written where the method is that it stands in for.
  const isWritten = (found: unknown): boolean => (copied.length > 0 ? found !== undefined : found === method);
  const writer = prototypes.find((prototype) => keys.some((key) => isWritten(readMethod(prototype, key))));
  const classes = toChain(type);
  const heirs = classes.slice(0, toEnd(classes.findIndex((item) => toPrototype(item) === writer)));
  const ofMethod = keys.flatMap((key) => prototypes.map((item) => readMethodLevel(item, key, method)));
  const own = [...(copied.length > 0 ? [copied] : []), ...ofMethod];
  return [
    // A subclass that asks for something asks it of what it inherits, too.
    ...(isClosedBy(heirs.map(readEntries)) ? own.map(withoutOpenness) : own),
    ...classes.map((item) => {
      const isWriter = item === type || toPrototype(item) === writer;
      return isWriter ? readEntries(item) : withoutOpenness(readEntries(item));
    }),
  ];
}

// A handler that is no method of its class stands in for one: bound in the constructor, or replaced by a tracer. What
// was copied onto it tells which; without that it is asked whatever any method asks, so that no demand gets lost.
function findMethod(type: HandlerClass, handler: Handler): FoundMethod {
  const methods = readMethods(type);
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
  // An overridden method hands its demands down, but not its openness: that must be said again.
  return method === handler ? level : withoutOpenness(level);
}

function withoutOpenness(level: Level): Level {
  return level.filter(({ mode }) => mode === undefined || mode === 'required');
}

// The nearest that says anything decides.
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

// Where no class of the chain is found to be the writer, all of them are its heirs.
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

// Adds up what is asked at a handler, at its class and above: one policy, that further demands only make stricter.

/** What a handler asks of its caller. Without a decorator: a signed-in user. */
export interface AccessPolicy {
  readonly mode: AccessMode;
  readonly demands: readonly Demand[];
  /** Where the request must be asked for tenants, read from the demands once. Default: read from them each time. */
  readonly tenantSources?: readonly RequestValueSource[];
  /** What the application decides itself, once the demands are met. Default: nothing. */
  readonly rules?: readonly AccessRule[];
}

/** What stands at one place: a handler, or a class. */
export type Level = readonly AccessEntry[];

/**
 * Adds up what is asked from near to far: at the handler, at what it overrides, at its class, at the classes above.
 * The nearest mode wins; a demand nearer than it closes the route. A closed route asks for everything, near and far,
 * so that a further decorator can make it stricter and never weaker.
 */
export function combineEntries(levels: readonly Level[]): AccessPolicy {
  const decisive = levels.findIndex((level) => level.some(({ mode }) => mode !== undefined));
  const mode = levels[decisive]?.find((entry) => entry.mode !== undefined)?.mode ?? 'required';
  const isClosed = mode === 'required' || levels.slice(0, decisive).some(hasDemand);
  const demands = levels.flat().flatMap(({ demand }) => (demand === undefined ? [] : [demand]));
  if (!isClosed) {
    // Where being signed in is optional, it still counts only for the callers and audiences that are asked for.
    const kept = mode === 'optional' ? demands.filter(isAcceptanceDemand) : [];
    return Object.freeze({ mode, demands: kept, rules: [] });
  }
  // Decorators run from the inside out: turned round, rules stand as they are written, the class's first.
  const entries = levels.flat().reverse();
  const rules = entries.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  return Object.freeze({ mode: 'required', demands, tenantSources: readTenantSources(demands), rules });
}

/** Asserts that what one level notes can be meant together. Throws `CONFIG_DEMAND_CONTRADICTED`. */
export function assertConsistent(level: Level, where: string): void {
  const modes = new Set(level.flatMap(({ mode }) => (mode === undefined ? [] : [mode])));
  const closing = modes.has('public') ? hasDemand(level) : modes.has('optional') && level.some(isClosing);
  if (modes.size <= 1 && !closing) return;
  const labels = level.map(({ label }) => label);
  const message = `${labels.join(' and ')} contradict each other at ${where}. Keep one of them.`;
  throw new DescopeConfigError('CONFIG_DEMAND_CONTRADICTED', message, { where, decorators: labels });
}

/**
 * Asserts that grants in the tenant of the route have one to be asked in, and that somebody is left who may call.
 * Throws `CONFIG_DEMAND_TENANTLESS` or `CONFIG_DEMAND_CONTRADICTED`.
 */
export function assertMeaningful({ demands }: AccessPolicy, where: string): void {
  const inRoute = demands.some((demand) => 'tenant' in demand && demand.tenant === true);
  if (inRoute && !demands.some(({ kind }) => kind === 'tenant')) {
    const message = `${where} asks for a grant with { tenant: true }, and no @Tenant says which that is. Add @Tenant({ from }) there or on its class.`;
    throw new DescopeConfigError('CONFIG_DEMAND_TENANTLESS', message, { where });
  }
  const kinds = demands.flatMap((demand) => (demand.kind === 'accepts' ? [demand.kinds] : []));
  if (kinds.length === 0 || kinds[0]?.some((kind) => kinds.every((list) => list.includes(kind)))) return;
  const message = `The @Accepts of ${where} and of its class have no kind of caller in common, so nobody could call it.`;
  throw new DescopeConfigError('CONFIG_DEMAND_CONTRADICTED', message, { where });
}

function hasDemand(level: Level): boolean {
  return level.some(({ demand, rule }) => demand !== undefined || rule !== undefined);
}

function isClosing({ demand, rule }: AccessEntry): boolean {
  return rule !== undefined || (demand !== undefined && !isAcceptanceDemand(demand));
}
