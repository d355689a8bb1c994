// What `@CurrentUser()` gives, as a type: Descope's user, or the one that the application registered.
import type { DescopeRegister } from '../../core/claims/register.js';
import type { DescopeUser } from '../../core/user/descope-user.js';

/** What `@CurrentUser()` gives: Descope's user, unless `user` is registered. */
export type RegisteredUser = DescopeRegister extends { readonly user: infer User extends object }
  ? User
  : DescopeUser;

/**
 * A parameter's decorator that knows what it gives: it compiles only where the parameter takes that. Without a
 * registered `user` it goes before any parameter, because `loadUser` may give anything.
 */
export type ParameterOf<Value> = DescopeRegister extends { readonly user: object }
  ? <Target, Key extends string | symbol | undefined, Index extends number>(
      target: Target,
      key: Key,
      index: Index & ParameterTakes<Target, Key, Index, Value>,
    ) => void
  : ParameterDecorator;

type ParameterTakes<Target, Key, Index extends number, Value> = Key extends keyof Target
  ? Target[Key] extends (...parameters: infer Parameters) => unknown
    ? Value extends Parameters[Index]
      ? unknown
      : { readonly mistake: 'This parameter does not take what the decorator gives.'; readonly gives: Value }
    : unknown
  : unknown;
