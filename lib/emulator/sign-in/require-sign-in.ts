// A refresh token in, the sign-in it belongs to out; or a refusal.
import type { Call } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { isObject } from '../http/fields.js';
import type { UserRecord } from '../store/users.js';
import { readToken } from '../tokens/token-reader.js';
import type { ReadToken } from '../tokens/token-reader.js';
import type { World } from '../world.js';
import type { SignIn } from './sign-ins.js';

/** The sign-in of the refresh token that a call shows, as its credential or as a cookie. */
export async function requireSignIn(call: Call, world: World): Promise<SignIn> {
  const token = requireRefreshToken(call, world);
  const read = await readToken(world, token, 'refresh');
  const user = requireEnabledUser(world, read.subject);
  const signIn = world.signIns.find(token) ?? adopt(world, read, user);
  if (signIn.ended) throw new DescopeError('signedOut', 'The session was ended by a logout');
  if (signIn.refreshToken !== token) refuseReplay(world, signIn);
  return signIn;
}

// Without an await between the look and the mark: of requests that bring one token at once, one wins.
/** Uses up the refresh token of a call where the project rotates them; refuses one that was used up before. */
export function claimRefreshToken(call: Call, world: World, signIn: SignIn): void {
  if (!world.settings.refreshRotation) return;
  if (signIn.refreshToken !== requireRefreshToken(call, world)) refuseReplay(world, signIn);
  signIn.refreshToken = '';
}

/** The user of a subject, if there is one and it may sign in. */
export function requireEnabledUser(world: World, subject: string): UserRecord {
  const user = world.project.users.find(subject);
  if (user?.userId !== subject || user.status === 'disabled') {
    throw new DescopeError('invalidToken', 'The user of the token is unknown or disabled');
  }
  return user;
}

function requireRefreshToken(call: Call, world: World): string {
  const token = call.authorization.credential || call.cookies.get(world.cookieName('refresh'));
  if (!token) throw new DescopeError('invalidToken', 'A refresh token is missing');
  return token;
}

// A token that a test minted with the project's key is as good as one that was handed out.
function adopt(world: World, read: ReadToken, user: UserRecord): SignIn {
  const { amr, dct, nsec, iat } = read.claims;
  const startedSeconds = typeof iat === 'number' ? iat : world.clock.nowSeconds();
  const signIn = world.signIns.add({
    userId: user.userId,
    startedSeconds,
    amr: Array.isArray(amr) ? amr.filter((name) => typeof name === 'string') : [],
    tenantId: typeof dct === 'string' ? dct : undefined,
    callerClaims: isObject(nsec) ? nsec : {},
    customClaims: {},
    overrides: {},
    refreshEndsSeconds: read.expiresSeconds,
    refreshToken: read.token,
    ended: world.signIns.wasEnded(user.userId, startedSeconds),
  });
  world.signIns.bind(read.token, signIn);
  return signIn;
}

function refuseReplay(world: World, signIn: SignIn): never {
  if (world.settings.replayEndsSignIn) signIn.ended = true;
  throw new DescopeError('invalidToken', 'The refresh token was replaced by a newer one');
}
