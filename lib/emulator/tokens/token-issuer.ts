// Hands out the tokens of a sign-in, each different from all before it.
import type { JsonObject } from '../http/call.js';
import type { SignIn } from '../sign-in/sign-ins.js';
import type { UserRecord } from '../store/users.js';
import type { World } from '../world.js';
import { toRefreshClaims, toSessionClaims } from './claims.js';
import { signToken } from './token-signer.js';

/** A session token with the claims it carries. */
export interface IssuedSession {
  readonly sessionJwt: string;
  readonly claims: JsonObject;
}

/** Issues a session token for a sign-in; `extra` claims hold for this token alone. */
export async function issueSession(
  world: World,
  signIn: SignIn,
  extra: JsonObject = {},
): Promise<IssuedSession> {
  const claims = world.issueTimes.distinguish({
    ...toSessionClaims(world, userOf(world, signIn), signIn),
    ...extra,
  });
  const sessionJwt = await signToken(claims, world.keys.current);
  world.signIns.bind(sessionJwt, signIn);
  return { sessionJwt, claims };
}

/** Issues a refresh token for a sign-in, which from then on is the one that counts. */
export async function issueRefresh(world: World, signIn: SignIn): Promise<string> {
  signIn.refreshEndsSeconds = world.clock.nowSeconds() + world.settings.refreshSeconds;
  const claims = world.issueTimes.distinguish(toRefreshClaims(world, userOf(world, signIn), signIn));
  const token = await signToken(claims, world.keys.current);
  world.signIns.bind(token, signIn);
  signIn.refreshToken = token;
  return token;
}

function userOf(world: World, signIn: SignIn): UserRecord {
  const user = world.project.users.find(signIn.userId);
  if (!user) throw new Error(`The user ${signIn.userId} is gone.`);
  return user;
}
