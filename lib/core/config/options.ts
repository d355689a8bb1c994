// What people may write: the run-time options, each with its default.
import type { FetchLike } from '../api/http-client.js';
import type { Clock } from '../clock.js';
import type { TrustedOrigin } from '../http/origin.js';
import type { RequestLike } from '../http/request.js';
import type { TokenSourceOption } from '../http/token-source.js';
import type { GivenStore } from '../session/key-value-store.js';
import type { SignedInSession } from '../session/session.js';
import type { TokenKind } from '../token/claims.js';
import type { SignatureAlgorithm } from '../token/signature.js';
import type { StandardSchema } from '../user/custom-claims.js';
import type { UsernameClaim } from '../user/descope-user.js';

/** How the project's keys are fetched and how long they are believed. */
export interface KeyFetchOptions {
  /** Age at which keys are fetched again, in seconds. A withdrawn key is rejected after this. Default: 600. */
  readonly maxAgeSeconds?: number | undefined;
  /**
   * Age up to which keys are used while Descope cannot be reached, in seconds: the worst-case revocation time. At least
   * `maxAgeSeconds`. Default: 3600, or `maxAgeSeconds` where that is more.
   */
  readonly maxStaleSeconds?: number | undefined;
  /** Least time between two fetches for unknown key ids, in seconds, at most 30. Default: 10. */
  readonly cooldownSeconds?: number | undefined;
  /** Milliseconds that one fetch may take, headers and body together; each other call to Descope, too. Default: 2500. */
  readonly timeoutMs?: number | undefined;
}

/** How many verified session tokens are remembered, so that the next request with one needs no signature check. */
export interface TokenCacheOptions {
  /** Most tokens. Default: 10 000. */
  readonly maxTokens?: number | undefined;
  /** Most memory that they may take, in bytes, by estimate. Default: 33 554 432 (32 MB). */
  readonly maxBytes?: number | undefined;
}

/** A public JWK. Our own type: where Node's types keep theirs changes with their version. */
export interface PublicKeyJwk {
  readonly kty?: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly key_ops?: string[];
  readonly n?: string;
  readonly e?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
}

/**
 * Gives the application's own user, as a provider of its own: name the class as `loadUser`, and Nest finds it when a user
 * is loaded.
 * @example `@Injectable() class Accounts implements DescopeUserLoader { loadUser(session: SignedInSession) { … } }`
 */
export interface DescopeUserLoader {
  /**
   * Finds the application's own user, or creates it. `null` rejects with `USER_NOT_ACCEPTED`. `request` is what the guard
   * judged: the request of Express or Fastify, a socket's handshake, or a message's headers.
   */
  loadUser(session: SignedInSession, request: RequestLike): unknown;
}

/** The same as a function. */
export type UserLoader = DescopeUserLoader['loadUser'];

/** A class of the application's providers that loads its users. */
export type UserLoaderClass = new (...dependencies: never[]) => DescopeUserLoader;

