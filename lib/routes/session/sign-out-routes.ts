// Signing out: cookies go in any case, Descope is told, and the session is refused until it would have ended.
import { Inject, Injectable } from '@nestjs/common';
import { DESCOPE_CONFIG, DESCOPE_NOTIFY, DESCOPE_SESSIONS } from '../../auth/injection-tokens.js';
import { DescopeRefusal } from '../../core/api/descope-refusal.js';
import { endAllSessions, endSession } from '../../core/api/session-calls.js';
import type { DescopeConfig } from '../../core/config/config.js';
import { DescopeCredentialError, DescopeError } from '../../core/errors.js';
import type { Notify } from '../../core/notice.js';
import { toReason } from '../../core/reason.js';
import type { Sessions } from '../../core/session/sessions.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { readSubjectId } from '../../core/token/token-kind.js';
import type { VerifiedToken } from '../../core/token/token-verifier.js';
import type { TokenReading } from '../../core/transport/cookies.js';
import { assertSameOrigin } from '../../core/transport/same-origin.js';
import type { RouteCall, RouteReply } from '../route-call.js';
import { Profiles } from './profiles.js';

// Longer than any refresh token of the user's other browsers may live.
const EVERYWHERE_MS = 366 * 24 * 60 * 60 * 1000;

/** A token of the browser that is genuine, whether it lapsed or not. */
interface Genuine extends VerifiedToken {
  readonly token: string;
}

interface Held {
  readonly session: Genuine | undefined;
  readonly refresh: Genuine | undefined;
}

@Injectable()
export class SignOutRoutes {
  @Inject(Profiles) private readonly profiles!: Profiles;

  constructor(
    @Inject(DESCOPE_SESSIONS) private readonly sessions: Sessions,
    @Inject(DESCOPE_CONFIG) private readonly config: DescopeConfig,
    @Inject(DESCOPE_NOTIFY) private readonly notify: Notify,
  ) {}

  /** `POST logout`: ends this session. */
  async logout(call: RouteCall): Promise<RouteReply> {
    const held = await this.#begin(call);
    const last = await this.#signOut(held);
    if (last !== undefined) await this.#attempt(() => endSession(this.sessions.api, last.token));
    return { status: 204 };
  }

  /**
   * `POST logout-all`: ends every session of the user. Throws `SESSION_MISSING` when no token that is good now says whose,
   * `SESSION_SIGNED_OUT` for one that is not any more: a copy of an old token must not sign its user out again and again.
   */
  async logoutAll(call: RouteCall): Promise<RouteReply> {
    const { session, refresh } = await this.#begin(call);
    const { signOuts, api } = this.sessions;
    const now = this.config.clock();
    const owner = refresh ?? (session !== undefined && session.claims.exp * 1000 > now ? session : undefined);
    if (owner === undefined) throw new DescopeCredentialError('SESSION_MISSING', 'Nobody is signed in here.');
    await this.#assertActive(owner);
    const untilMs = Math.max(owner.claims.exp * 1000, now + EVERYWHERE_MS);
    await this.#attempt(() => signOuts.signOutEverywhere(owner.claims, untilMs));
    const last = await this.#signOut({ session, refresh }); // which may be two users', or dated ahead by Descope's clock
    if (last !== undefined) await this.#attempt(() => endAllSessions(api, last.token));
    return { status: 204 };
  }

  // The cookies go first: whatever fails later, the browser is signed out.
  async #begin(call: RouteCall): Promise<Held> {
    const { request } = call.exchange;
    assertSameOrigin(request, this.config.authentication.origins);
    const { place } = this.sessions;
    const readings = { session: place.readSession(request), refresh: place.readRefresh(request) };
    await place.clear(call.exchange);
    return this.#proveBoth(readings.session, readings.refresh);
  }

  // What is held is refused first: a renewal on its way then brings nothing that counts. What one has just brought goes
  // the same way, because its answer may reach the browser after ours. Gives the refresh token that Descope listens to.
  async #signOut(held: Held): Promise<Genuine | undefined> {
    await this.#refuse(held);
    if (held.refresh === undefined) return undefined;
    const renewed = await this.sessions.renewer.findRenewed(held.refresh.token);
    const newer = await this.#proveBoth(toReading(renewed?.sessionToken), toReading(renewed?.refreshToken));
    await this.#refuse(newer);
    await this.sessions.renewer.forgetRenewed(held.refresh.token); // which other instances may not know to be over
    return newer.refresh ?? held.refresh;
  }

  async #refuse({ session, refresh }: Held): Promise<void> {
    for (const { token, claims } of [session, refresh].filter((found) => found !== undefined)) {
      this.profiles.forget(readSubjectId(claims));
      await this.#attempt(() => this.sessions.signOuts.signOut(token, claims));
    }
  }

  async #proveBoth(session: TokenReading, refresh: TokenReading): Promise<Held> {
    const { verifier } = this.sessions;
    return {
      session: await this.#prove(session, (token) => verifier.verifyLapsed(token)),
      refresh: await this.#prove(refresh, (token) => verifier.verifyRefresh(token)),
    };
  }

  async #prove(
    reading: TokenReading,
    verify: (token: string) => MaybePromise<VerifiedToken>,
  ): Promise<Genuine | undefined> {
    if (reading.kind !== 'value') return undefined;
    try {
      return { ...(await verify(reading.value)), token: reading.value };
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

  async #attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (error instanceof DescopeRefusal) return; // it was over already
      const message = `A sign-out was not completed everywhere (${toReason(error)}); this process refuses the session until its end.`;
      this.notify({ code: 'SIGN_OUT_INCOMPLETE', level: 'warn', message });
    }
  }
}

function toReading(value: string | undefined): TokenReading {
  return value === undefined ? { kind: 'absent' } : { kind: 'value', value };
}
