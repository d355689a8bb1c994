// The run-time options: what an application may write, and one table of how each is read.
import type { FetchLike } from '../api/http-client.js';
import type { Clock } from '../clock.js';
import { systemClock } from '../clock.js';
import type { TrustedOrigin } from '../http/origin.js';
import type { RequestLike } from '../http/request.js';
import type { TokenSourceOption } from '../http/token-source.js';
import type { SignedInSession } from '../session/session.js';
import type { TokenKind } from '../token/claims.js';
import type { SignatureAlgorithm } from '../token/signature.js';
import { SIGNATURE_ALGORITHMS } from '../token/signature.js';
import type { StandardSchema } from '../user/custom-claims.js';
import { isStandardSchema } from '../user/custom-claims.js';
import type { UsernameClaim } from '../user/descope-user.js';
import type { AccessKeyOptions } from './access.js';
import {
  ACCESS_KEYS,
  isAudience,
  isRefreshName,
  isSessionName,
  isSources,
  isUsernameClaim,
} from './access.js';
import { TRUSTED_ORIGINS } from './endpoints.js';
import type { KeyFetchOptions, PublicKeyJwk, TokenCacheOptions } from './keys.js';
import { KEY_FETCH, TOKEN_CACHE } from './keys.js';
import type { OptionTable, ValuesOf } from './option-reader.js';
import {
  isText,
  OPTIONAL_TEXT,
  SWITCH,
  toListRule,
  toNumberRule,
  toOptionalRule,
  toRule,
} from './option-reader.js';
import type { SessionOptions } from './session.js';
import { SESSION } from './session.js';

/**
 * Loads the application's own user, as a provider: name the class as `loadUser`, and Nest finds it when a user is
 * loaded.
 * @example `@Injectable() class Accounts implements DescopeUserLoader { loadUser(session: SignedInSession) { … } }`
 */
export interface DescopeUserLoader {
  /**
   * Finds the application's own user, or creates it.
   * @param request what the guard judged: the request of Express or Fastify, a socket's handshake, or a message's headers
   * @returns the user, or `null` to reject the caller with `USER_NOT_ACCEPTED`
   */
  loadUser(session: SignedInSession, request: RequestLike): unknown;
}

/** The method of `DescopeUserLoader` as a function. */
export type UserLoader = DescopeUserLoader['loadUser'];

/** A class of the application's providers that loads its users. */
export type UserLoaderClass = new (...dependencies: never[]) => DescopeUserLoader;

/**
 * Options of `DescopeModule` that may come from a factory. What is left out comes from the environment, then from the
 * default.
 */
