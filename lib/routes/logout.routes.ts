// Signing out: clears the cookies in any case, ends the session at Descope, and rejects its tokens until they expire.
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  DESCOPE_AUTHENTICATOR,
  DESCOPE_CONFIG,
  DESCOPE_NOTIFY,
  DESCOPE_SESSIONS,
} from '../auth/injection-tokens.js';
import { DescopeApiError } from '../core/api/descope-api.js';
import { endAllSessions, endSession } from '../core/api/descope-calls.js';
import type { DescopeConfig } from '../core/config/config.js';
import {
  DescopeAccessError,
  DescopeCredentialError,
  DescopeError,
  DescopeUnavailableError,
} from '../core/errors.js';
import type { TokenReading } from '../core/http/cookies.js';
import { ambiguousCookie } from '../core/http/cookies.js';
import { assertSameOrigin } from '../core/http/origin.js';
import type { AmbiguousTokens } from '../core/http/token-store.js';
import type { Notify } from '../core/logging.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import { toReason } from '../core/request-failure.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import { acceptSession } from '../core/session/session.js';
import type { DescopeClaims } from '../core/token/claims.js';
import { readSubjectId } from '../core/token/claims.js';
import type { VerifiedToken } from '../core/token/token-verifier.js';
import { Profiles } from './me.routes.js';
import type { RouteCall, RouteResponse } from './route-call.js';

/** A verified token, expired or not. */
interface GenuineToken extends VerifiedToken {
  readonly token: string;
}

/** The tokens of a request whose sessions can be ended. */
interface CallTokens {
  /** The token that the client sent itself; it alone decides whose sessions are ended. */
  readonly sent?: GenuineToken | undefined;
  /** The browser's session token. */
  readonly session: GenuineToken | undefined;
  readonly refresh: GenuineToken | undefined;
  /** A token from one of the application's own token sources. */
  readonly other?: GenuineToken | undefined;
  /** Cookies that came several times, each by itself: one is the browser's own, the others a sibling site has planted. */
  readonly duplicates?: readonly CallTokens[];
}

interface SignOutResult {
  /** The newest refresh token, by which Descope ends the session. */
  readonly newest: GenuineToken | undefined;
  /** Whether the sign-out is stored for all instances that share a store. */
  readonly isStored: boolean;
}

interface EndResult extends Pick<SignOutResult, 'isStored'> {
  /** `false` only where Descope could not be reached to end the session. */
  readonly isEndedAtDescope: boolean;
}

@Injectable()
export class LogoutRoutes {
  @Inject(Profiles) private readonly profiles!: Profiles;
  @Inject(DESCOPE_NOTIFY) private readonly notify!: Notify;

  constructor(
    @Inject(DESCOPE_SESSIONS) private readonly sessions: Sessions,
    @Inject(DESCOPE_AUTHENTICATOR) private readonly authenticator: Authenticator,
    @Inject(DESCOPE_CONFIG) private readonly config: DescopeConfig,
  ) {}

