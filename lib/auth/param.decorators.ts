// The parameter decorators: pass the user, the session and the tenant to a handler.
import type { ExecutionContext, PipeTransform, Type } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import { DescopeConfigError } from '../core/errors.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import { whenReady } from '../core/maybe-promise.js';
import type { DescopeSession } from '../core/session/session.js';
import { readTenantGrants } from '../core/user/authorize.js';
import type { DescopeRegister } from '../core/user/custom-claims.js';
import type { RegisteredUser } from '../core/user/descope-user.js';
import { findTenants, readAccessPolicy } from './access/access-policy.js';
import { readRequestValue } from './access/request-values.js';
import { hasAnyApplication } from './applications.js';
import { recallAnyUser } from './request-state.js';
import { readSession } from './request-user.js';
import type { OpenCall } from './transports/call.js';
import { openCall, recallKey } from './transports/call.js';
import { readParameter } from './transports/mistakes.js';

/** A pipe, or its class. */
export type ParameterPipe = PipeTransform | Type<PipeTransform>;

/** The type of `@CurrentUser()`. */
export interface CurrentUserDecorator {
  /** Passes the user. */
  (): ParameterOf<RegisteredUser>;
  /** Passes one property of the user. */
  <Property extends keyof RegisteredUser & string>(property: Property): ParameterOf<RegisteredUser[Property]>;
  /** Passes the result of pipes, which may have any type. */
  (
    propertyOrPipe: (keyof RegisteredUser & string) | ParameterPipe,
    ...pipes: ParameterPipe[]
  ): ParameterDecorator;
}

/**
 * Passes the signed-in user to a handler, or one property of it; `undefined` for an anonymous caller. It is the
 * application's own user if `loadUser` is set.
 * @example `@Get('me') me(@CurrentUser() user: DescopeUser, @CurrentUser('email') email?: string) {}`
 */
export const CurrentUser: CurrentUserDecorator = createParamDecorator(
  (property: string | undefined, context: ExecutionContext) =>
    readParameter(context, () =>
      whenReady(readUser(openOwnCall(context)), (user) =>
        property === undefined ? user : readProperty(user, property),
      ),
    ),
);

/**
 * Passes the session to a handler: user, claims and token. For an anonymous caller its `user` is `undefined`. On a route that
 * requires a session it is a `SignedInSession`.
 * @example `@Get('me') me(@CurrentSession() { user, token }: SignedInSession) {}`
 */
export const CurrentSession: (...pipes: ParameterPipe[]) => ParameterDecorator = createParamDecorator(
  (_data: undefined, context: ExecutionContext) => readParameter(context, () => readAcceptedSession(context)),
);

/** Reads the session that a guard has accepted, for a parameter of a handler. */
export function readAcceptedSession(context: ExecutionContext): DescopeSession {
  return readSession(openOwnCall(context));
}

// Without the module nothing has authenticated the request, and a handler must not take that for an anonymous caller.
function openOwnCall(context: ExecutionContext): OpenCall {
  if (!hasAnyApplication()) throw new DescopeConfigError('CONFIG_MODULE_MISSING', NO_MODULE);
  return openCall(context);
}

const NO_MODULE =
  'A handler has @CurrentUser(), @CurrentSession() or @CurrentTenant(), but no module imports DescopeModule, so every route is open. Import DescopeModule.forRoot() in the root module. In a test of a single controller, import DescopeTestingModule.forRoot(createTestDescope()) of nestjs-descope/testing.';

// The application's own user if `loadUser` returned one, otherwise the `DescopeUser`.
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
 * A parameter decorator that compiles only if the parameter takes the type of its value. Without a `user` in
 * `DescopeRegister` it fits any parameter, because `loadUser` may return any type.
 */
export type ParameterOf<Value> = DescopeRegister extends { readonly user: object }
  ? <Target, Key extends string | symbol | undefined, Index extends number>(
      target: Target,
      key: Key,
      index: Index & ParameterTakes<Target, Key, Index, Value>,
    ) => void
  : ParameterDecorator;

/** Checks that a handler's parameter takes the type of the decorator's value. */
export type ParameterTakes<Target, Key, Index extends number, Value> = Key extends keyof Target
  ? Target[Key] extends (...parameters: infer Parameters) => unknown
    ? Value extends Parameters[Index]
      ? unknown
      : {
          readonly mistake: 'The type of this parameter does not accept the value of the decorator.';
          readonly gives: Value;
        }
    : unknown
  : unknown;

/**
 * Passes the id of the tenant that the request names to a handler, by the handler's `@Tenant`. Without a `@Tenant`, it is the
 * session's current tenant (claim `dct`). `undefined` if the caller does not belong to the tenant.
 * @example `@Tenant({ from: 'param:id' }) @Get('tenants/:id') show(@CurrentTenant() tenantId: string) {}`
 */
export const CurrentTenant: (...pipes: ParameterPipe[]) => ParameterDecorator = createParamDecorator(
  (_data: undefined, context: ExecutionContext) => readParameter(context, () => readTenant(context)),
);

/** Reads the tenant that the request names, if the caller belongs to it. */
export function readTenant(context: ExecutionContext): MaybePromise<string | undefined> {
  const [demand] = findTenants(readAccessPolicy(context.getClass(), context.getHandler()));
  const call = openOwnCall(context);
  const { user } = readSession(call);
  const tenant = readRequestValue(demand?.from ?? 'dct', { call, user });
  return whenReady(tenant, (id) => (readTenantGrants(user, id ?? '') === undefined ? undefined : id));
}
