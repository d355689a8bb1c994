// Options → checked and frozen config, with the defaults. Pure: nothing is fetched, logged or read from the environment.
import type { Fetch } from '../api/http-client.js';
import { toNodeFetch } from '../api/http-client.js';
import type { Clock } from '../clock.js';
import type { DpopConfig } from '../dpop/create-proof-verifier.js';
import type { AccessKeyConfig } from '../m2m/access-keys.js';
import type { AuthenticationConfig } from '../session/authenticator.js';
import type { UserCacheConfig } from '../session/user-cache.js';
import type { UserLoader, UserLoaderClass } from '../session/user-loader.js';
import type { KeyFetchConfig } from '../token/key-fetch-schedule.js';
import type { KeysById } from '../token/key-set.js';
import type { TokenCacheConfig } from '../token/token-cache.js';
import type { VerificationConfig } from '../token/token-verifier.js';
import type { AcceptanceConfig } from '../user/token-acceptance.js';
import { reportSameNames, toAccessKeyConfig, toUserCacheConfig } from './access.js';
import { toDpopConfig } from './dpop.js';
import { toAddresses, toOrigins, toProjectId } from './endpoints.js';
import { toFixedKeys, toKeyFetchConfig, toWebhookSecrets } from './keys.js';
import { OptionReader } from './option-reader.js';
import type { DescopeOptions, OptionValues } from './options.js';
import { KNOWN_OPTIONS, OPTIONS } from './options.js';
import type { ResourceConfig } from './resource.js';
import { toResourceConfig } from './resource.js';
import type { SessionConfig } from './session.js';
import { toSessionConfig } from './session.js';
import type { SharedConfig } from './sharing.js';
import { toSharedConfig } from './sharing.js';

/** The config of the request pipeline. Created once at boot; frozen. */
export interface DescopeConfig {
  readonly projectId: string;
  readonly baseUrl: string;
  /** The cache for relation checks, if there is one. */
  readonly fgaCacheUrl: string | undefined;
  readonly verification: VerificationConfig;
  readonly authentication: AuthenticationConfig;
  readonly acceptance: AcceptanceConfig;
  /** How access keys that callers send are accepted; `undefined` if they are not. */
  readonly accessKeys: AccessKeyConfig | undefined;
  /** Whether a superuser has every role and permission of the project. */
  readonly superuserBypass: boolean;
  readonly session: SessionConfig;
  /** The application as a protected resource; `undefined` if it is none. */
  readonly resource: ResourceConfig | undefined;
  /** What several instances share. */
  readonly shared: SharedConfig;
  /** How proofs of possession are verified; `undefined` if tokens that are bound to a key are rejected. */
  readonly dpop: DpopConfig | undefined;
  /** Whether the application has set `audience`, possibly to `null`. */
  readonly isAudienceDecided: boolean;
  /** The fixed keys, if there are any; then no keys are fetched. */
  readonly keys: KeysById | undefined;
  readonly keyFetch: KeyFetchConfig & { readonly timeoutMs: number };
  /** The limits of the cache of verified tokens; `undefined` for no cache. */
  readonly tokenCache: TokenCacheConfig | undefined;
  readonly requireKeysAtBoot: boolean;
  /** Whether the log says why a request is rejected. */
  readonly explain: boolean;
  /** Loads the application's own user for a session, if it has one. */
  readonly loadUser: UserLoader | UserLoaderClass | undefined;
  /** How the application's own users are remembered; `undefined` if they are not. */
  readonly userCache: UserCacheConfig | undefined;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** The secrets, behind a function so that no log or JSON of the config shows them. */
  readonly readSecrets: () => ConfigSecrets;
}

/** The secrets of the client of `@InjectDescope()`, and those of the webhook. */
export interface ConfigSecrets {
  readonly managementKey: string | undefined;
  readonly authManagementKey: string | undefined;
  readonly webhookSecrets: readonly string[];
}

