// The injectable that exchanges the token of a caller for calls to other services on behalf of that caller.
import type { OnApplicationBootstrap } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { inNestForm } from '../auth/http-error.js';
import type { Fetch } from '../core/api/http-client.js';
import { toNodeFetch } from '../core/api/http-client.js';
import { DescopeAccessError, DescopeConfigError } from '../core/errors.js';
import { createBearerFetch } from '../core/m2m/bearer-fetch.js';
import { DelegatedTokens } from '../core/m2m/delegated-tokens.js';
import type { CheckedTarget, OnBehalfTarget, SubjectToken } from '../core/m2m/token-exchange.js';
import { readTarget } from '../core/m2m/token-exchange.js';
import { whenReady } from '../core/maybe-promise.js';
import type { DescopeSession } from '../core/session/session.js';
import { isSignedIn, requireSignedIn } from '../core/session/session.js';
import { isJsonObject } from '../core/token/claims.js';
import type { M2mFetchOptions } from '../module/m2m.client.js';
import { OnBehalfParts } from './on-behalf.parts.js';

/** For whom a `fetch` calls, and for what it requests tokens. */
export interface OnBehalfCredentials extends OnBehalfTarget {
  /** `true` for the caller who acts when the `fetch` is called, by `DescopeContext`; or the session of one caller. */
  readonly onBehalf: true | DescopeSession;
}

/**
 * Exchanges the token of a caller for a token of the same caller at another service. It is requested once for each token of a
 * caller, target and list of scopes, and remembered in this process until one of the two tokens ends.
 * @see https://www.rfc-editor.org/rfc/rfc8693
 * @example `const token = await tokens.onBehalfOf(session, { resource: 'https://orders.internal' });`
 */
@Injectable()
export class DescopeTokens implements OnApplicationBootstrap {
  @Inject(OnBehalfParts) private readonly parts!: OnBehalfParts;
  #tokens: DelegatedTokens | undefined;
  #usesContext = false;

  /**
   * Exchanges the token of a session.
   * @param session the session of `@CurrentSession()`
   * @returns the token, for `Authorization: Bearer`
   * @throws {DescopeAccessError} EXCHANGE_REFUSED when no policy of the project permits it, and for a token that is bound to a key
   * @throws {DescopeCredentialError} SESSION_MISSING for an anonymous session, TOKEN_EXPIRED when its token has ended,
   *   SESSION_SIGNED_OUT when it was revoked
   * @throws {DescopeM2mError} M2M_CREDENTIALS_REFUSED when Descope rejects the client
   * @throws {DescopeUnavailableError} DESCOPE_UNAVAILABLE, also for a token that is not the requested one
   * @throws {DescopeConfigError} CONFIG_INVALID for a target of another form, and without a client in the options
   */
  async onBehalfOf(session: DescopeSession, target: OnBehalfTarget): Promise<string> {
    return inNestForm(() => {
      const [tokens, subject, checked] = [this.#findTokens(), toSubject(session), readTarget(target)];
      return whenReady(this.parts.assertActive(session), () => tokens.find(subject, checked));
    });
  }

  /**
   * Creates a `fetch` that adds the token as `Authorization: Bearer`, unless the call sets this header. Without `resource` and
   * `audience`, the token is for the origin of the call. It follows no redirect. After a 401 it tries once more with a new token,
   * unless the body is a stream.
   * @returns the `fetch`; its promise rejects like that of `onBehalfOf`, and with a `DescopeM2mError` M2M_ORIGIN_NOT_ALLOWED for
   *   an origin that is not in `origins`
   * @throws {DescopeConfigError} CONFIG_INVALID for a target or origins that cannot be used
   * @example `const orders = tokens.createFetch({ onBehalf: true }, { origins: ['https://orders.internal'] });`
   */
  createFetch({ onBehalf, ...target }: OnBehalfCredentials, options: Omit<M2mFetchOptions, 'dpop'>): Fetch {
    const readSession = this.#toSessionReader(onBehalf);
    const toTarget = toTargetReader(target);
    const toSupply = (origin: string) => {
      const session = readSession();
      const [tokens, subject, checked] = [this.#findTokens(), toSubject(session), toTarget(origin)];
      return {
        find: () => whenReady(this.parts.assertActive(session), () => tokens.find(subject, checked)),
        replace: (token: string) => tokens.replace(subject, checked, token),
      };
    };
    const { origins, fetch = globalThis.fetch, ...others } = options;
    if (Object.keys(others).length > 0) throw new DescopeConfigError('CONFIG_INVALID', OPTIONS);
    const send = createBearerFetch({ tokens: toSupply, origins, fetch: toNodeFetch(fetch) });
    return (input, init) => inNestForm(() => send(input, init));
  }

  /**
   * Called by Nest when the application has started: checks the set-up.
   * @throws {DescopeConfigError} CONFIG_MODULE_MISSING when `createFetch({ onBehalf: true })` was called and no module imports
   *   `DescopeContextModule`
   */
  onApplicationBootstrap(): void {
    if (this.#usesContext) this.parts.assertContext();
  }

  #toSessionReader(onBehalf: OnBehalfCredentials['onBehalf']): () => DescopeSession {
    if (onBehalf !== true) {
      toSubject(onBehalf); // throws now
      return () => onBehalf;
    }
    this.#usesContext = true;
    return () => this.parts.requireSession();
  }

  #findTokens(): DelegatedTokens {
    if (this.#tokens !== undefined) return this.#tokens;
    const { api, config } = this.parts;
    const own = this.parts.readOptions();
    if (own.client === undefined) throw new DescopeConfigError('CONFIG_INVALID', NO_CLIENT);
    const { baseUrl, path } = own.tokenEndpoint;
    return (this.#tokens = new DelegatedTokens({ ...api, baseUrl }, { ...own.client, path }, config.clock));
  }
}

const OPTIONS = 'The second argument of createFetch is not valid: expected { origins, fetch }.';
const NO_CLIENT =
  'DescopeTokens has no client that may exchange tokens. Set clientId and clientSecret of an inbound app in DescopeOnBehalfModule.forRoot().';

// A token for one origin is never sent to another, unless the application names one resource for all.
function toTargetReader(target: OnBehalfTarget): (origin: string) => CheckedTarget {
  if (target.resource === undefined && target.audience === undefined) {
    const toTarget = (origin: string) => readTarget({ ...target, resource: origin });
    toTarget('https://origin.invalid'); // the scopes are checked now
    return toTarget;
  }
  const checked = readTarget(target);
  return () => checked;
}

function toSubject(session: DescopeSession): SubjectToken {
  const given: unknown = session;
  if (typeof given !== 'object' || given === null || !('user' in given) || !('token' in given))
    throw new DescopeConfigError('CONFIG_INVALID', NO_SESSION);
  requireSignedIn(session);
  if (!isSignedIn(session) || !isJsonObject(session.claims))
    throw new DescopeConfigError('CONFIG_INVALID', NO_SESSION);
  const { token, user, claims } = session;
  // RFC 9449: the exchange would make a bearer token of it, which works without the key of the caller.
  if (Object.hasOwn(claims, 'cnf')) throw new DescopeAccessError('EXCHANGE_REFUSED', BOUND);
  return { token, id: user.id, endsAtMs: claims.exp * 1000 };
}

const NO_SESSION =
  'A call on behalf of a caller expects the session of @CurrentSession(), or onBehalf: true for the caller of the context.';
const BOUND =
  'The token of the caller is bound to a key (claim "cnf"), and is not exchanged for a bearer token, which needs none.';
