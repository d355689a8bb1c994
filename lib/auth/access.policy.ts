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
  const levels = readLevels(type, handler);
  for (const level of levels) assertConsistent(level, `${type.name}.${toName(handler)}`);
  const policy = addUp(levels);
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
  return nearest.length > 0 && addUp([nearest]).mode === 'required';
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