export interface DescopeOptions {
  /** The Descope project id, `P…`. Required. Environment: `DESCOPE_PROJECT_ID`. */
  readonly projectId?: string | undefined;
  /**
   * The base URL of Descope's API. Environment: `DESCOPE_BASE_URI` or `DESCOPE_BASE_URL`.
   * @defaultValue by the region in the project id
   */
  readonly baseUrl?: string | undefined;
  /**
   * Accepts a plain `http:` base URL (and `fgaCacheUrl`) outside loopback.
   * @defaultValue `false`
   */
  readonly allowInsecureBaseUrl?: boolean | undefined;
  /** The key of the management API, for `@InjectDescope()`. Environment: `DESCOPE_MANAGEMENT_KEY`. */
  readonly managementKey?: string | undefined;
  /** The key that authentication APIs may ask for, for `@InjectDescope()`. Environment: `DESCOPE_AUTH_MANAGEMENT_KEY`. */
  readonly authManagementKey?: string | undefined;
  /**
   * A cache for fine-grained authorization (Descope's `authz-cache`), which `@FgaCheck` and the vendor's client then
   * ask; it gets the management key.
   * @defaultValue none
   */
  readonly fgaCacheUrl?: string | undefined;
  /** One public JWK, as an object or JSON, to verify tokens without network. Environment: `DESCOPE_PUBLIC_KEY`. */
  readonly publicKey?: PublicKeyJwk | string | undefined;
  /** Several public JWKs, to verify tokens without network. */
  readonly keys?: readonly PublicKeyJwk[] | undefined;
  /**
   * Signature algorithms that tokens may have.
   * @defaultValue `['RS256']`
   */
  readonly algorithms?: readonly SignatureAlgorithm[] | undefined;
  /**
   * Seconds by which clocks may differ, 0 to 60.
   * @defaultValue `5`
   */
  readonly leewaySeconds?: number | undefined;
  /**
   * The audiences of which a token must name one; `null` says that none is wanted. Environment: `DESCOPE_AUDIENCE`,
   * comma-separated.
   * @defaultValue none is checked, and the log says so
   * @see https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3
   */
  readonly audience?: string | readonly string[] | null | undefined;
  /**
   * Accepts session tokens that have a URL for their issuer and no `drn`, for a project whose JWT template drops it. ID
   * tokens of the project's federated applications may look the same: set `audience` beside it.
   * @defaultValue `false`
   */
  readonly allowMissingDrn?: boolean | undefined;
  /**
   * The kinds of caller that are accepted.
   * @defaultValue `['user', 'access-key']`
   */
  readonly accepts?: readonly Exclude<TokenKind, 'unknown'>[] | undefined;
  /**
   * Accepts access keys themselves, and exchanges each for a session once; `true` accepts them as bearer credentials.
   * @defaultValue `false`
   */
  readonly accessKeys?: AccessKeyOptions | boolean | undefined;
  /**
   * The claim that holds the username. Environment: `DESCOPE_USERNAME_CLAIM`.
   * @defaultValue `'sub'`
   */
  readonly usernameClaim?: UsernameClaim | undefined;
  /**
   * Checks every session token's claims by a Standard Schema (zod, valibot, …); `user.customClaims` is its output.
   * @defaultValue none
   * @see https://standardschema.dev
   */
  readonly claimsSchema?: StandardSchema | undefined;
  /**
   * The project role of staff. Environment: `DESCOPE_IS_STAFF_ROLE`.
   * @defaultValue `'is_staff'`
   */
  readonly staffRole?: string | undefined;
  /**
   * The project role of superusers. Environment: `DESCOPE_IS_SUPERUSER_ROLE`.
   * @defaultValue `'is_superuser'`
   */
  readonly superuserRole?: string | undefined;
  /**
   * Lets a superuser pass every `@Roles` and `@Permissions` of the project, as in Django.
   * @defaultValue `false`
   */
  readonly superuserBypass?: boolean | undefined;
  /**
   * Name of the session cookie, and of the session in a token's `drn` beside `DS`.
   * @defaultValue `'DS'`
   */
  readonly sessionCookieName?: string | undefined;
  /**
   * Name of the refresh cookie, and of refresh tokens in `drn` beside `DSR`.
   * @defaultValue `'DSR'`
   */
  readonly refreshCookieName?: string | undefined;
  /**
   * Where a request carries its token; the first source that has one decides.
   * @defaultValue `['bearer', 'cookie']`
   */
  readonly sources?: readonly TokenSourceOption[] | undefined;
  /**
   * The application's own origin as browsers see it.
   * @defaultValue none: `Origin` is compared with the `Host` header
   */
  readonly publicOrigin?: string | undefined;
  /**
   * Further origins whose pages may send session cookies on unsafe methods: origins, patterns like
   * `https://*.example.com` (exactly one label, and below no name under which anybody can have a site), or functions of
   * the origin, which trust it only by `true`.
   * @defaultValue none
   */
  readonly trustedOrigins?: readonly TrustedOrigin[] | undefined;
  /**
   * Keeps sessions for browsers: applies the session middleware.
   * @defaultValue none
   */
  readonly session?: SessionOptions | false | null | undefined;
  /**
   * Loads the application's own user, which `@CurrentUser()` and `request.user` then are: a function, or a provider's
   * class.
   * @defaultValue none: the user is a `DescopeUser`
   */
  readonly loadUser?: UserLoader | UserLoaderClass | undefined;
  /** How keys are fetched. */
  readonly keyFetch?: KeyFetchOptions | undefined;
  /** How many tokens that came twice are remembered; `false` remembers none. Time and key are still checked each time. */
  readonly tokenCache?: TokenCacheOptions | false | undefined;
  /**
   * Refuses to boot while the keys cannot be fetched.
   * @defaultValue `false`: boots, and responds with 503 to tokens meanwhile
   */
  readonly requireKeysAtBoot?: boolean | undefined;
  /**
   * The `fetch` implementation used for every call to Descope: undici's, or a function of your own.
   * @defaultValue Node's
   */
  readonly fetch?: FetchLike | undefined;
  /**
   * The time as epoch milliseconds.
   * @defaultValue the machine's clock
   */
  readonly clock?: Clock | undefined;
}

