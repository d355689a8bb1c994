// Signing out: cookies go in any case, Descope is told, and the session is rejected until it would have ended.
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
import { toReason } from '../core/logging.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import { acceptSession } from '../core/session/session.js';
import type { DescopeClaims } from '../core/token/claims.js';
import { readSubjectId } from '../core/token/claims.js';
import type { VerifiedToken } from '../core/token/token-verifier.js';
import type { RouteCall, RouteResponse } from './http-exchange.js';
import { Profiles } from './me.routes.js';

// Longer than any refresh token of the user's other browsers may live.
const EVERYWHERE_MS = 366 * 24 * 60 * 60 * 1000;

/** A token that is genuine, whether it lapsed or not. */
interface Genuine extends VerifiedToken {
  readonly token: string;
}

/** What a request holds of sessions that can be ended. */
interface Held {
  /** What the client sent itself, which decides alone whose sessions are ended. */
  readonly sent?: Genuine | undefined;
  /** The browser's own. */
  readonly session: Genuine | undefined;
  readonly refresh: Genuine | undefined;
  /** What the browser keeps in a place of the application's own. */
  readonly other?: Genuine | undefined;
  /** What came several times, each for itself: the browser's own is among it, beside what a sibling site has planted. */
  readonly twins?: readonly Held[];
}

const NOTHING: Held = { session: undefined, refresh: undefined };

interface SignedOut {
  /** The refresh token that Descope listens to. */
  readonly last: Genuine | undefined;
  /** Whether all instances that share a store know of it. */
  readonly isShared: boolean;
}