/** Reads options that are given separately, and adds their mistakes to the same error. */
export type ReadBeside = (options: OptionReader) => void;

/**
 * Resolves options to the config. Throws one `CONFIG_INVALID` with every mistake, also of the options given separately.
 */
export function resolveConfig(
  given: DescopeOptions,
  isProduction = false,
  readBeside: ReadBeside = () => undefined,
): DescopeConfig {
  const options = new OptionReader(given, KNOWN_OPTIONS);
  const values = options.readAll(OPTIONS);
  const projectId = toProjectId(values.projectId, options);
  const names = { session: values.sessionCookieName, refresh: values.refreshCookieName };
  reportSameNames(names, options);
  const addresses = toAddresses({ ...values, isProduction }, projectId, options);
  const shared = toSharedConfig(values.shared, given.shared, options);
  const config: DescopeConfig = {
    projectId,
    ...addresses,
    verification: toVerification(values, projectId),
    authentication: toAuthentication(values, options),
    acceptance: { accepts: values.accepts, audience: toAudience(values.audience) },
    accessKeys: toAccessKeyConfig(values.accessKeys),
    superuserBypass: values.superuserBypass,
    session: toSessionConfig(values.session, { names, isProduction }, options),
    resource: toResourceConfig(values.resource, { projectId, ...addresses }, options),
    shared,
    dpop: toDpopConfig(values.dpop, { ...values, shared }, options),
    isAudienceDecided: values.audience !== undefined,
    keys: toFixedKeys({ ...given, algorithms: values.algorithms }, options),
    keyFetch: toKeyFetchConfig(values.keyFetch, options),
    tokenCache: values.tokenCache,
    requireKeysAtBoot: values.requireKeysAtBoot,
    explain: values.explain,
    loadUser: values.loadUser,
    userCache: toUserCacheConfig(values.userCache, given, options),
    fetch: toNodeFetch(values.fetch ?? globalThis.fetch),
    clock: values.clock,
    readSecrets: toSecretsReader(values, toWebhookSecrets(values.events, given.events, options)),
  };
  readBeside(options);
  options.assertFaultless();
  return freezeConfig(config);
}

function toVerification(values: OptionValues, projectId: string): VerificationConfig {
  const { algorithms, leewaySeconds, allowMissingDrn, sessionCookieName, refreshCookieName } = values;
  return {
    projectId,
    algorithms,
    leewaySeconds,
    sessionTokenNames: ['DS', sessionCookieName],
    refreshTokenNames: ['DSR', refreshCookieName],
    allowMissingDrn,
  };
}

function toAuthentication(values: OptionValues, options: OptionReader): AuthenticationConfig {
  const { usernameClaim, claimsSchema, actorClaim, staffRole, superuserRole, sources } = values;
  const origins = toOrigins(values.publicOrigin, values.trustedOrigins, options);
  return { usernameClaim, claimsSchema, actorClaim, staffRole, superuserRole, sources, origins };
}

function toAudience(audience: OptionValues['audience']): readonly string[] | undefined {
  return typeof audience === 'string' ? [audience] : (audience ?? undefined);
}

// With the parts of the config, but not the objects of the application: its sources, functions and keys.
function freezeConfig(config: DescopeConfig): DescopeConfig {
  const {
    verification,
    authentication,
    acceptance,
    keyFetch,
    session,
    shared,
    tokenCache,
    accessKeys,
    userCache,
  } = config;
  const parts = [verification, authentication, authentication.origins, acceptance, keyFetch, session];
  for (const part of [
    ...parts,
    session.cookies,
    shared,
    tokenCache,
    accessKeys,
    userCache,
    verification.sessionTokenNames,
    verification.refreshTokenNames,
  ])
    Object.freeze(part);
  return Object.freeze(config);
}

function toSecretsReader(
  { managementKey, authManagementKey }: OptionValues,
  webhookSecrets: readonly string[],
): () => ConfigSecrets {
  return () => ({ managementKey, authManagementKey, webhookSecrets });
}