const isAnything = (value: unknown): value is unknown => value !== undefined;
const isFetch = (value: unknown): value is FetchLike => typeof value === 'function';
const isClock = (value: unknown): value is Clock => typeof value === 'function';
const isUserLoader = (value: unknown): value is UserLoader | UserLoaderClass => typeof value === 'function';
const KINDS = ['user', 'access-key', 'app', 'agent'] as const;

/** How each option is read. What depends on several of them is checked in `resolveConfig`. */
export const OPTIONS = {
  projectId: OPTIONAL_TEXT,
  baseUrl: OPTIONAL_TEXT,
  allowInsecureBaseUrl: SWITCH,
  managementKey: OPTIONAL_TEXT,
  authManagementKey: OPTIONAL_TEXT,
  fgaCacheUrl: OPTIONAL_TEXT,
  publicKey: toOptionalRule('a public JWK', isAnything),
  keys: toOptionalRule('a list of public JWKs', isAnything),
  algorithms: toListRule(SIGNATURE_ALGORITHMS, ['RS256']),
  leewaySeconds: toNumberRule({ least: 0, most: 60, default: 5 }),
  audience: toOptionalRule('a text, a list of texts or null', isAudience),
  allowMissingDrn: SWITCH,
  accepts: toListRule<TokenKind>(KINDS, ['user', 'access-key']),
  accessKeys: { rows: ACCESS_KEYS, off: [undefined, false], on: [true] },
  usernameClaim: toRule("a claim's name, a path of names or a function", isUsernameClaim, 'sub'),
  claimsSchema: toOptionalRule('a schema by Standard Schema 1, as of zod or valibot', isStandardSchema),
  staffRole: toRule("a role's name", isText, 'is_staff'),
  superuserRole: toRule("a role's name", isText, 'is_superuser'),
  superuserBypass: SWITCH,
  sessionCookieName: toRule('a cookie name other than the refresh token\'s "DSR"', isSessionName, 'DS'),
  refreshCookieName: toRule('a cookie name that no session has', isRefreshName, 'DSR'),
  sources: toRule("a list of 'bearer', 'cookie', functions and { read, sentByBrowser }", isSources, [
    'bearer',
    'cookie',
  ]),
  publicOrigin: OPTIONAL_TEXT,
  trustedOrigins: TRUSTED_ORIGINS,
  session: { rows: SESSION, off: [undefined, null, false] },
  loadUser: toOptionalRule('a function, or a class with loadUser(session, request)', isUserLoader),
  keyFetch: { rows: KEY_FETCH },
  tokenCache: { rows: TOKEN_CACHE, off: [false] },
  requireKeysAtBoot: SWITCH,
  fetch: toOptionalRule('a function', isFetch), // Node's is looked up at boot, not at import
  clock: toRule('a function', isClock, systemClock),
} satisfies OptionTable<DescopeOptions>;

/** The options as they were read, with their defaults. */
export type OptionValues = ValuesOf<typeof OPTIONS>;

/** The name of every option. */
export const KNOWN_OPTIONS: readonly string[] = Object.keys(OPTIONS);
