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

/** What brings messages, as Nest names it (`context.getType()`). */
export type MessageTransport = 'ws' | 'rpc';

// Nest's own keys of @SubscribeMessage(), and of @MessagePattern(), @EventPattern() and @GrpcMethod(); the same in 11 and 12.
const MESSAGE_METADATA: readonly (readonly [transport: MessageTransport, key: string])[] = [
  ['rpc', 'microservices:pattern'],
  ['ws', 'websockets:message_mapping'],
];

// Nest's own keys of @Controller() and of @Get() and its like, the same in 11 and 12.
const PATH_METADATA = 'path';
const METHOD_METADATA = 'method';

// @nestjs/graphql's own keys of @ResolveField() and @ResolveReference(), the same in 13 and 14.
const FIELD_METADATA = ['graphql:resolve_property', 'graphql:resolve_reference'];

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

/**
 * Reads the paths that a handler of HTTP is routed at, its class's part and its own apart; `undefined` for one that is
 * not routed.
 */
export function readPaths(type: HandlerClass, handler: Handler): readonly string[] | undefined {
  if (Reflect.getMetadata(METHOD_METADATA, handler) === undefined) return undefined;
  return [type, handler].flatMap(
    (target) => (Reflect.getMetadata(PATH_METADATA, target) ?? []) as string | readonly string[],
  );
}

/** Tells what a handler takes messages of; `undefined` for one that takes none. */
export function readMessageTransport(handler: Handler): MessageTransport | undefined {
  return MESSAGE_METADATA.find(([, key]) => Reflect.getMetadata(key, handler) !== undefined)?.[0];
}

/**
 * Tells whether a handler resolves a field, or a reference of a federation: those are guarded only where GraphQL's module
 * is told so.
 */
export function isFieldHandler(handler: Handler): boolean {
  return FIELD_METADATA.some((key) => Reflect.getMetadata(key, handler) === true);
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
