// The injection tokens of the package. They are strings, so that two copies of the package use the same ones.
import type DescopeSdk from '@descope/node-sdk' with { 'resolution-mode': 'import' };
import { Inject } from '@nestjs/common';
import type { DescopeOptions } from '../core/config/options.js';

/** The application, as guards and decorators identify it among those of the process. */
export const DESCOPE_APPLICATION = 'nestjs-descope:application';
/** The options before they are checked. */
export const DESCOPE_OPTIONS = 'nestjs-descope:options';
/** The resolved, frozen configuration. */
export const DESCOPE_CONFIG = 'nestjs-descope:config';
/** The authenticator: request → session. */
export const DESCOPE_AUTHENTICATOR = 'nestjs-descope:authenticator';
/** What logs why a request is rejected; `undefined` unless the option `explain` is on. */
export const DESCOPE_EXPLAIN = 'nestjs-descope:explain';
/** The key set that signatures are checked with. */
export const DESCOPE_KEY_SET = 'nestjs-descope:key-set';
/** Descope's clock, as its responses show it. */
export const DESCOPE_TIME = 'nestjs-descope:time';
/** The Descope client, for `@InjectDescope()`. */
export const DESCOPE_CLIENT = 'nestjs-descope:client';
/** The `Relations`, for `@FgaCheck`. */
export const DESCOPE_RELATIONS = 'nestjs-descope:relations';
/** The `OptionOverrides` of a test. */
export const DESCOPE_OVERRIDES = 'nestjs-descope:overrides';
/** The options of the registration, and their check when the others are read. */
export const DESCOPE_STATIC_OPTIONS = 'nestjs-descope:static';
/** The function that logs notices. */
export const DESCOPE_NOTIFY = 'nestjs-descope:notify';
/** The mounted routes before which no session is refreshed. */
export const DESCOPE_UNREFRESHED = 'nestjs-descope:unrefreshed';
/** Whether the guard is global, and which guards run before it. */
export const DESCOPE_GLOBAL_GUARD = 'nestjs-descope:global-guard';
/** The route that receives Descope's events. */
export const DESCOPE_EVENTS = 'nestjs-descope:events';
/** The mounted routes. */
export const DESCOPE_ROUTES = 'nestjs-descope:routes';
/** The checks of the mounted routes; `undefined` where none is mounted. */
export const DESCOPE_ROUTE_CHECKS = 'nestjs-descope:route-checks';
/** The application's own transports. */
export const DESCOPE_TRANSPORTS = 'nestjs-descope:transports';
/** The login page's path, if browsers without a session are redirected to it. */
export const DESCOPE_LOGIN_PATH = 'nestjs-descope:login-path';
/** The protected resources of requests; `undefined` without the option `resource`. */
export const DESCOPE_RESOURCES = 'nestjs-descope:resources';
/** The routes of their metadata; `undefined` without the option `resource`. */
export const DESCOPE_RESOURCE_METADATA = 'nestjs-descope:resource-metadata';
/** The bounded store that instances share, if there is one. */
export const DESCOPE_STORE = 'nestjs-descope:store';
/** The parts that keep browsers' sessions: token store, refresher, sign-outs. */
export const DESCOPE_SESSIONS = 'nestjs-descope:sessions';

/** Options that replace all others, for tests. */
export interface OptionOverrides {
  readonly options: DescopeOptions;
  /** Options that count where neither the application nor the environment has them. */
  readonly fallback?: DescopeOptions;
  /** Whether they also stand for the options of a factory that throws. */
  readonly replacesFactory: boolean;
}

/** The overrides outside of a test. */
export const NO_OVERRIDES: OptionOverrides = { options: {}, replacesFactory: false };

/** The Descope client as `@descope/node-sdk` creates it. */
export type NodeSdk = ReturnType<typeof DescopeSdk>;

/**
 * An API in which every method returns a promise, because the client is created by the first call. A method that returns
 * one already keeps its type and its overloads.
 */
export type Promised<T> = {
  readonly [K in keyof T]: T[K] extends (...args: never[]) => Promise<unknown>
    ? T[K]
    : T[K] extends (...args: infer A) => infer R
      ? (...args: A) => Promise<Awaited<R>>
      : T[K] extends object
        ? Promised<T[K]>
        : never;
};

/** The client of `@descope/node-sdk`, with the same names: `management.user.create(…)`, `otp.signIn.email(…)`. */
export type DescopeClient = Promised<NodeSdk>;

/**
 * Injects the Descope client. `@descope/node-sdk` is imported by the first call. Each of its requests has a time limit of 10
 * seconds, and it has no logger.
 * @example `constructor(@InjectDescope() private readonly descope: DescopeClient) {}`
 */
export function InjectDescope(): ParameterDecorator & PropertyDecorator {
  return Inject(DESCOPE_CLIENT);
}

const authControllers = new WeakMap<object, readonly string[]>();

/** Marks a class as a controller of the mounted `auth/…` routes, whose handlers check callers themselves but for its pages. */
export function markAuthController(type: object, pages: readonly string[]): void {
  authControllers.set(type, pages);
}

/** Checks whether a handler is one of the mounted routes, and checks its callers itself. */
export function isSelfChecked(type: object, name: string): boolean {
  return authControllers.get(type)?.includes(name) === false;
}

/** Checks whether a class is a controller of the mounted routes, and not one of the application. */
export function isAuthController(type: object): boolean {
  return authControllers.has(type);
}
