// A refresh token in, the sign-in it belongs to out; or a rejection.
import { below, isObject } from '../http/fields.js';
import type { Call } from '../http/message.js';
import { DescopeError } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import type { SignIn } from '../store/sign-ins.js';
import type { UserRecord } from '../store/users.js';
import type { ReadToken } from '../tokens/tokens.js';
import { readToken } from '../tokens/tokens.js';

/** The sign-in of the refresh token that a call shows, as its credential or as a cookie. */
export async function requireSignIn(call: Call, state: ProjectState): Promise<SignIn> {
  const token = requireRefreshToken(call, state);
  const read = await readToken(state, token, 'refresh');
  const user = requireEnabledUser(state, read.subject);
  const signIn = state.signIns.find(token) ?? adopt(state, read, user);
  if (signIn.ended) throw new DescopeError('signedOut', 'The session was ended by a logout');
  if (signIn.refreshToken !== token) rejectReplay(state, signIn);
  return signIn;
}

// Without an await between the look and the mark: of requests that bring one token at once, one wins.
/** Uses up the refresh token of a call where the project rotates them; rejects one that was used up before. */
export function claimRefreshToken(call: Call, state: ProjectState, signIn: SignIn): void {
  if (!state.settings.refreshRotation) return;
  if (signIn.refreshToken !== requireRefreshToken(call, state)) rejectReplay(state, signIn);
  signIn.refreshToken = '';
}

/** The user of a subject, if there is one and it may sign in. */
export function requireEnabledUser(state: ProjectState, subject: string): UserRecord {
  const user = state.project.users.find(subject);
  if (user?.userId !== subject || user.status === 'disabled') {
    throw new DescopeError('invalidToken', 'The user of the token is unknown or disabled');
  }
  return user;
}

function requireRefreshToken(call: Call, state: ProjectState): string {
  const token = call.authorization.credential || call.cookies.get(state.cookieName('refresh'));
  if (!token) throw new DescopeError('invalidToken', 'A refresh token is missing');
  return token;
}

// A token that a test minted with the project's key is as good as one that was handed out.
function adopt(state: ProjectState, read: ReadToken, user: UserRecord): SignIn {
  const { amr, dct, nsec, iat } = read.claims;
  const startedSeconds = typeof iat === 'number' ? iat : state.clock.nowSeconds();
  const signIn = state.signIns.add({
    userId: user.userId,
    startedSeconds,
    amr: Array.isArray(amr) ? amr.filter((name) => typeof name === 'string') : [],
    tenantId: typeof dct === 'string' ? dct : undefined,
    callerClaims: isObject(nsec) ? nsec : {},
    customClaims: {},
    overrides: {},
    refreshEndsSeconds: read.expiresSeconds,
    refreshToken: read.token,
    ended: state.signIns.wasEnded(user.userId, startedSeconds),
  });
  state.signIns.bind(read.token, signIn);
  return signIn;
}

function rejectReplay(state: ProjectState, signIn: SignIn): never {
  if (state.settings.replayEndsSignIn) signIn.ended = true;
  throw new DescopeError('invalidToken', 'The refresh token was replaced by a newer one');
}

// The fields that the calls of a sign-in have in common.

/** Who a user is. */
export const PROFILE_FIELDS = 'name displayName givenName middleName familyName email phone picture';

/** How a message looks and who carries it; it goes to the outbox all the same. */
export const MESSAGE_FIELDS = 'templateId templateOptions providerId locale';

/** What a sign-in may say. */
export const SIGN_IN_FIELDS = `loginId ${MESSAGE_FIELDS} ${below(
  'loginOptions',
  `customClaims tenantId stepup mfa revokeOtherSessions ${MESSAGE_FIELDS}`,
)}`;

/** What a sign-up may say; some clients write the address beside the user too. */
export const SIGN_UP_FIELDS = `${SIGN_IN_FIELDS} email phone sms voice whatsapp ${below('user', `loginId ${PROFILE_FIELDS}`)}`;

/** What the change of an address may say beside the address. */
export const ADDRESS_FIELDS = `loginId ${MESSAGE_FIELDS}`;
