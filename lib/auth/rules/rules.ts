// What the application decides itself, or asks Descope, once the token's answer is yes.
import type { ExecutionContext, Type } from '@nestjs/common';
import type { MaybePromise } from '../../core/maybe-promise.js';
import type { RequestValueSource } from '../../core/user/demands.js';
import type { RegisteredUser } from '../../core/user/descope-user.js';
import { isProviderClass } from './find-provider.js';

/**
 * A rule of the application as a provider of its own.
 * @example `@Injectable() class OwnsOrder implements DescopePolicy { isAllowed(user: DescopeUser, context: ExecutionContext) { … } }`
 */
export interface DescopePolicy<User = RegisteredUser> {
  /** Whether the caller may; whatever is not `true` refuses. `user` is what `@CurrentUser()` gives. */
  isAllowed(user: User, context: ExecutionContext): MaybePromise<boolean>;
}

/** A rule of the application as a function. */
export type DescopePolicyFunction<User = RegisteredUser> = (
  user: User,
  context: ExecutionContext,
) => MaybePromise<boolean>;

/** A rule of the application: a class that Nest injects, or a function. */
export interface PolicyRule {
  readonly kind: 'policy';
  readonly policy: Type<DescopePolicy<never>> | DescopePolicyFunction<never>;
}

/** A relation that Descope knows (fine-grained authorization), between the caller and what the request names. */
export interface RelationRule {
  readonly kind: 'relation';
  readonly resourceType: string;
  readonly resource: RequestValueSource;
  readonly relation: string;
  readonly targetType: string;
}

/** One rule of a handler. */
export type AccessRule = PolicyRule | RelationRule;

/** Tells whether a rule is a class; then Nest must know it. */
export function isPolicyClass(policy: PolicyRule['policy']): policy is Type<DescopePolicy<never>> {
  return isProviderClass(policy, 'isAllowed');
}
