// The names under which Nest hands out what the request pipeline is made of. Texts, so that two copies of the package agree.
import type DescopeSdk from '@descope/node-sdk' with { 'resolution-mode': 'import' };
import { Inject } from '@nestjs/common';

/** The application among those of the process: what it is known by to guards and decorators. */
export const DESCOPE_APPLICATION = 'nestjs-descope:application';
/** The options as they were given, before they are checked. */
export const DESCOPE_OPTIONS = 'nestjs-descope:options';
/** The resolved, frozen configuration. */
export const DESCOPE_CONFIG = 'nestjs-descope:config';
/** The authenticator: request → session. */
export const DESCOPE_AUTHENTICATOR = 'nestjs-descope:authenticator';
/** The key set that signatures are checked with. */
export const DESCOPE_KEY_SET = 'nestjs-descope:key-set';
/** The vendor's client, `@InjectDescope()`. */
export const DESCOPE_CLIENT = 'nestjs-descope:client';
/** What asks Descope about relations, for `@FgaCheck`. */
export const DESCOPE_RELATIONS = 'nestjs-descope:relations';
/** Options that win over all others; tests put theirs here. */
export const DESCOPE_OVERRIDES = 'nestjs-descope:overrides';
/** What notes the mistakes of the static options, when the others are read. */
export const DESCOPE_STATIC_OPTIONS = 'nestjs-descope:static';
/** Where notices go. */
export const DESCOPE_NOTIFY = 'nestjs-descope:notify';
/** The mounted routes on whose way no session is refreshed. */
export const DESCOPE_UNREFRESHED = 'nestjs-descope:unrefreshed';
/** Whether the guard is global, and what runs before it. */
export const DESCOPE_GLOBAL_GUARD = 'nestjs-descope:global-guard';
/** The options of the mounted routes. */
export const DESCOPE_ROUTES = 'nestjs-descope:routes';
/** The transports that the application teaches. */
export const DESCOPE_TRANSPORTS = 'nestjs-descope:transports';
/** The login page's path, where browsers without a session are sent to it. */
export const DESCOPE_LOGIN_PATH = 'nestjs-descope:login-path';
/** What keeps browsers' sessions: place, refresher, sign-outs. */
export const DESCOPE_SESSIONS = 'nestjs-descope:sessions';

/** The vendor's client as the SDK makes it. */
export type NodeSdk = ReturnType<typeof DescopeSdk>;

/**
 * Every method of an API, promised: the client is not there before the first call. A method that promises already
 * keeps its type, and with it its overloads.
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

/** `@descope/node-sdk` with its own names: `client.management.user.create(…)`, `client.otp.signIn.email(…)`. */
export type DescopeClient = Promised<NodeSdk>;

/**
 * Injects the vendor's client. It is imported and made on the first call, with a bounded fetch and no logger.
 * @example `constructor(@InjectDescope() private readonly descope: DescopeClient) {}`
 */
export function InjectDescope(): ParameterDecorator & PropertyDecorator {
  return Inject(DESCOPE_CLIENT);
}

const authControllers = new WeakSet<object>();

/** Marks a class as a controller of the mounted `auth/…` routes. */
export function markAuthController(type: object): void {
  authControllers.add(type);
}

/** Tells whether a class is a controller of the mounted routes, and none of the application's own. */
export function isAuthController(type: object): boolean {
  return authControllers.has(type);
}
