// Who am I? The session's claims, or on request Descope's profile, asked sparingly.
import { Inject, Injectable } from '@nestjs/common';
import { DESCOPE_AUTHENTICATOR, DESCOPE_SESSIONS } from '../../auth/injection-tokens.js';
import { recallSession } from '../../auth/session/request-session.js';
import { DescopeRefusal } from '../../core/api/descope-refusal.js';
import { readProfile } from '../../core/api/session-calls.js';
import { sessionEnded } from '../../core/renewal/renewal-outcome.js';
import { otherUser } from '../../core/renewal/renewer.js';
import type { Authenticator } from '../../core/session/authenticator.js';
import { DescopeSession, readSignedIn } from '../../core/session/session.js';
import type { Sessions } from '../../core/session/sessions.js';
import { readSubjectId } from '../../core/token/token-kind.js';
import type { VerifiedToken } from '../../core/token/token-verifier.js';
import type { RouteCall, RouteReply } from '../route-call.js';
import { Profiles } from './profiles.js';
import { requireRefresh } from './require-refresh.js';

@Injectable()
export class MeRoute {
  constructor(
    @Inject(DESCOPE_SESSIONS) private readonly sessions: Sessions,
    @Inject(DESCOPE_AUTHENTICATOR) private readonly authenticator: Authenticator,
    @Inject(Profiles) private readonly profiles: Profiles,
  ) {}

  /** `GET me`: user and claims; with `?profile=1` also Descope's profile, at most a minute old. */
  async me(call: RouteCall): Promise<RouteReply> {
    const session = (await recallSession(call.request, this.authenticator)) ?? DescopeSession.nobody();
    const user = readSignedIn(session);
    const body = { user: { ...user }, claims: user.claims, expiresAt: session.expiresAt };
    if (call.query['profile'] !== '1') return { status: 200, body };
    return { status: 200, body: { ...body, profile: await this.#getProfile(call, session) } };
  }

  async #getProfile(call: RouteCall, session: DescopeSession): Promise<unknown> {
    const userId = readSignedIn(session).id;
    const refreshToken = requireRefresh(call.exchange, this.sessions.place, !session.isAmbient);
    const owner = await this.sessions.verifier.verifyRefresh(refreshToken);
    await this.sessions.signOuts.assertActive(refreshToken, owner.claims);
    if (readSubjectId(owner.claims) !== userId) throw otherUser();
    return this.profiles.get(userId, () => this.#ask(refreshToken, owner));
  }

  async #ask(refreshToken: string, owner: VerifiedToken): Promise<unknown> {
    const newest = await this.sessions.renewer.toNewest(refreshToken, owner);
    return readProfile(this.sessions.api, newest).catch(refuse);
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof DescopeRefusal)) throw error;
  throw sessionEnded(error);
}