// Whether Descope knows of it, as far as there was something to tell.
type Ended = Pick<SignedOut, 'isShared'> & { readonly isTold: boolean };

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
   * `POST logout`: ends this session. A token that the client sends itself must be good, else it throws what the guard
   * would say of it. Throws `SIGN_OUTS_UNAVAILABLE` or `DESCOPE_UNAVAILABLE` where the store or Descope was not told.
   */
  async logout(call: RouteCall): Promise<RouteResponse> {
    const sent = await this.#proveSent(call);
    const held = await this.#take(call, sent);
    const ended = await Promise.all([held, ...(held.twins ?? [])].map((one) => this.#end(one)));
    if (!ended.every(({ isShared }) => isShared)) throw notShared();
    if (!ended.every(({ isTold }) => isTold)) throw notTold();
    return { status: 204 };
  }

  /**
   * `POST logout-all`: ends every session of the user. Throws `SESSION_MISSING` when no token that is good now says whose,
   * `SESSION_SIGNED_OUT` for one that is not any more: a copy of an old token must not sign its user out again and again.
   * Of several that contradict each other each is ended for itself, and `COOKIE_AMBIGUOUS` says that nobody's others are.
   */
  async logoutAll(call: RouteCall): Promise<RouteResponse> {
    const sent = await this.#proveSent(call);
    if (sent !== undefined)
      acceptSession(await this.authenticator.open(sent.token, false), this.config.acceptance);
    const held = await this.#take(call, sent);
    await Promise.all((held.twins ?? []).map((twin) => this.#end(twin)));
    const owner = sent ?? (await this.#requireOwner(held));
    const { last, isShared } = await this.#signOut(held); // which may be two users'
    const startedAtMs = this.config.clock();
    const isOwn = last !== undefined && readSubjectId(last.claims) === readSubjectId(owner.claims);
    const isTold = !isOwn || (await this.#tellDescope(() => endAllSessions(this.sessions.api, last.token)));
    if (!(await this.#cut(owner, startedAtMs)) || !isShared) throw notShared();
    if (!isTold) throw notTold();
    return { status: 204 };
  }

  async #end(held: Held): Promise<Ended> {
    const { last, isShared } = await this.#signOut(held);
    if (last === undefined) return { isShared, isTold: true };
    return { isShared, isTold: await this.#tellDescope(() => endSession(this.sessions.api, last.token)) };
  }

  // Tells whether Descope has heard of it; what it rejects, it will not hear better of later.
  async #tellDescope(step: () => Promise<void>): Promise<boolean> {
    let isTold = true;
    const noteOutage = (error: unknown): never => {
      isTold = !(error instanceof DescopeUnavailableError);
      throw error;
    };
    await this.#attempt(() => step().catch(noteOutage));
    return isTold;
  }

  // Descope dates tokens by its own clock, and by the second: all of the second counts as before the sign-out, and the
  // answer waits until it is over, so that who signs in again after the answer gets in.
  async #cut({ claims }: Genuine, startedAtMs: number): Promise<boolean> {
    const { signOuts, api } = this.sessions;
    const { seconds, lastsMs } = api.time.read(startedAtMs);
    const untilMs = Math.max(claims.exp * 1000, this.config.clock() + EVERYWHERE_MS);
    const isDone = await this.#attempt(() => signOuts.signOutEverywhere(claims, untilMs, seconds));
    await sleep(lastsMs);
    return isDone;
  }

  // Before anything is changed: what a client sends itself is judged as the guard would.
  async #proveSent({ exchange }: RouteCall): Promise<Genuine | undefined> {
    const credential = this.authenticator.readToken(exchange.request);
    if (credential?.sentByBrowser !== false) return undefined;
    return { ...(await this.sessions.verifier.verify(credential.token)), token: credential.token };
  }

  // The cookies go first: whatever fails later, the browser is signed out. Beside a token that the client sent itself,
  // another site's request leaves them alone.
  async #take(call: RouteCall, sent: Genuine | undefined): Promise<Held> {
    const { request } = call.exchange;
    if (sent !== undefined && !this.#isOwn(call)) return { ...NOTHING, sent };
    assertSameOrigin(request, this.config.authentication.origins);
    const { tokenStore } = this.sessions;
    const sessionToken = toToken(tokenStore.readSession(request));
    const refreshToken = toToken(tokenStore.readRefresh(request));
    const other = sent === undefined ? this.authenticator.readToken(request) : undefined;
    const twins = await this.#proveTwins(tokenStore.readAmbiguous(request));
    await tokenStore.clear(call.exchange);
    const otherToken = other?.token === sessionToken ? undefined : other?.token;
    return {
      ...(await this.#proveBoth(sessionToken, refreshToken)),
      sent,
      twins,
      other: await this.#proveLapsed(otherToken),
    };
  }

  async #proveTwins({ sessionTokens, refreshTokens }: AmbiguousTokens): Promise<readonly Held[]> {
    return Promise.all([
      ...sessionTokens.map((token) => this.#proveBoth(token, undefined)),
      ...refreshTokens.map((token) => this.#proveBoth(undefined, token)),
    ]);
  }

  #isOwn({ exchange }: RouteCall): boolean {
    try {
      assertSameOrigin(exchange.request, this.config.authentication.origins);
      return true;
    } catch (error) {
      if (error instanceof DescopeAccessError) return false;
      throw error;
    }
  }

  async #requireOwner({ session, refresh, other, twins = [] }: Held): Promise<Genuine> {
    const now = this.config.clock();
    const inTime = [session, other].find((token) => token !== undefined && token.claims.exp * 1000 > now);
    const owner = refresh ?? inTime;
    if (owner === undefined && twins.length > 0) throw ambiguousCookie();
    if (owner === undefined) throw new DescopeCredentialError('SESSION_MISSING', 'Nobody is signed in here.');
    await this.#assertActive(owner);
    return owner;
  }

  // What is held is rejected first: a refresh on its way then brings nothing that counts. What one has just brought goes
  // the same way, because its answer may reach the browser after ours.
  async #signOut(held: Held): Promise<SignedOut> {
    const isHeldShared = await this.#reject(held);
    if (held.refresh === undefined) return { last: undefined, isShared: isHeldShared };
    const refreshed = await this.sessions.refresher.findRefreshed(held.refresh.token);
    const newer = await this.#proveBoth(refreshed?.sessionToken, refreshed?.refreshToken);
    const isNewerShared = await this.#reject(newer);
    await this.sessions.refresher.forgetRefreshed(held.refresh.token); // which other instances may not know to be over
    return { last: newer.refresh ?? held.refresh, isShared: isHeldShared && isNewerShared };
  }

  // All at once: a store that is silent is waited for once.
  async #reject({ sent, session, refresh, other }: Held): Promise<boolean> {
    const found = [session, refresh, other, sent].filter((token) => token !== undefined);
    for (const { claims } of found) this.profiles.forget(readSubjectId(claims));
    const rejections = found.map(({ token, claims }) =>
      this.#attempt(() => this.sessions.signOuts.signOut(token, claims)),
    );
    const bySubject = new Map(found.map(({ claims }) => [readSubjectId(claims), claims]));
    const chained = [...bySubject].flatMap(([subject, claims]) => {
      const own = found.filter((token) => readSubjectId(token.claims) === subject);
      const tokens = own.map(({ token }) => token);
      return this.#rejectChained(tokens, claims);
    });
    return (await Promise.all([...rejections, ...chained])).every(Boolean);
  }

  // What else was handed out for these sign-ins, here and by other instances: a session from before a refresh is good
  // until its end.
  #rejectChained(tokens: readonly string[], claims: DescopeClaims): readonly Promise<boolean>[] {
    const { signIns, signOuts } = this.sessions;
    const known = signIns.find(tokens);
    return [
      this.#attempt(() => signOuts.signOutChained(known, claims)),
      this.#attempt(async () => {
        const shared = await signIns.findShared(tokens);
        const others = shared.filter(({ key }) => known.every((token) => token.key !== key));
        await signOuts.signOutChained(others, claims);
      }),
    ];
  }

  async #proveBoth(sessionToken: string | undefined, refreshToken: string | undefined): Promise<Held> {
    const { verifier } = this.sessions;
    return {
      session: await this.#proveLapsed(sessionToken),
      refresh: await this.#prove(refreshToken, (token) => verifier.verifyRefresh(token)),
    };
  }

  #proveLapsed(sessionToken: string | undefined): Promise<Genuine | undefined> {
    return this.#prove(sessionToken, (token) => this.sessions.verifier.verifyLapsed(token));
  }

  async #prove(
    token: string | undefined,
    verify: (token: string) => MaybePromise<VerifiedToken>,
  ): Promise<Genuine | undefined> {
    if (token === undefined) return undefined;
    try {
      return { ...(await verify(token)), token };
    } catch (error) {
      if (error instanceof DescopeError) return undefined; // not genuine, or not to be judged now: nothing to end
      throw error;
    }
  }

  async #assertActive({ token, claims }: Genuine): Promise<void> {
    try {
      await this.sessions.signOuts.assertActive(token, claims);
    } catch (error) {
      if (error instanceof DescopeCredentialError) throw error; // a store that is down keeps nobody signed in
    }
  }

  async #attempt(step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      return true;
    } catch (error) {
      if (error instanceof DescopeApiError && error.status === 401) return true; // it was over already
      const message = `A sign-out was not completed everywhere (${toReason(error)}); this process rejects the session until its end.`;
      this.notify({ code: 'SIGN_OUT_INCOMPLETE', level: 'warn', message });
      return false;
    }
  }
}

// The refresh token goes on there: a copy of it still makes new sessions.
function notTold(): DescopeUnavailableError {
  const message = 'Descope could not be told of the sign-out.';
  return new DescopeUnavailableError('DESCOPE_UNAVAILABLE', message, { retryAfterSeconds: 1 });
}

// The browser is signed out and this process knows it; what other instances do not know is no success.
function notShared(): DescopeUnavailableError {
  const message = 'The sign-out could not be stored for other instances.';
  return new DescopeUnavailableError('SIGN_OUTS_UNAVAILABLE', message, { retryAfterSeconds: 1 });
}

function toToken(reading: TokenReading): string | undefined {
  return reading.kind === 'value' ? reading.value : undefined;
}
