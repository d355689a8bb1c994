// Resolved config → core objects, those of browsers' sessions included, one factory each.
import type { Provider } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { RelationCheck, Relations } from '../auth/access/fga.js';
import type { Application, WatchRevocations } from '../auth/applications.js';
import { createApplication } from '../auth/applications.js';
import type { DescopeClient, OptionOverrides } from '../auth/injection-tokens.js';
import {
  DESCOPE_APPLICATION,
  DESCOPE_AUTHENTICATOR,
  DESCOPE_CLIENT,
  DESCOPE_CONFIG,
  DESCOPE_KEY_SET,
  DESCOPE_NOTIFY,
  DESCOPE_OPTIONS,
  DESCOPE_OVERRIDES,
  DESCOPE_RELATIONS,
  DESCOPE_SESSIONS,
  DESCOPE_STATIC_OPTIONS,
  DESCOPE_STORE,
  DESCOPE_TIME,
  DESCOPE_TRANSPORTS,
  NO_OVERRIDES,
} from '../auth/injection-tokens.js';
import type { DescopeTransport } from '../auth/transports/transport.js';
import { fetchKeys, toUnusableOutage } from '../core/api/descope-api.js';
import type { RefreshApi } from '../core/api/descope-calls.js';
import { exchangeAccessKey, RejectedTokens } from '../core/api/descope-calls.js';
import { DescopeTime } from '../core/api/descope-time.js';
import type { DescopeConfig } from '../core/config/config.js';
import { resolveConfig } from '../core/config/config.js';
import { isProduction, mergeOptions, readEnvironment } from '../core/config/environment.js';
import type { DescopeOptions } from '../core/config/options.js';
import type { ProofVerifier } from '../core/dpop/proof-verifier.js';
import type { TokenStore } from '../core/http/token-store.js';
import { CookieTokenStore, ServerSessionStore } from '../core/http/token-store.js';
import type { Notify } from '../core/logging.js';
import { createLimitedNotify } from '../core/logging.js';
import type { AccessKeys } from '../core/m2m/access-keys.js';
import type { Revocation } from '../core/revocation/revocation.js';
import { Revocations } from '../core/revocation/revocations.js';
import type { RevocationReceiver, RevocationSharing } from '../core/revocation/sharing.js';
import { Authenticator, withDpopSource } from '../core/session/authenticator.js';
import type { Sessions, SignInServices } from '../core/session/auto-refresh.js';
import type { KeyValueStore } from '../core/store/key-value-store.js';
import { boundStore, SIGN_OUTS_FAILED, STORE_FAILED } from '../core/store/key-value-store.js';
import type { KeySet } from '../core/token/key-set.js';
import { StaticKeySet } from '../core/token/key-set.js';
import { RemoteKeySet } from '../core/token/remote-key-set.js';
import { TokenVerifier } from '../core/token/token-verifier.js';
import { createDescopeClient, readLastFailure } from './descope.client.js';
import type { StaticOptions } from './descope.options.js';
import { assertReplaced, joinEvents, OptionsFailure } from './descope.options.js';
import { LateServices } from './late-services.js';
import { resourceProviders } from './mounted.providers.js';

/** The providers of `forRoot` and `forRootAsync` beside the options. */
export const descopeProviders: Provider[] = [
  { provide: DESCOPE_OVERRIDES, useValue: NO_OVERRIDES },
  {
    provide: DESCOPE_CONFIG,
    inject: [DESCOPE_OPTIONS, ConfigService, DESCOPE_OVERRIDES, DESCOPE_STATIC_OPTIONS, LateServices],
    useFactory: createConfig,
  },
  { provide: DESCOPE_NOTIFY, inject: [DESCOPE_CONFIG], useFactory: createNotify },
  { provide: DESCOPE_STORE, inject: [DESCOPE_CONFIG, DESCOPE_NOTIFY], useFactory: createStore },
  {
    provide: DESCOPE_TIME,
    inject: [DESCOPE_CONFIG],
    useFactory: ({ clock }: DescopeConfig) => new DescopeTime(clock),
  },
  {
    provide: DESCOPE_KEY_SET,
    inject: [DESCOPE_CONFIG, DESCOPE_NOTIFY, DESCOPE_TIME],
    useFactory: createKeySet,
  },
  { provide: DESCOPE_CLIENT, inject: [LateServices], useFactory: createDescopeClient },
  {
    provide: DESCOPE_RELATIONS,
    inject: [DESCOPE_CLIENT, DESCOPE_CONFIG, DESCOPE_NOTIFY],
    useFactory: createRelations,
  },
  ...resourceProviders,
  LateServices,
  {
    provide: 'nestjs-descope:services',
    inject: [LateServices, DESCOPE_CONFIG, DESCOPE_AUTHENTICATOR, DESCOPE_KEY_SET, DESCOPE_SESSIONS],
    useFactory: provideServices,
  },
];

