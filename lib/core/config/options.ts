// The run-time options of an application, and one table of how each is read.
import type { FetchLike } from '../api/http-client.js';
import type { Clock } from '../clock.js';
import { systemClock } from '../clock.js';
import type { TrustedOrigin } from '../http/origin.js';
import type { TokenSourceOption } from '../http/token-source.js';
import type { UserLoader, UserLoaderClass } from '../session/user-loader.js';
import type { TokenKind } from '../token/claims.js';
import type { SignatureAlgorithm } from '../token/signature.js';
import { SIGNATURE_ALGORITHMS } from '../token/signature.js';
import type { AccessKeyOptions, UserCacheOptions, UserOptions } from './access.js';
import {
  ACCESS_KEYS,
  isAudience,
  isRefreshName,
  isSessionName,
  isSources,
  USER,
  USER_CACHE,
} from './access.js';
import type { DpopMode, DpopOptions } from './dpop.js';
import { DPOP } from './dpop.js';
import { ALLOW_INSECURE_BASE_URL, TRUSTED_ORIGINS } from './endpoints.js';
import type { EventsOptions, KeyFetchOptions, PublicKeyJwk, TokenCacheOptions } from './keys.js';
import { EVENTS, KEY_FETCH, TOKEN_CACHE } from './keys.js';
import type { OptionTable, ValuesOf } from './option-reader.js';
import {
  OPTIONAL_KEY,
  OPTIONAL_TEXT,
  SWITCH,
  toListRule,
  toNumberRule,
  toOptionalRule,
  toRule,
} from './option-reader.js';
import type { ResourceOptions } from './resource.js';
import { RESOURCE } from './resource.js';
import type { SessionOptions } from './session.js';
import { SESSION } from './session.js';
import type { SharedOptions } from './sharing.js';
import { SHARED } from './sharing.js';

/**
 * The options of `DescopeModule` that a factory may return. An option that is left out is read from the environment, if
 * it has a variable.
 */
