// Asks the application's own rules, once the token has answered.
import { Scope } from '@nestjs/common';
import type { ExecutionContext, Type } from '@nestjs/common';
import { ContextIdFactory } from '@nestjs/core';
import type { ModuleRef } from '@nestjs/core';
import { DescopeAccessError } from '../../core/errors.js';
import { readContextRequest } from '../context-request.js';
import type { AccessRule, DescopePolicy, DescopePolicyFunction } from './rules.js';

/** Who asks, as the application knows them, and where its rules are found. */
export interface RuleCase {
  readonly context: ExecutionContext;
  readonly rules: readonly AccessRule[];
  readonly user: unknown;
  readonly modules: ModuleRef;
}

/** Asserts that every rule says `true`, one after the other. Throws `ACCESS_POLICY_REFUSED`, or what a rule throws. */
export async function assertRules({ context, rules, user, modules }: RuleCase): Promise<void> {
  for (const { policy } of rules) {
    const isAllowed = isClass(policy)
      ? await (await findPolicy(policy, context, modules)).isAllowed(user as never, context)
      : await policy(user as never, context);
    if (isAllowed !== true) throw refused(policy.name);
  }
}

// A provider of the application, also one that Nest makes anew for each request.
async function findPolicy(
  policy: Type<DescopePolicy>,
  context: ExecutionContext,
  modules: ModuleRef,
): Promise<DescopePolicy> {
  const { scope } = modules.introspect(policy);
  if (scope === Scope.DEFAULT) return modules.get(policy, { strict: false });
  const request = readContextRequest(context);
  return modules.resolve(policy, ContextIdFactory.getByRequest(request), { strict: false });
}

// ECMA-262 §15.7: a class cannot be called, a function of the application has no method of a policy.
function isClass(policy: Type<DescopePolicy> | DescopePolicyFunction): policy is Type<DescopePolicy> {
  const prototype: unknown = policy.prototype;
  return typeof prototype === 'object' && prototype !== null && 'isAllowed' in prototype;
}

function refused(rule: string): DescopeAccessError {
  return new DescopeAccessError('ACCESS_POLICY_REFUSED', 'A rule of the application refuses it.', { rule });
}