type Options = DescopeOptions | OptionsFailure;
type ConfigSources = readonly [Options, ConfigService, OptionOverrides, StaticOptions];
type ConfigParts = readonly [...ConfigSources, LateServices];

function createConfig(...[options, environment, overrides, fixed, services]: ConfigParts): DescopeConfig {
  try {
    return toConfig(options, environment, overrides, fixed);
  } catch (error) {
    services.fail(error);
    throw error;
  }
}

function toConfig(...[options, variables, overrides, fixed]: ConfigSources): DescopeConfig {
  if (options instanceof OptionsFailure) assertReplaced(options, overrides);
  const given = options instanceof OptionsFailure ? {} : options;
  const [explicit, report] = joinEvents(given, fixed);
  const readVariable = (name: string): unknown => variables.get<unknown>(name);
  const environment = mergeOptions(overrides.fallback ?? {}, readEnvironment(readVariable));
  const merged = mergeOptions(environment, explicit, overrides.options);
  return resolveConfig(merged, isProduction(readVariable), report);
}

// One line that begins with the code: an object would fill several lines of Nest's own logger.
function createNotify({ clock, projectId }: DescopeConfig): Notify {
  const logger = new Logger('Descope');
  const write: Notify = ({ code, level, message }) => logger[level](`${code}: ${message}`);
  return createLimitedNotify(Object.assign(write, { projectId }), clock);
}

function createStore({ shared }: DescopeConfig, notify: Notify): KeyValueStore | undefined {
  const failure = shared.channel === undefined ? SIGN_OUTS_FAILED : STORE_FAILED;
  return shared.store && boundStore(shared.store, { failure, notify });
}

function createKeySet(config: DescopeConfig, notify: Notify, time: DescopeTime): KeySet {
  if (config.keys !== undefined) return new StaticKeySet(config.keys);
  const { baseUrl, projectId, fetch, keyFetch, clock } = config;
  const request = { baseUrl, projectId, fetch, timeoutMs: keyFetch.timeoutMs, time };
  const load = (signal: AbortSignal) => fetchKeys(request, signal);
  return new RemoteKeySet({ load, url: baseUrl, config: keyFetch, clock, notify });
}

type ServiceParts = readonly [LateServices, DescopeConfig, Authenticator, KeySet, Sessions];

function provideServices(...[late, config, authenticator, keys, sessions]: ServiceParts): void {
  late.provide({ config, authenticator, keys, sessions });
}

type RelationParts = readonly [DescopeClient, DescopeConfig, Notify];

// Relations need the management key. A test may replace the client and have no key: then the first check loads the code.
async function createRelations(...[client, config, notify]: RelationParts): Promise<Relations> {
  const { baseUrl, fgaCacheUrl: cacheUrl, keyFetch, readSecrets } = config;
  const readFailure = () => readLastFailure(config);
  const input = { client, timeoutMs: keyFetch.timeoutMs, notify, baseUrl, cacheUrl, readFailure };
  let check: Promise<RelationCheck> | undefined;
  const load = () => (check ??= import('../auth/access/fga.js').then((fga) => new fga.RelationCheck(input)));
  if (readSecrets().managementKey !== undefined) await load();
  return { ask: async (...asked) => (await load()).ask(...asked) };
}

// Resolved config → the parts that keep browsers' sessions, one factory each.

/** The providers that middleware and routes need beside the request pipeline. */
export const sessionProviders: Provider[] = [
  {
    provide: DESCOPE_SESSIONS,
    inject: [DESCOPE_CONFIG, DESCOPE_KEY_SET, DESCOPE_NOTIFY, DESCOPE_STORE, DESCOPE_TIME],
    useFactory: createSessions,
  },
  {
    provide: DESCOPE_AUTHENTICATOR,
    inject: [DESCOPE_CONFIG, DESCOPE_SESSIONS, DESCOPE_NOTIFY, DESCOPE_STORE],
    useFactory: createAuthenticator,
  },
  {
    provide: DESCOPE_APPLICATION,
    inject: [DESCOPE_AUTHENTICATOR, DESCOPE_TRANSPORTS, DESCOPE_SESSIONS],
    useFactory: toApplication,
  },
];

function toApplication(
  authenticator: object,
  taught: readonly DescopeTransport[],
  { revocations }: Sessions,
): Application {
  const transports = new Map(taught.map((transport) => [transport.type, transport]));
  const watchRevocations: WatchRevocations = (token, claims, run) => revocations.watch(token, claims, run);
  return createApplication({ authenticator, transports, watchRevocations });
}

type SessionParts = readonly [DescopeConfig, KeySet, Notify, KeyValueStore | undefined, DescopeTime];

