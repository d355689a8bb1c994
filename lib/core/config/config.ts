// Options in; checked, defaulted, frozen config out. Pure: nothing is fetched, read or logged here.
import type { Fetch, FetchLike } from '../api/http-client.js';
import { toNodeFetch } from '../api/http-client.js';
import type { Clock } from '../clock.js';
import { systemClock } from '../clock.js';
import type { AccessKeyConfig } from '../m2m/access-keys.js';
import type { AuthenticationConfig } from '../session/authenticator.js';
import type { KeyFetchConfig } from '../token/key-fetch-schedule.js';
import type { KeysById } from '../token/key-set.js';
import type { TokenCacheConfig } from '../token/token-cache.js';
import type { VerificationConfig } from '../token/token-verifier.js';
import type { AcceptanceConfig } from '../user/token-acceptance.js';
import {
  readAcceptance,
  readAccessKeys,
  readAuthentication,
  readCookieNames,
  readVerification,
} from './access.js';
import { readApiUrl, readFgaCacheUrl, readOrigins, readProjectId } from './endpoints.js';
import { readKeyFetch, readKeys, readTokenCache } from './keys.js';
import type { Rule } from './option-reader.js';
import { isBoolean, isFunction, OptionReader, readOptionalText } from './option-reader.js';
import type { DescopeOptions, UserLoader, UserLoaderClass } from './options.js';
import { KNOWN_OPTIONS } from './options.js';
import type { SessionConfig } from './session.js';
import { readSession } from './session.js';

/** What the request pipeline runs on. Made once at boot; frozen. */
export interface DescopeConfig {
  readonly projectId: string;
  readonly baseUrl: string;
  /** The cache that is asked about relations, where there is one. */
  readonly fgaCacheUrl: string | undefined;
  readonly verification: VerificationConfig;
  readonly authentication: AuthenticationConfig;
  readonly acceptance: AcceptanceConfig;
  /** How access keys that callers send are taken; `undefined` where they are not. */
  readonly accessKeys: AccessKeyConfig | undefined;
  /** Whether a superuser has every role and permission of the project. */
  readonly superuserBypass: boolean;
  readonly session: SessionConfig;
  /** Whether the application said, by `audience` or by its explicit `null`, for whom tokens must be meant. */
  readonly isAudienceDecided: boolean;
  /** The fixed keys, when there are; then nothing is fetched. */
  readonly keys: KeysById | undefined;
  readonly keyFetch: KeyFetchConfig & { readonly timeoutMs: number };
  /** How many proven tokens are remembered; `undefined` for none. */
  readonly tokenCache: TokenCacheConfig | undefined;
  readonly requireKeysAtBoot: boolean;
  /** Gives the application's own user for a session, where it has one. */
  readonly loadUser: UserLoader | UserLoaderClass | undefined;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** The vendor client's secrets, behind a function so that no log or JSON of the config shows them. */
  readonly readSecrets: () => ClientSecrets;
}

/** What `@InjectDescope()` signs its calls with. */
export interface ClientSecrets {
  readonly managementKey: string | undefined;
  readonly authManagementKey: string | undefined;
}

const BOOLEAN = { wants: 'a boolean', is: isBoolean, default: false };

/** Reads options that stand beside these, and notes their mistakes among them. */
export type ReadBeside = (options: OptionReader) => void;

/** Resolves options to the config. Throws one `CONFIG_INVALID` that lists every mistake, also of what stands beside. */
export function resolveConfig(
  given: DescopeOptions,
  isProduction = false,
  readBeside: ReadBeside = () => undefined,
): DescopeConfig {
  const options = new OptionReader(given, KNOWN_OPTIONS);
  const projectId = readProjectId(options);
  const baseUrl = readApiUrl(options, projectId);
  const names = readCookieNames(options);
  const verification = readVerification(options, projectId, names);
  const config: DescopeConfig = {
    projectId,
    baseUrl,
    fgaCacheUrl: readFgaCacheUrl(options),
    verification,
    authentication: readAuthentication(options, readOrigins(options)),
    acceptance: readAcceptance(options),
    accessKeys: readAccessKeys(options, given),
    superuserBypass: options.read('superuserBypass', BOOLEAN),
    session: readSession(options, names, isProduction),
    isAudienceDecided: given.audience !== undefined,
    keys: readKeys(options, given, verification.algorithms),
    keyFetch: readKeyFetch(options),
    tokenCache: readTokenCache(options, given),
    requireKeysAtBoot: options.read('requireKeysAtBoot', BOOLEAN),
    loadUser: options.read<DescopeConfig['loadUser']>('loadUser', {
      ...toFunctionRule(undefined),
      wants: 'a function, or a class with loadUser(session, request)',
    }),
    fetch: toNodeFetch(options.read<FetchLike>('fetch', toFunctionRule(globalThis.fetch))),
    clock: options.read<Clock>('clock', toFunctionRule(systemClock)),
    readSecrets: readSecrets(options),
  };
  readBeside(options);
  options.assertFaultless();
  return freezePolicies(config);
}

// The policies with it, but nothing that is the application's own: its sources, functions and keys.
function freezePolicies(config: DescopeConfig): DescopeConfig {
  const { verification, authentication, acceptance, keyFetch, session, tokenCache, accessKeys } = config;
  const policies = [verification, authentication, authentication.origins, acceptance, keyFetch, session];
  for (const policy of [
    ...policies,
    session.cookies,
    tokenCache,
    accessKeys,
    verification.sessionTokenNames,
    verification.refreshTokenNames,
  ])
    Object.freeze(policy);
  return Object.freeze(config);
}

function toFunctionRule<F>(fallback: F): Rule<F> {
  return { wants: 'a function', is: isFunction, default: fallback };
}

function readSecrets(options: OptionReader): () => ClientSecrets {
  const managementKey = readOptionalText(options, 'managementKey');
  const authManagementKey = readOptionalText(options, 'authManagementKey');
  return () => ({ managementKey, authManagementKey });
}
