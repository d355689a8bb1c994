// Finds a class among the application's providers when it is needed, also one that Nest makes anew for each request.
import type { Type } from '@nestjs/common';
import { Scope } from '@nestjs/common';
import type { ContextId, ModuleRef } from '@nestjs/core';
import { ContextIdFactory } from '@nestjs/core';

const contextIds = new WeakMap<object, ContextId>();

/** Finds the instance for this request. */
export async function findProvider<T>(type: Type<T>, request: object, modules: ModuleRef): Promise<T> {
  const { scope } = modules.introspect(type);
  if (scope === Scope.DEFAULT) return modules.get(type, { strict: false });
  return modules.resolve(type, toContextId(request, modules), { strict: false });
}

/**
 * Tells whether what may be a class or a function is a class; then Nest must know it. A function has no such method on
 * its prototype; a class that keeps its method as a property has none there either, and is told by its prototype, which
 * cannot be replaced (ECMA-262 §15.7.14).
 */
export function isProviderClass(value: object, method: string): boolean {
  const prototype = Object.getOwnPropertyDescriptor(value, 'prototype');
  const methods: unknown = prototype?.value;
  if (typeof methods !== 'object' || methods === null) return false;
  return prototype?.writable === false || method in methods;
}

// Nest has an id for the request only where the handler's own class is made for each; elsewhere it is made here, so
// that all that is found for a request shares what it injects, and REQUEST among it.
function toContextId(request: object, modules: ModuleRef): ContextId {
  const contextId = contextIds.get(request) ?? ContextIdFactory.getByRequest(request);
  contextIds.set(request, contextId);
  if (!isKnownToNest(request)) modules.registerRequestByContextId(request, contextId);
  return contextId;
}

// Of a request that Nest knows, it gives the same id each time.
function isKnownToNest(request: object): boolean {
  return ContextIdFactory.getByRequest(request) === ContextIdFactory.getByRequest(request);
}
