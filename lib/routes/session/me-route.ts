// Who am I? The session's claims, or on request Descope's profile, asked sparingly.
import { Inject, Injectable } from '@nestjs/common';
import { DESCOPE_CONFIG, DESCOPE_SESSIONS } from '../../auth/injection-tokens.js';
import { recallSession } from '../../auth/session/request-session.js';
import { DescopeRefusal } from '../../core/api/descope-refusal.js';
import { readProfile } from '../../core/api/session-calls.js';
import type { DescopeConfig } from '../../core/config/config.js';
import { DescopeCredentialError } from '../../core/errors.js';
import { DescopeSession } from '../../core/session/session.js';
import type { Sessions } from '../../core/session/sessions.js';
import { readSubjectId } from '../../core/token/token-kind.js';
import type { RouteCall, RouteReply } from '../route-call.js';

const KEEP_MS = 60_000;
const MAX_PROFILES = 1_000;

interface KeptProfile {
  readonly profile: Promise<unknown>;
  readonly untilMs: number;
}

@Injectable()
export class MeRoute {
  // One call per user and minute: Descope limits the rate, and a page may ask often.
  readonly #profiles = new Map<string, KeptProfile>();

  constructor(
    @Inject(DESCOPE_SESSIONS) private readonly sessions: Sessions,
    @Inject(DESCOPE_CONFIG) private readonly config: DescopeConfig,
  ) {}

  /** `GET me`: user and claims; with `?profile=1` also Descope's profile, at most a minute old. */
  async me(call: RouteCall): Promise<RouteReply> {
    const session = (await recallSession(call.request)) ?? DescopeSession.nobody();
    const user = session.requireUser();
    const body = { user: { ...user }, claims: user.claims, expiresAt: session.expiresAt };
    if (call.query['profile'] !== '1') return { status: 200, body };
    return { status: 200, body: { ...body, profile: await this.#getProfile(call, user.id) } };
  }

  async #getProfile(call: RouteCall, userId: string): Promise<unknown> {
    const reading = this.sessions.place.readRefresh(call.exchange.request);
    if (reading.kind !== 'value')
      throw new DescopeCredentialError('SESSION_MISSING', 'A profile takes a refresh token.');
    const refresh = await this.sessions.verifier.verifyRefresh(reading.value);
    await this.sessions.signOuts.assertActive(reading.value, refresh.claims);
    if (readSubjectId(refresh.claims) !== userId) throw otherUser();
    const kept = this.#profiles.get(userId);
    const now = this.config.clock();
    if (kept !== undefined && kept.untilMs > now) return kept.profile;
    return this.#fetch(userId, await this.sessions.renewer.toNewest(reading.value, refresh));
  }

  #fetch(userId: string, refreshToken: string): Promise<unknown> {
    const profile = readProfile(this.sessions.api, refreshToken).catch(refuse);
    const oldest = this.#profiles.keys().next();
    if (this.#profiles.size >= MAX_PROFILES && oldest.done !== true) this.#profiles.delete(oldest.value);
    this.#profiles.set(userId, { profile, untilMs: this.config.clock() + KEEP_MS });
    profile.catch(() => this.#profiles.delete(userId));
    return profile;
  }
}

function otherUser(): DescopeCredentialError {
  return new DescopeCredentialError('TOKEN_SUBJECT_MISMATCH', 'The refresh token belongs to another user.');
}

function refuse(error: unknown): never {
  if (!(error instanceof DescopeRefusal)) throw error;
  throw new DescopeCredentialError('SESSION_ENDED', 'Descope ended the session.', {
    descopeCode: error.errorCode,
  });
}
