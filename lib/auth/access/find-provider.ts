// Finds the instance of a provider when it is needed, also of a request-scoped one, and services of another module.
import type { Type } from '@nestjs/common';
import { Scope } from '@nestjs/common';
import type { ContextId, ModuleRef } from '@nestjs/core';
import { ContextIdFactory } from '@nestjs/core';
import { DescopeConfigError } from '../../core/errors.js';

const contextIds = new WeakMap<object, ContextId>();

/** Finds the instance of a provider for this request. */
export async function findProvider<T>(type: Type<T>, request: object, modules: ModuleRef): Promise<T> {
  const { scope } = modules.introspect(type);
  if (scope === Scope.DEFAULT) return modules.get(type, { strict: false });
  return modules.resolve(type, toContextId(request, modules), { strict: false });
}

/**
 * Finds a service of a module that need not be visible here, for what an entry point of its own provides.
 * @param missing the message for an application without that module
 * @throws {DescopeConfigError} CONFIG_MODULE_MISSING
 */
export function findService(modules: ModuleRef, token: string | Type, missing: string): unknown {
  try {
    return modules.get<unknown>(token, { strict: false });
  } catch {
    throw new DescopeConfigError('CONFIG_MODULE_MISSING', missing);
  }
}

/**
 * Checks whether a value is a class and not a plain function; a module must then provide it. The prototype of a class has
 * the method. A class with the method as a property is recognised by its `prototype`, which is not writable
 * (ECMA-262 §15.7.14).
 */
export function isProviderClass(value: object, method: string): boolean {
  const prototype = Object.getOwnPropertyDescriptor(value, 'prototype');
  const methods: unknown = prototype?.value;
  if (typeof methods !== 'object' || methods === null) return false;
  return prototype?.writable === false || method in methods;
}

// Nest has a context id for the request only if the handler's class is request-scoped. Otherwise the id is created here,
// so that all providers found for a request share their dependencies, REQUEST included.
function toContextId(request: object, modules: ModuleRef): ContextId {
  const contextId = contextIds.get(request) ?? ContextIdFactory.getByRequest(request);
  contextIds.set(request, contextId);
  if (!isKnownToNest(request)) modules.registerRequestByContextId(request, contextId);
  return contextId;
}

// For a request that Nest knows, it returns the same id each time.
function isKnownToNest(request: object): boolean {
  return ContextIdFactory.getByRequest(request) === ContextIdFactory.getByRequest(request);
}
