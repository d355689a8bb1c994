// Finds the instance of a provider when it is needed, also of a request-scoped one, and services of another module.
import type { Type } from '@nestjs/common';
import { Scope } from '@nestjs/common';
import type { ContextId, ModuleRef } from '@nestjs/core';
import { ContextIdFactory } from '@nestjs/core';
import { DescopeConfigError } from '../../core/errors.js';

const contextIds = new WeakMap<object, ContextId>();

/**
 * Finds the instance of a provider for this request.
 * @throws {DescopeConfigError} CONFIG_POLICY_MISSING for a class that no module provides: of a rule that the boot has not seen,
 *   because a subclass of the guard has added it
 */
export async function findProvider<T>(type: Type<T>, request: object, modules: ModuleRef): Promise<T> {
  const scope = readScope(type, modules);
  if (scope === Scope.DEFAULT) return modules.get(type, { strict: false });
  return modules.resolve(type, toContextId(request, modules), { strict: false });
}

function readScope(type: Type, modules: ModuleRef): Scope {
  try {
    return modules.introspect(type).scope;
  } catch {
    const message = `No module provides ${type.name}. Add it to the providers of a module.`;
    throw new DescopeConfigError('CONFIG_POLICY_MISSING', message, { rule: type.name });
  }
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