/** Options of `DescopeModule` that may come from a factory. What is left out comes from the environment, then from the default. */
export interface DescopeOptions {
  /** The Descope project id, `P…`. Environment: `DESCOPE_PROJECT_ID`. Required. */
  readonly projectId?: string | undefined;
  /** Descope's API. Default: by the region in the project id. Environment: `DESCOPE_BASE_URI` or `DESCOPE_BASE_URL`. */
  readonly baseUrl?: string | undefined;
  /** Accepts a plain `http:` base URL (and `fgaCacheUrl`) outside loopback. Default: `false`. */
  readonly allowInsecureBaseUrl?: boolean | undefined;
  /** The key of the management API, for `@InjectDescope()`. Environment: `DESCOPE_MANAGEMENT_KEY`. */
  readonly managementKey?: string | undefined;
  /** The key that authentication APIs may ask for, for `@InjectDescope()`. Environment: `DESCOPE_AUTH_MANAGEMENT_KEY`. */
  readonly authManagementKey?: string | undefined;
  /** A cache for fine-grained authorization (Descope's `authz-cache`), which `@FgaCheck` and the vendor's client then ask; it gets the management key. Default: none. */
  readonly fgaCacheUrl?: string | undefined;
  /** One public JWK, as an object or JSON, to validate without network. Environment: `DESCOPE_PUBLIC_KEY`. */
  readonly publicKey?: PublicKeyJwk | string | undefined;
  /** Several public JWKs, to validate without network. */
  readonly keys?: readonly PublicKeyJwk[] | undefined;
  /** Signature algorithms that tokens may have. Default: `['RS256']`. */
  readonly algorithms?: readonly SignatureAlgorithm[] | undefined;
  /** Seconds by which clocks may differ, 0 to 60. Default: 5. */
  readonly leewaySeconds?: number | undefined;
  /** The audiences of which a token must name one; `null` says that none is wanted. Environment: `DESCOPE_AUDIENCE`, comma-separated. */
  readonly audience?: string | readonly string[] | null | undefined;
  /**
   * Accepts session tokens that have a URL for their issuer and no `drn`, for a project whose JWT template drops it. ID
   * tokens of the project's federated applications may look the same: set `audience` beside it. Default: `false`.
   */
  readonly allowMissingDrn?: boolean | undefined;
  /** Who may call. Default: `['user', 'access-key']`. */
  readonly accepts?: readonly Exclude<TokenKind, 'unknown'>[] | undefined;
  /** Takes access keys themselves, and exchanges each for a session once; `true` takes them as bearer credentials. Default: `false`. */
  readonly accessKeys?: AccessKeyOptions | boolean | undefined;
  /** Where the username stands. Default: `'sub'`. Environment: `DESCOPE_USERNAME_CLAIM`. */
  readonly usernameClaim?: UsernameClaim | undefined;
  /** Checks every session token's claims by a Standard Schema (zod, valibot, …); `user.customClaims` is what it gives. Default: none. */
  readonly claimsSchema?: StandardSchema | undefined;
  /** The project role of staff. Default: `'is_staff'`. Environment: `DESCOPE_IS_STAFF_ROLE`. */
  readonly staffRole?: string | undefined;
  /** The project role of superusers. Default: `'is_superuser'`. Environment: `DESCOPE_IS_SUPERUSER_ROLE`. */
  readonly superuserRole?: string | undefined;
  /** Lets a superuser pass every `@Roles` and `@Permissions` of the project, as in Django. Default: `false`. */
  readonly superuserBypass?: boolean | undefined;
  /** Name of the session cookie, and of the session in a token's `drn` beside `DS`. Default: `'DS'`. */
  readonly sessionCookieName?: string | undefined;
  /** Name of the refresh cookie, and of refresh tokens in `drn` beside `DSR`. Default: `'DSR'`. */
  readonly refreshCookieName?: string | undefined;
  /** Where tokens stand; the first source that has one decides. Default: `['bearer', 'cookie']`. */
  readonly sources?: readonly TokenSourceOption[] | undefined;
  /** The application's own origin as browsers see it. Without it, `Origin` is compared with the `Host` header. */
  readonly publicOrigin?: string | undefined;
  /**
   * Further origins whose pages may send session cookies on unsafe methods: origins, patterns like
   * `https://*.example.com` (exactly one label, and below no name under which anybody can have a site), or functions of
   * the origin, of which only `true` is a yes. Default: none.
   */
  readonly trustedOrigins?: readonly TrustedOrigin[] | undefined;
  /** Keeps sessions for browsers: applies the session middleware. Default: none. */
  readonly session?: SessionOptions | false | null | undefined;
  /** Gives the application's own user, which `@CurrentUser()` and `request.user` then are: a function, or a provider's class. Default: Descope's. */
  readonly loadUser?: UserLoader | UserLoaderClass | undefined;
  /** How keys are fetched. */
  readonly keyFetch?: KeyFetchOptions | undefined;
  /** How many tokens that came twice are remembered; `false` keeps none. Time and key are still checked each time. */
  readonly tokenCache?: TokenCacheOptions | false | undefined;
  /** Rejects to boot until the keys are there. Default: `false`: boots, and answers 503 to tokens meanwhile. */
  readonly requireKeysAtBoot?: boolean | undefined;
  /** The `fetch` for every call to Descope: undici's, or a function of your own. Default: Node's. */
  readonly fetch?: FetchLike | undefined;
  /** The time as epoch milliseconds. Default: the machine's clock. */
  readonly clock?: Clock | undefined;
}

/** What belongs beside `useFactory`: controllers and guards are registered before a factory runs. */
export const STATIC_OPTIONS: readonly string[] = ['isGlobal', 'globalGuard', 'routes', 'transports'];

