// Reads back what decorators noted: handler and class → what is asked.
import 'reflect-metadata';
import { addUp, assertConsistent, assertMeaningful } from './access/add-up.js';
import type { AccessPolicy, Level } from './access/add-up.js';
import { ACCESS_METADATA } from './access/note.js';

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
  const levels = [...readHandlerLevels(type, handler), ...readClassLevels(type)];
  for (const level of levels) assertConsistent(level, `${type.name}.${toName(handler)}`);
  const policy = addUp(levels);
  assertMeaningful(policy, `${type.name}.${toName(handler)}`);
  const ofType = memory.get(type) ?? new WeakMap<object, AccessPolicy>();
  memory.set(type, ofType.set(handler, policy));
  return policy;
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

// A handler that is no method of its class stands in for one: bound in the constructor, or replaced by a tracer. What
// was copied onto it tells which; without that it is asked whatever any method asks, so that no demand gets lost.
function readHandlerLevels(type: HandlerClass, handler: Handler): Level[] {
  const methods = readMethods(type);
  const keys = [...methods].filter(([, method]) => method === handler).map(([key]) => key);
  if (keys.length > 0) return readMethodLevels(type, keys, handler);
  const bound = /^(?:bound )+(.+)$/.exec(toName(handler))?.[1] ?? ''; // ECMA-262 §20.2.3.2
  const method = methods.get(bound);
  if (method !== undefined) return readMethodLevels(type, [bound], method);
  const own = readEntries(handler);
  return [own, ...readMethodLevels(type, own.length > 0 ? [toName(handler)] : [...methods.keys()], handler)];
}

function readMethodLevels(type: HandlerClass, keys: readonly (string | symbol)[], handler: Handler): Level[] {
  const chain = toChain(type.prototype as object | null);
  return keys.flatMap((key) => chain.map((prototype) => readMethodLevel(prototype, key, handler)));
}

function readMethodLevel(prototype: object, key: string | symbol, handler: Handler): Level {
  const byName = (Reflect.getOwnMetadata(ACCESS_METADATA, prototype, key) ?? []) as Level;
  const method: unknown = Object.getOwnPropertyDescriptor(prototype, key)?.value;
  const onFunction = typeof method === 'function' ? readEntries(method) : [];
  const level = [...new Set([...byName, ...onFunction])];
  // An overridden method hands its demands down, but not its openness: that must be said again.
  return method === handler ? level : level.filter(({ mode }) => mode === undefined || mode === 'required');
}

function readClassLevels(type: HandlerClass): Level[] {
  return toChain(type).map(readEntries);
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
