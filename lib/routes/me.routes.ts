// The signed-in user: the claims of the session, and on request Descope's profile, which is cached for a minute.
import { recallSession } from '../auth/request-state.js';
import { DescopeApiError } from '../core/api/descope-api.js';
import { readProfile } from '../core/api/descope-calls.js';
import type { Clock } from '../core/clock.js';
import { ExpiringCache } from '../core/expiring-cache.js';
import { otherUser, sessionEnded } from '../core/session/refresher.js';
import { DescopeSession, requireSignedIn } from '../core/session/session.js';
import { readSubjectId } from '../core/token/claims.js';
import type { VerifiedToken } from '../core/token/token-verifier.js';
import type { RouteCall, RouteParts, RouteResponse } from './route-call.js';
import { requireRefreshToken } from './route-call.js';

// Profiles are cached for a minute, for Descope limits the rate of requests.

const KEEP_MS = 60_000;
const MAX_PROFILES = 1_000;

export class Profiles {
  readonly #clock: Clock;
  readonly #profiles: ExpiringCache<unknown>;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
    this.#profiles = new ExpiringCache({ clock, maxEntries: MAX_PROFILES });
  }

  /** Returns a user's profile, at most a minute old, and joins a request that is under way. Failures are not cached. */
  async get(userId: string, load: () => Promise<unknown>): Promise<unknown> {
    const untilMs = this.#clock() + KEEP_MS;
    return this.#profiles.getOrLoad(userId, async () => ({ value: await load(), untilMs }));
  }

  /** Forgets the profile of a user who signed out. */
  forget(userId: string): void {
    this.#profiles.delete(userId);
  }
}

export class MeRoute {
  readonly #parts: RouteParts;
  readonly #profiles: Profiles;

  constructor(parts: RouteParts, profiles: Profiles) {
    this.#parts = parts;
    this.#profiles = profiles;
  }

  /**
   * `GET me`: user and claims; with `?profile=1` also Descope's profile, at most a minute old.
   * @throws {DescopeCredentialError} REFRESH_TOKEN_MISSING where the profile needs one
   */
  async me(call: RouteCall): Promise<RouteResponse> {
    const session = (await recallSession(call.key, this.#parts.authenticator)) ?? DescopeSession.anonymous();
    const user = requireSignedIn(session);
    const body = { user: { ...user }, claims: user.claims, expiresAt: session.expiresAt };
    if (call.query['profile'] !== '1') return { status: 200, body };
    return { status: 200, body: { ...body, profile: await this.#getProfile(call, session) } };
  }

  async #getProfile(call: RouteCall, session: DescopeSession): Promise<unknown> {
    const userId = requireSignedIn(session).id;
    const refreshToken = requireRefreshToken(
      call.exchange,
      this.#parts.sessions.tokenStore,
      !session.sentByBrowser,
    );
    const owner = await this.#parts.sessions.verifier.verifyRefresh(refreshToken);
    await this.#parts.sessions.revocations.assertActive(refreshToken, owner);
    if (readSubjectId(owner.claims) !== userId) throw otherUser();
    return this.#profiles.get(userId, () => this.#loadProfile(refreshToken, owner));
  }

  async #loadProfile(refreshToken: string, owner: VerifiedToken): Promise<unknown> {
    const newest = await this.#parts.sessions.refresher.proveNewest(refreshToken, owner);
    return readProfile(this.#parts.sessions.api, newest).catch(reject);
  }
}

function reject(error: unknown): never {
  if (!(error instanceof DescopeApiError)) throw error;
  throw sessionEnded(error);
}