/** The name of every option; the compiler keeps the list complete. */
export const KNOWN_OPTIONS: readonly string[] = Object.keys({
  projectId: 0,
  baseUrl: 0,
  allowInsecureBaseUrl: 0,
  managementKey: 0,
  authManagementKey: 0,
  fgaCacheUrl: 0,
  publicKey: 0,
  keys: 0,
  algorithms: 0,
  leewaySeconds: 0,
  audience: 0,
  allowMissingDrn: 0,
  accepts: 0,
  accessKeys: 0,
  usernameClaim: 0,
  claimsSchema: 0,
  staffRole: 0,
  superuserRole: 0,
  superuserBypass: 0,
  sessionCookieName: 0,
  refreshCookieName: 0,
  sources: 0,
  publicOrigin: 0,
  trustedOrigins: 0,
  session: 0,
  loadUser: 0,
  keyFetch: 0,
  tokenCache: 0,
  requireKeysAtBoot: 0,
  fetch: 0,
  clock: 0,
} satisfies Record<keyof DescopeOptions, 0>);

// What people may write about browsers' sessions: `session: { … }`.

/** How cookies are written. */
export interface SessionCookieOptions {
  /** `false` writes cookies without `Secure`. Default: `Secure`, except where the whole connection stays on this machine. */
  readonly secure?: boolean | undefined;
  /** Default: `'lax'`. */
  readonly sameSite?: 'lax' | 'strict' | undefined;
  /** Shares the cookies with a domain and its subdomains. Default: host-only. */
  readonly domain?: string | undefined;
  /** Names the cookies `__Host-…`: browsers then keep any other host from planting one. Default: `false`. */
  readonly hostPrefix?: boolean | undefined;
}

/** Sessions that this application keeps for browsers. */
export interface SessionOptions {
  /** Where tokens live: in cookies, or in the application's own `express-session` or `@fastify/session`. Default: `'cookies'`. */
  readonly store?: 'cookies' | 'request-session' | undefined;
  /** Lets the middleware refresh a session that lapsed, when there is a refresh token. Default: `false`. */
  readonly refresh?: boolean | undefined;
  /** How cookies are written. */
  readonly cookie?: SessionCookieOptions | undefined;
  /** Shares refreshes between instances, so that none signs out what another has just refreshed. Entries are encrypted. */
  readonly renewalStore?: GivenStore | undefined;
  /** Shares sign-outs between instances. Without it a signed-out session is rejected by this process only, until its end. */
  readonly signOutStore?: GivenStore | undefined;
}

/** The name of every option of `session`; the compiler keeps the list complete. */
export const SESSION_OPTIONS: readonly string[] = Object.keys({
  store: 0,
  refresh: 0,
  cookie: 0,
  renewalStore: 0,
  signOutStore: 0,
} satisfies Record<keyof SessionOptions, 0>);

/** The name of every option of `session.cookie`. */
export const COOKIE_OPTIONS: readonly string[] = Object.keys({
  secure: 0,
  sameSite: 0,
  domain: 0,
  hostPrefix: 0,
} satisfies Record<keyof SessionCookieOptions, 0>);

// What people may write about access keys that callers send: `accessKeys: true | { … }`.

/** How access keys that callers send are taken. */
export interface AccessKeyOptions {
  /** The header in which keys stand, such as `'x-api-key'`; then a bearer credential is never a key. Default: `Authorization: Bearer`. */
  readonly header?: string | undefined;
  /** Seconds for which the session of a key may serve, however long it lasts: the worst-case revocation time. Default: 300. */
  readonly maxAgeSeconds?: number | undefined;
  /** Seconds for which a key that Descope rejected is rejected without asking again. Default: 60. */
  readonly rejectedSeconds?: number | undefined;
  /** Most keys whose sessions are remembered. Default: 10 000. */
  readonly maxKeys?: number | undefined;
  /** Most exchanges a second of keys that are not known to be good; five times as many at once. Half as much again is kept for senders of whom none was rejected. Default: 20. */
  readonly unknownPerSecond?: number | undefined;
}

/** The name of every option of `accessKeys`; the compiler keeps the list complete. */
export const ACCESS_KEY_OPTIONS: readonly string[] = Object.keys({
  header: 0,
  maxAgeSeconds: 0,
  rejectedSeconds: 0,
  maxKeys: 0,
  unknownPerSecond: 0,
} satisfies Record<keyof AccessKeyOptions, 0>);