export interface DescopeOptions extends UserOptions {
  /**
   * The Descope project id: `P` and 27 or 31 letters or digits.
   * @defaultValue the environment variable `DESCOPE_PROJECT_ID`; one of the two is required
   */
  readonly projectId?: string | undefined;
  /**
   * The base URL of Descope's API.
   * @defaultValue `DESCOPE_BASE_URI` or `DESCOPE_BASE_URL`, otherwise the API of the region that the project id names
   */
  readonly baseUrl?: string | undefined;
  /**
   * Allows `http:` for `baseUrl` and `fgaCacheUrl`, but never with `NODE_ENV=production`. Without it, only loopback
   * addresses may use `http:`. `'private'` allows it only for a host without a dot, as containers have, or a private
   * address (RFC 1918, RFC 4193).
   * @defaultValue `'private'` with `DESCOPE_ALLOW_INSECURE_BASE_URI=true`, otherwise `false`
   */
  readonly allowInsecureBaseUrl?: boolean | 'private' | undefined;
  /**
   * The management key, for `@InjectDescope()`, `@FgaCheck` and `DescopeRevocations`.
   * @defaultValue `DESCOPE_MANAGEMENT_KEY`, otherwise none
   */
  readonly managementKey?: string | undefined;
  /**
   * The key that a project may require for its authentication APIs, for `@InjectDescope()`.
   * @defaultValue `DESCOPE_AUTH_MANAGEMENT_KEY`, otherwise none
   */
  readonly authManagementKey?: string | undefined;
  /**
   * The URL of a cache for fine-grained authorization (Descope's `authz-cache`). `@FgaCheck` and the client of
   * `@InjectDescope()` call it with the management key.
   * @defaultValue none: Descope is called
   * @see https://docs.descope.com/authorization/fga
   */
  readonly fgaCacheUrl?: string | undefined;
  /**
   * One public key as a JWK, an object or JSON, to verify tokens without the network.
   * @defaultValue `DESCOPE_PUBLIC_KEY`, otherwise none: the keys are fetched
   */
  readonly publicKey?: PublicKeyJwk | string | undefined;
  /**
   * Several public keys as JWKs, in place of `publicKey`.
   * @defaultValue none: the keys are fetched
   */
  readonly keys?: readonly PublicKeyJwk[] | undefined;
  /**
   * The allowed signature algorithms of tokens.
   * @defaultValue `['RS256']`
   */
  readonly algorithms?: readonly SignatureAlgorithm[] | undefined;
  /**
   * The allowed difference between clocks, in seconds from 0 to 60.
   * @defaultValue `5`
   */
  readonly leewaySeconds?: number | undefined;
  /**
   * The accepted audiences: the claim `aud` must contain one of them. `null` disables the check.
   * @defaultValue `DESCOPE_AUDIENCE`, separated by commas; otherwise no check, with a warning in the log
   * @see https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3
   */
  readonly audience?: string | readonly string[] | null | undefined;
  /**
   * Accepts session tokens without `drn` whose issuer is a URL, for a project whose JWT template drops `drn`. ID tokens of
   * the project's federated applications may look the same: set `audience` too.
   * @defaultValue `false`
   */
  readonly allowMissingDrn?: boolean | undefined;
  /**
   * The accepted kinds of caller. `'app'` and `'agent'` also need an audience.
   * @defaultValue `['user', 'access-key']`
   */
  readonly accepts?: readonly Exclude<TokenKind, 'unknown'>[] | undefined;
  /**
   * Accepts access keys as credentials, and exchanges them for sessions; `true` accepts them as bearer credentials.
   * @defaultValue `false`: callers exchange their keys for sessions
   */
  readonly accessKeys?: AccessKeyOptions | boolean | undefined;
  /**
   * The name of the session cookie, which is also accepted as `drn` of session tokens, beside `DS`.
   * @defaultValue `'DS'`
   */
  readonly sessionCookieName?: string | undefined;
  /**
   * The name of the refresh cookie, which is also accepted as `drn` of refresh tokens, beside `DSR`.
   * @defaultValue `'DSR'`
   */
  readonly refreshCookieName?: string | undefined;
  /**
   * Where a request has its token; the first source with a token is used.
   * @defaultValue `['bearer', 'cookie']`
   */
  readonly sources?: readonly TokenSourceOption[] | undefined;
  /**
   * The origin of the application in browsers, such as `'https://app.example.com'`.
   * @defaultValue none: the origin of a request is compared with its `Host` header
   * @see https://www.rfc-editor.org/rfc/rfc6454#section-7
   */
  readonly publicOrigin?: string | undefined;
  /**
   * Further origins whose pages may send session cookies with unsafe methods: origins, patterns like
   * `https://*.example.com` (exactly one label, not below a shared domain such as `vercel.app`), or functions.
   * @defaultValue `[]`
   */
  readonly trustedOrigins?: readonly TrustedOrigin[] | undefined;
  /**
   * Keeps sessions for browsers, with the session middleware; `{}` uses the defaults.
   * @defaultValue none: no session middleware
   */
  readonly session?: SessionOptions | false | null | undefined;
  /**
   * Makes the application an OAuth protected resource: serves its metadata, and tells clients in challenges where it is.
   * @defaultValue none: no metadata, and no `@ProtectedResource`
   * @see https://www.rfc-editor.org/rfc/rfc9728
   */
  readonly resource?: ResourceOptions | undefined;
  /**
   * Accepts tokens that are bound to a key of their sender, with a proof for each request: `'allowed'` beside other credentials,
   * `'required'` no others. Needs `publicOrigin`, and a shared store for the proofs that were used (or `replay: 'per-instance'`).
   * @defaultValue `'off'`: a token that is bound to a key is rejected
   * @see https://www.rfc-editor.org/rfc/rfc9449
   */
  readonly dpop?: DpopMode | DpopOptions | undefined;
  /**
   * What several instances of the application share: refreshes, exchanged access keys and revocations.
   * @defaultValue none: each instance is on its own
   */
  readonly shared?: SharedOptions | false | null | undefined;
  /**
   * Receives Descope's events at `POST auth/events`, and passes them to `@OnDescopeEvent`. Next to a factory, `events: {}` mounts
   * the route; the secret may also come from the factory. With `false`, handlers of events are never called.
   * @defaultValue none: no route
   * @see https://docs.descope.com/connectors/connector-configuration-guides/network/audit-webhook
   */
  readonly events?: EventsOptions | false | undefined;
  /**
   * Loads the application's own user for `@CurrentUser()` and `request.user`: a function, or the class of a provider.
   * @defaultValue none: the user is a `DescopeUser`
   */
  readonly loadUser?: UserLoader | UserLoaderClass | undefined;
  /**
   * Remembers what `loadUser` returned, for a short time and for one session token each. Then `loadUser` gets the session, and
   * no request.
   * @defaultValue none: `loadUser` is called once for each request
   */
  readonly userCache?: UserCacheOptions | false | undefined;
  /**
   * How keys are fetched.
   * @defaultValue `{}`: the defaults of `KeyFetchOptions`
   */
  readonly keyFetch?: KeyFetchOptions | undefined;
  /**
   * The limits of the cache of verified tokens; `false` disables it.
   * @defaultValue `{}`: the defaults of `TokenCacheOptions`
   */
  readonly tokenCache?: TokenCacheOptions | false | undefined;
  /**
   * Whether the boot fails if the keys cannot be fetched.
   * @defaultValue `false`: the application boots, and rejects tokens with 503 until keys are fetched
   */
  readonly requireKeysAtBoot?: boolean | undefined;
  /**
   * Logs at the debug level why a guard rejects a request: each demand, and what the token has of it. For development.
   * @defaultValue `false`
   */
  readonly explain?: boolean | undefined;
  /**
   * The `fetch` implementation for every call to Descope, such as undici's.
   * @defaultValue Node's `fetch`
   */
  readonly fetch?: FetchLike | undefined;
  /**
   * The clock, in epoch milliseconds.
   * @defaultValue `Date.now`
   */
  readonly clock?: Clock | undefined;
}