async function createSessions(...[config, keys, notify, store, time]: SessionParts): Promise<Sessions> {
  const { clock, session, verification, projectId } = config;
  const api = toRefreshApi(config, notify, time);
  const tokenStore = createTokenStore(config, notify);
  const verifier = new TokenVerifier({ config: verification, keys, clock, cache: config.tokenCache });
  const createSharing = await loadSharing(config, notify, store);
  const userCache = await loadUserCache(config);
  const onHeard = userCache && ((revocation: Revocation) => userCache.hear(revocation));
  const revocations = new Revocations({ clock, projectId, notify, createSharing, onHeard });
  const parts = { api, tokenStore, verifier, revocations };
  let signIns: Promise<SignInServices> | undefined;
  const loadSignIns = () => (signIns ??= createSignIns(config, parts, store));
  const autoRefresh = session.isRefreshed ? (await loadSignIns()).autoRefresh : undefined;
  return { ...parts, userCache, loadSignIns, autoRefresh };
}

type SignInParts = readonly [
  DescopeConfig,
  Pick<Sessions, 'api' | 'tokenStore' | 'verifier' | 'revocations'>,
  KeyValueStore | undefined,
];

async function createSignIns(...[config, parts, store]: SignInParts): Promise<SignInServices> {
  const { createSignInServices } = await import('../core/session/auto-refresh.js');
  const { authentication, clock, accessKeys } = config;
  return createSignInServices({
    ...parts,
    store,
    // `Authorization: DPoP` decides alone: beside it no cookie counts, and none is refreshed.
    config: config.dpop === undefined ? authentication : withDpopSource(authentication),
    clock,
    keyHeader: accessKeys?.header,
  });
}

async function loadUserCache({ userCache: config, clock, projectId }: DescopeConfig) {
  if (config === undefined) return undefined;
  const { UserCache } = await import('../core/session/user-cache.js');
  return new UserCache({ config, clock, projectId });
}

type CreateSharing = (receiver: RevocationReceiver) => RevocationSharing | undefined;
type SharingParts = readonly [DescopeConfig, Notify, KeyValueStore | undefined];

// Only what the options need is loaded, here while the application starts.
async function loadSharing(...[config, notify, store]: SharingParts): Promise<CreateSharing> {
  const { clock, projectId, shared } = config;
  const { channel, maxStaleMs, maxSilenceMs, whenIsolated } = shared;
  const common = { clock, projectId, notify };
  if (channel !== undefined) {
    const { ChannelSharing } = await import('../core/channel/channel-sharing.js');
    return (receiver) => new ChannelSharing({ ...common, channel, receiver, maxSilenceMs, whenIsolated });
  }
  if (store === undefined) return () => undefined;
  const { StoreSharing } = await import('../core/revocation/store-sharing.js');
  return () => new StoreSharing({ ...common, store, maxStaleMs });
}

function createTokenStore({ session, clock }: DescopeConfig, notify: Notify): TokenStore {
  if (session.store === 'request-session') return new ServerSessionStore(notify);
  return new CookieTokenStore(session.cookies, clock, notify);
}

function toRefreshApi(config: DescopeConfig, notify: Notify, time: DescopeTime): RefreshApi {
  const { baseUrl, projectId, fetch, keyFetch, verification } = config;
  const names = { session: verification.sessionTokenNames, refresh: verification.refreshTokenNames };
  const rejectedTokens = new RejectedTokens(config.clock);
  return { baseUrl, projectId, fetch, timeoutMs: keyFetch.timeoutMs, names, notify, rejectedTokens, time };
}

type AuthenticatorParts = readonly [DescopeConfig, Sessions, Notify, KeyValueStore | undefined];

async function createAuthenticator(...parts: AuthenticatorParts): Promise<Authenticator> {
  const [config, sessions, notify] = parts;
  const { verifier, tokenStore, revocations } = sessions;
  const { authentication } = config;
  const [accessKeys, proofs] = [await loadAccessKeys(...parts), await loadProofs(...parts)];
  const services = { verifier, tokenStore, revocations, accessKeys, proofs, notify };
  return new Authenticator({ config: authentication, ...services });
}

async function loadAccessKeys(...parts: AuthenticatorParts): Promise<AccessKeys | undefined> {
  const [{ accessKeys: keyConfig, clock }, sessions, notify, store] = parts;
  if (keyConfig === undefined) return undefined;
  const { AccessKeys } = await import('../core/m2m/access-keys.js');
  const { api, verifier } = sessions;
  const exchange = (key: string) => exchangeAccessKey(api, key);
  const toUnusable = (cause: unknown) => toUnusableOutage(api, cause);
  return new AccessKeys({ config: keyConfig, exchange, toUnusable, verifier, store, clock, notify });
}

async function loadProofs(...parts: AuthenticatorParts): Promise<ProofVerifier | undefined> {
  const [config, { verifier }, , store] = parts;
  if (config.dpop === undefined) return undefined;
  const { createProofVerifier } = await import('../core/dpop/create-proof-verifier.js');
  return createProofVerifier(config.dpop, { ...config, verifier, store });
}