  /**
   * `POST logout`: ends this session. A token that the client sends itself must be valid.
   * @throws {DescopeCredentialError} what the guard throws for the token that the client sent
   * @throws {DescopeUnavailableError} SIGN_OUTS_UNAVAILABLE, DESCOPE_UNAVAILABLE where the store or Descope cannot be reached
   */
  async logout(call: RouteCall): Promise<RouteResponse> {
    const sent = await this.#verifySent(call);
    const held = await this.#readAndClearTokens(call, sent);
    assertComplete(await Promise.all([held, ...(held.duplicates ?? [])].map((one) => this.#end(one))));
    return { status: 204 };
  }

  /**
   * `POST logout-all`: ends every session of the user. A token that was signed out does not suffice: a copy of an old token
   * must not sign its user out again and again. Of contradictory cookies each session is ended by itself, and no other.
   * @throws {DescopeCredentialError} SESSION_MISSING without a valid token, SESSION_SIGNED_OUT, COOKIE_AMBIGUOUS
   * @throws {DescopeUnavailableError} SIGN_OUTS_UNAVAILABLE, DESCOPE_UNAVAILABLE where the store or Descope cannot be reached
   */
  async logoutAll(call: RouteCall): Promise<RouteResponse> {
    const sent = await this.#verifySent(call);
    if (sent !== undefined)
      acceptSession(await this.authenticator.open(sent.token, false), this.config.acceptance);
    const held = await this.#readAndClearTokens(call, sent);
    await Promise.all((held.duplicates ?? []).map((duplicate) => this.#end(duplicate)));
    const owner = sent ?? (await this.#requireOwner(held));
    const { newest, isStored } = await this.#signOut(held); // the tokens may be two users'
    const startedAtMs = this.config.clock();
    const isOfOwner = newest !== undefined && readSubjectId(newest.claims) === readSubjectId(owner.claims);
    const isEndedAtDescope =
      !isOfOwner || (await this.#endAtDescope(() => endAllSessions(this.sessions.api, newest.token)));
    const isRevocationStored = await this.#revokeEverywhere(owner, startedAtMs);
    assertComplete([{ isStored: isStored && isRevocationStored, isEndedAtDescope }]);
    return { status: 204 };
  }

  async #end(held: CallTokens): Promise<EndResult> {
    const { newest, isStored } = await this.#signOut(held);
    if (newest === undefined) return { isStored, isEndedAtDescope: true };
    const step = () => endSession(this.sessions.api, newest.token);
    return { isStored, isEndedAtDescope: await this.#endAtDescope(step) };
  }

  // Reports whether Descope could be reached; what it rejects, it would reject again.
  async #endAtDescope(step: () => Promise<void>): Promise<boolean> {
    let wasReached = true;
    const checkOutage = (error: unknown): never => {
      wasReached = !(error instanceof DescopeUnavailableError);
      throw error;
    };
    await this.#attempt(() => step().catch(checkOutage));
    return wasReached;
  }

  // Descope dates tokens by its own clock, to the second: all of the second counts as before the sign-out, and the
  // response waits until it is over, so that a sign-in after the response is accepted.
  async #revokeEverywhere({ claims }: GenuineToken, startedAtMs: number): Promise<boolean> {
    const { revocations, api } = this.sessions;
    const { seconds, lastsMs } = api.time.read(startedAtMs);
    const [scope, id, issuedBeforeMs] = ['user', readSubjectId(claims), seconds * 1000] as const;
    const isStored = await this.#attempt(() => revocations.revokeBefore({ scope, id, issuedBeforeMs }));
    await sleep(lastsMs);
    return isStored;
  }

  // Before anything is changed, and as the guard does.
  async #verifySent({ exchange }: RouteCall): Promise<GenuineToken | undefined> {
    const credential = this.authenticator.readToken(exchange.request);
    if (credential?.sentByBrowser !== false) return undefined;
    return { ...(await this.sessions.verifier.verify(credential.token)), token: credential.token };
  }

  // Clears the cookies first: whatever fails later, the browser is signed out. A cross-site request with a token that the
  // client sent itself leaves them alone.
  async #readAndClearTokens(call: RouteCall, sent: GenuineToken | undefined): Promise<CallTokens> {
    const { request } = call.exchange;
    if (sent !== undefined && !this.#isSameOrigin(call))
      return { sent, session: undefined, refresh: undefined };
    assertSameOrigin(request, this.config.authentication.origins);
    const { tokenStore } = this.sessions;
    const sessionToken = toToken(tokenStore.readSessionToken(request));
    const refreshToken = toToken(tokenStore.readRefreshToken(request));
    const other = sent === undefined ? this.authenticator.readToken(request) : undefined;
    const duplicates = await this.#proveDuplicates(tokenStore.readAmbiguous(request));
    await tokenStore.clear(call.exchange);
    const otherToken = other?.token === sessionToken ? undefined : other?.token;
    const both = await this.#proveBoth(sessionToken, refreshToken);
    return { ...both, sent, duplicates, other: await this.#proveLapsed(otherToken) };
  }

  async #proveDuplicates({ sessionTokens, refreshTokens }: AmbiguousTokens): Promise<readonly CallTokens[]> {
    return Promise.all([
      ...sessionTokens.map((token) => this.#proveBoth(token, undefined)),
      ...refreshTokens.map((token) => this.#proveBoth(undefined, token)),
    ]);
  }

  #isSameOrigin({ exchange }: RouteCall): boolean {
    try {
      assertSameOrigin(exchange.request, this.config.authentication.origins);
      return true;
    } catch (error) {
      if (error instanceof DescopeAccessError) return false;
      throw error;
    }
  }

  async #requireOwner({ session, refresh, other, duplicates = [] }: CallTokens): Promise<GenuineToken> {
    const now = this.config.clock();
    const inTime = [session, other].find((token) => token !== undefined && token.claims.exp * 1000 > now);
    const owner = refresh ?? inTime;
    if (owner === undefined && duplicates.length > 0) throw ambiguousCookie();
    if (owner === undefined) throw new DescopeCredentialError('SESSION_MISSING', 'No user is signed in.');
    await this.#assertActive(owner);
    return owner;
  }

  // Rejects the tokens at hand first, so that a refresh under way brings none that is accepted; then those that a refresh
  // has just brought, because its response may reach the browser after ours.
  async #signOut(held: CallTokens): Promise<SignOutResult> {
    const areHeldStored = await this.#reject(held);
    if (held.refresh === undefined) return { newest: undefined, isStored: areHeldStored };
    const refreshed = await this.sessions.refresher.findRefreshed(held.refresh.token);
    const newer = await this.#proveBoth(refreshed?.sessionToken, refreshed?.refreshToken);
    const areNewerStored = await this.#reject(newer);
    await this.sessions.refresher.forgetRefreshed(held.refresh.token); // other instances may not know that they are revoked
    return { newest: newer.refresh ?? held.refresh, isStored: areHeldStored && areNewerStored };
  }

  // All at once, so that a store that does not respond is waited for once.
  async #reject({ sent, session, refresh, other }: CallTokens): Promise<boolean> {
    const found = [session, refresh, other, sent].filter((token) => token !== undefined);
    for (const { claims } of found) this.profiles.forget(readSubjectId(claims));
    const rejections = found.map(({ token, claims }) =>
      this.#attempt(() => this.sessions.revocations.revokeToken(token, claims)),
    );
    const bySubject = new Map(found.map(({ claims }) => [readSubjectId(claims), claims]));
    const chained = [...bySubject].flatMap(([subject, claims]) => {
      const own = found.filter((token) => readSubjectId(token.claims) === subject);
      const tokens = own.map(({ token }) => token);
      return this.#rejectChained(tokens, claims);
    });
    return (await Promise.all([...rejections, ...chained])).every(Boolean);
  }

  // Rejects all other tokens that were issued for these sign-ins, here and by other instances: a session token from before
  // a refresh is valid until it expires.
  #rejectChained(tokens: readonly string[], claims: DescopeClaims): readonly Promise<boolean>[] {
    const { signIns, revocations } = this.sessions;
    const known = signIns.find(tokens);
    return [
      this.#attempt(() => revocations.revokeDigested(known, claims)),
      this.#attempt(async () => {
        const shared = await signIns.findShared(tokens);
        const others = shared.filter(({ key }) => known.every((token) => token.key !== key));
        await revocations.revokeDigested(others, claims);
      }),
    ];
  }

  async #proveBoth(sessionToken: string | undefined, refreshToken: string | undefined): Promise<CallTokens> {
    const { verifier } = this.sessions;
    return {
      session: await this.#proveLapsed(sessionToken),
      refresh: await this.#prove(refreshToken, (token) => verifier.verifyRefresh(token)),
    };
  }

  #proveLapsed(sessionToken: string | undefined): Promise<GenuineToken | undefined> {
    return this.#prove(sessionToken, (token) => this.sessions.verifier.verifyLapsed(token));
  }

  async #prove(
    token: string | undefined,
    verify: (token: string) => MaybePromise<VerifiedToken>,
  ): Promise<GenuineToken | undefined> {
    if (token === undefined) return undefined;
    try {
      return { ...(await verify(token)), token };
    } catch (error) {
      if (error instanceof DescopeError) return undefined; // not genuine, or not verifiable now: nothing to end
      throw error;
    }
  }

  async #assertActive(verified: GenuineToken): Promise<void> {
    try {
      await this.sessions.revocations.assertActive(verified.token, verified);
    } catch (error) {
      if (error instanceof DescopeCredentialError) throw error; // an outage of the store must not prevent a sign-out
    }
  }

  async #attempt(step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      return true;
    } catch (error) {
      if (error instanceof DescopeApiError && error.status === 401) return true; // it had ended already
      const message = `A sign-out was not completed everywhere (${toReason(error)}). This process rejects the session until the session expires.`;
      this.notify({ code: 'SIGN_OUT_INCOMPLETE', level: 'warn', message });
      return false;
    }
  }
}

function assertComplete(results: readonly EndResult[]): void {
  const retry = { retryAfterSeconds: 1 };
  if (!results.every(({ isStored }) => isStored)) {
    const message = 'The sign-out could not be stored for other instances, which still accept the session.';
    throw new DescopeUnavailableError('SIGN_OUTS_UNAVAILABLE', message, retry);
  }
  if (results.every(({ isEndedAtDescope }) => isEndedAtDescope)) return;
  const message = 'Descope could not be reached to end the session: its refresh token is still valid there.';
  throw new DescopeUnavailableError('DESCOPE_UNAVAILABLE', message, retry);
}

function toToken(reading: TokenReading): string | undefined {
  return reading.kind === 'value' ? reading.value : undefined;
}