const isAnything = (value: unknown): value is unknown => value !== undefined;
const isFetch = (value: unknown): value is FetchLike => typeof value === 'function';
const isClock = (value: unknown): value is Clock => typeof value === 'function';
const isUserLoader = (value: unknown): value is UserLoader | UserLoaderClass => typeof value === 'function';
const KINDS = ['user', 'access-key', 'app', 'agent'] as const;

/** How each option is read. `resolveConfig` checks combinations of options. */
export const OPTIONS = {
  projectId: OPTIONAL_TEXT,
  baseUrl: OPTIONAL_TEXT,
  allowInsecureBaseUrl: ALLOW_INSECURE_BASE_URL,
  managementKey: OPTIONAL_KEY,
  authManagementKey: OPTIONAL_KEY,
  fgaCacheUrl: OPTIONAL_TEXT,
  publicKey: toOptionalRule('a public JWK', isAnything),
  keys: toOptionalRule('a list of public JWKs', isAnything),
  algorithms: toListRule(SIGNATURE_ALGORITHMS, ['RS256']),
  leewaySeconds: toNumberRule({ least: 0, most: 60, default: 5 }),
  audience: toOptionalRule('a string, a list of strings or null', isAudience),
  allowMissingDrn: SWITCH,
  accepts: toListRule<TokenKind>(KINDS, ['user', 'access-key']),
  accessKeys: { rows: ACCESS_KEYS, off: [undefined, false], on: [true] },
  ...USER,
  sessionCookieName: toRule(
    'a cookie name other than "DSR", the name of the refresh cookie',
    isSessionName,
    'DS',
  ),
  refreshCookieName: toRule('a cookie name other than that of the session cookie', isRefreshName, 'DSR'),
  sources: toRule("a list of 'bearer', 'cookie', functions and { read, sentByBrowser }", isSources, [
    'bearer',
    'cookie',
  ]),
  publicOrigin: OPTIONAL_TEXT,
  trustedOrigins: TRUSTED_ORIGINS,
  session: { rows: SESSION, off: [undefined, null, false] },
  resource: { rows: RESOURCE, off: [undefined] },
  dpop: { rows: DPOP, off: [undefined, 'off'], word: 'mode' },
  shared: { rows: SHARED, off: [undefined, null, false] },
  events: { rows: EVENTS, off: [undefined, false] },
  loadUser: toOptionalRule('a function, or a class with loadUser(session, request)', isUserLoader),
  userCache: { rows: USER_CACHE, off: [undefined, false] },
  keyFetch: { rows: KEY_FETCH },
  tokenCache: { rows: TOKEN_CACHE, off: [false] },
  requireKeysAtBoot: SWITCH,
  explain: SWITCH,
  fetch: toOptionalRule('a function', isFetch), // Node's is read at boot, not at import
  clock: toRule('a function', isClock, systemClock),
} satisfies OptionTable<DescopeOptions>;

/** The options as they were read, with their defaults. */
export type OptionValues = ValuesOf<typeof OPTIONS>;

/** The name of every option. */
export const KNOWN_OPTIONS: readonly string[] = Object.keys(OPTIONS);
