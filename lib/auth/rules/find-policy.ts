// Finds a rule that is a class among the application's providers, also one that Nest makes anew for each request.
import { Scope } from '@nestjs/common';
import type { ExecutionContext, Type } from '@nestjs/common';
import { ContextIdFactory } from '@nestjs/core';
import type { ContextId, ModuleRef } from '@nestjs/core';
import { readContextRequest } from '../context-request.js';
import type { DescopePolicy } from './rules.js';

type Policy = DescopePolicy<never>;

const contextIds = new WeakMap<object, ContextId>();

/** Finds the policy for this request. */
export async function findPolicy(
  policy: Type<Policy>,
  context: ExecutionContext,
  modules: ModuleRef,
): Promise<Policy> {
  const { scope } = modules.introspect(policy);
  if (scope === Scope.DEFAULT) return modules.get(policy, { strict: false });
  return modules.resolve(policy, toContextId(readContextRequest(context), modules), { strict: false });
}

// Nest has an id for the request only where the handler's own class is made for each; elsewhere it is made here, so
// that all policies of a request share what they inject, and REQUEST among it.
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
