// Hands the session's user to a handler.
import type { ExecutionContext, PipeTransform, Type } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import type { MaybePromise } from '../core/maybe-promise.js';
import { whenReady } from '../core/maybe-promise.js';
import { readTenantGrants } from '../core/user/authorize.js';
import type { DescopeRegister } from '../core/user/custom-claims.js';
import type { RegisteredUser } from '../core/user/descope-user.js';
import { readAccessPolicy } from './access/access-policy.js';
import { readRequestValue } from './access/check-access.js';
import { recallAnyUser } from './request-state.js';
import { readSession } from './request-user.js';
import type { OpenCall } from './transports/execution-context.js';
import { openCall, recallKey } from './transports/execution-context.js';

/** A pipe, or its class. */
export type ParameterPipe = PipeTransform | Type<PipeTransform>;

/** What stands before a handler's parameter for the user. */
export interface CurrentUserDecorator {
  (): ParameterOf<RegisteredUser>;
  <Property extends keyof RegisteredUser & string>(property: Property): ParameterOf<RegisteredUser[Property]>;
  /** With pipes, whose results may be anything. */
  (
    propertyOrPipe: (keyof RegisteredUser & string) | ParameterPipe,
    ...pipes: ParameterPipe[]
  ): ParameterDecorator;
}

/**
 * Gives a handler the signed-in user, or one property of it; `undefined` where nobody is signed in.
 * @example `@Get('me') me(@CurrentUser() user: DescopeUser, @CurrentUser('email') email?: string) {}`
 */
export const CurrentUser: CurrentUserDecorator = createParamDecorator(
  (property: string | undefined, context: ExecutionContext) =>
    whenReady(readUser(openCall(context)), (user) =>
      property === undefined ? user : readProperty(user, property),
    ),
);

/**
 * Gives a handler Descope's session: user, claims and token. Where nobody is signed in, its `user` is `undefined`; where
 * a session is required it is a `SignedInSession`.
 * @example `@Get('me') me(@CurrentSession() { user, token }: SignedInSession) {}`
 */
export const CurrentSession: (...pipes: ParameterPipe[]) => ParameterDecorator = createParamDecorator(
  (_data: undefined, context: ExecutionContext) => readSession(openCall(context)),
);

// The application's own user where `loadUser` gave one, else Descope's.
function readUser(call: OpenCall): MaybePromise<unknown> {
  const { user } = readSession(call);
  return user === undefined
    ? undefined
    : (recallAnyUser(recallKey(call), call.applications) ?? { user }).user;
}

function readProperty(user: unknown, property: string): unknown {
  return typeof user === 'object' && user !== null && property in user
    ? (user as Record<string, unknown>)[property]
    : undefined;
}

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

/** Holds a decorator's parameter to the type of what the decorator hands over. */
export type ParameterTakes<Target, Key, Index extends number, Value> = Key extends keyof Target
  ? Target[Key] extends (...parameters: infer Parameters) => unknown
    ? Value extends Parameters[Index]
      ? unknown
      : { readonly mistake: 'This parameter does not take what the decorator gives.'; readonly gives: Value }
    : unknown
  : unknown;

// Hands the tenant that the request is about to a handler.

/**
 * Gives a handler the id of the tenant that its `@Tenant` names, or without one the session's current tenant (`dct`);
 * `undefined` where the caller does not belong to it.
 */
export const CurrentTenant: (...pipes: ParameterPipe[]) => ParameterDecorator = createParamDecorator(
  (_data: undefined, context: ExecutionContext) => readTenant(context),
);

function readTenant(context: ExecutionContext): MaybePromise<string | undefined> {
  const { demands } = readAccessPolicy(context.getClass(), context.getHandler());
  const call = openCall(context);
  const { user } = readSession(call);
  const asked = demands.find((demand) => demand.kind === 'tenant');
  const tenant = readRequestValue(asked?.from ?? 'dct', { call, user });
  return whenReady(tenant, (id) => (readTenantGrants(user, id ?? '') === undefined ? undefined : id));
}
