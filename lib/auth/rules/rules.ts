// What the application decides itself, or asks Descope, once the token's answer is yes.
import type { ExecutionContext, Type } from '@nestjs/common';
import type { MaybePromise } from '../../core/maybe-promise.js';

/** A rule of the application as a provider of its own. */
export interface DescopePolicy {
  /** Whether the caller may; whatever is not `true` refuses. `user` is what `@CurrentUser()` gives. */
  isAllowed(user: never, context: ExecutionContext): MaybePromise<boolean>;
}

/** A rule of the application as a function. */
export type DescopePolicyFunction = (user: never, context: ExecutionContext) => MaybePromise<boolean>;

/** One rule of a handler. */
export interface AccessRule {
  readonly kind: 'policy';
  readonly policy: Type<DescopePolicy> | DescopePolicyFunction;
}
