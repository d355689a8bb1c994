// Resolved config → what keeps browsers' sessions, one factory each.
import type { Provider } from '@nestjs/common';
import type { Application } from '../auth/applications.js';
import {
  DESCOPE_APPLICATION,
  DESCOPE_AUTHENTICATOR,
  DESCOPE_CONFIG,
  DESCOPE_KEY_SET,
  DESCOPE_NOTIFY,
  DESCOPE_SESSIONS,
  DESCOPE_TRANSPORTS,
} from '../auth/injection-tokens.js';
import { toUnusableOutage } from '../core/api/descope-call.js';
import { DescopeTime } from '../core/api/descope-time.js';
import { EndedTokens } from '../core/api/ended-tokens.js';
import type { DescopeTransport } from '../auth/transport/transport.js';
import { exchangeAccessKey } from '../core/api/machine-calls.js';
import { refreshSession } from '../core/api/session-calls.js';
import type { RefreshApi } from '../core/api/session-calls.js';
import type { DescopeConfig } from '../core/config/config.js';
import { AccessKeys } from '../core/exchange/access-keys.js';
import type { Notice, Notify } from '../core/notice.js';
import { CookiePlace } from '../core/place/cookie-place.js';
import { RequestSessionPlace } from '../core/place/request-session-place.js';
import type { TokenPlace } from '../core/place/token-place.js';
import { boundStore } from '../core/session/bounded-store.js';
import { Authenticator } from '../core/session/authenticator.js';
import { RenewalMemory } from '../core/renewal/renewal-memory.js';
import { Renewer } from '../core/renewal/renewer.js';
import { SessionKeeper } from '../core/renewal/session-keeper.js';
import type { Sessions } from '../core/session/sessions.js';
import { SignInChains } from '../core/session/sign-in-chains.js';
import { SignOutList } from '../core/session/sign-out-list.js';
import type { KeySet } from '../core/keys/key-set.js';
import { TokenVerifier } from '../core/token/token-verifier.js';

const NO_SIGN_OUTS: Notice = {
  code: 'SIGN_OUT_STORE_FAILED',
  level: 'error',
  message: 'The signOutStore cannot be used; requests with a session are answered with 503 until it can.',
};

/** What middleware and routes need beside the road. */
export const sessionProviders: Provider[] = [
  {
    provide: DESCOPE_SESSIONS,
    inject: [DESCOPE_CONFIG, DESCOPE_KEY_SET, DESCOPE_NOTIFY],
    useFactory: createSessions,
  },
  {
    provide: DESCOPE_AUTHENTICATOR,
    inject: [DESCOPE_CONFIG, DESCOPE_SESSIONS, DESCOPE_NOTIFY],
    useFactory: createAuthenticator,
  },
  {
    provide: DESCOPE_APPLICATION,
    inject: [DESCOPE_AUTHENTICATOR, DESCOPE_TRANSPORTS],
    useFactory: createApplication,
  },
];

function createApplication(authenticator: object, taught: readonly DescopeTransport[]): Application {
  const transports = new Map(taught.map((transport) => [transport.type, transport]));
  return Object.freeze({ authenticator, transports });
}

function createSessions(config: DescopeConfig, keys: KeySet, notify: Notify): Sessions {
  const { clock, session, verification, authentication } = config;
  const api = toRefreshApi(config, notify);
  const place = createPlace(config, notify);
  const verifier = new TokenVerifier({ policy: verification, keys, clock, cache: config.tokenCache });
  const silence = { isSilent: false };
  const signOutStore =
    session.signOutStore && boundStore(session.signOutStore, { failure: NO_SIGN_OUTS, notify, silence });
  const signOuts = new SignOutList(clock, signOutStore, notify);
  const signIns = new SignInChains(clock, signOutStore);
  const memory = new RenewalMemory({ clock, store: session.renewalStore, notify, silence });
  const refresh = (token: string) => refreshSession(api, token);
  const toUnusable = (cause: unknown) => toUnusableOutage(api, cause);
  const isShared = session.renewalStore !== undefined;
  const renewer = new Renewer({
    verifier,
    refresh,
    toUnusable,
    memory,
    signIns,
    signOuts,
    isShared,
    clock,
    projectId: config.projectId,
  });
  const keeper = new SessionKeeper({
    policy: authentication,
    place,
    verifier,
    renewer,
    clock,
    keyHeader: config.accessKeys?.header,
    isOn: session.isRefreshed,
  });
  return { api, keeper, place, renewer, signIns, signOuts, verifier };
}

function createPlace({ session, clock }: DescopeConfig, notify: Notify): TokenPlace {
  if (session.store === 'request-session') return new RequestSessionPlace(notify);
  return new CookiePlace(session.cookies, clock, notify);
}

function toRefreshApi(config: DescopeConfig, notify: Notify): RefreshApi {
  const { baseUrl, projectId, fetch, keyFetch, verification } = config;
  const names = { session: verification.sessionTokenNames, refresh: verification.refreshTokenNames };
  const [ended, time] = [new EndedTokens(config.clock), new DescopeTime(config.clock)];
  return { baseUrl, projectId, fetch, timeoutMs: keyFetch.timeoutMs, names, notify, ended, time };
}

function createAuthenticator(config: DescopeConfig, sessions: Sessions, notify: Notify): Authenticator {
  const { verifier, place, signOuts } = sessions;
  const accessKeys = createAccessKeys(config, sessions, notify);
  return new Authenticator({ policy: config.authentication, verifier, place, signOuts, accessKeys, notify });
}

function createAccessKeys(config: DescopeConfig, sessions: Sessions, notify: Notify): AccessKeys | undefined {
  const { accessKeys: policy, clock } = config;
  const { api, verifier } = sessions;
  const exchange = (key: string) => exchangeAccessKey(api, key);
  const toUnusable = (cause: unknown) => toUnusableOutage(api, cause);
  return policy && new AccessKeys({ policy, exchange, toUnusable, verifier, clock, notify });
}
