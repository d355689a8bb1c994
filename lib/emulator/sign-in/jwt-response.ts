// The answer that carries tokens: Descope's JWTResponse, in the body or in cookies.
import type { Answer } from '../http/answer.js';
import type { JsonObject } from '../http/call.js';
import type { UserRecord } from '../store/users.js';
import { toUserView } from '../users/user-view.js';
import type { World } from '../world.js';
import type { SignIn } from './sign-ins.js';

/** Tokens on their way to a client. */
export interface HandedTokens {
  readonly signIn: SignIn;
  readonly user: UserRecord;
  readonly sessionJwt: string;
  /** Left out where a refresh does not rotate. */
  readonly refreshJwt?: string | undefined;
  readonly claims: JsonObject;
  readonly firstSeen?: boolean;
}

/** Makes the answer; in cookie mode its body holds no token. */
export function toJwtAnswer(world: World, tokens: HandedTokens): Answer {
  const inCookies = world.settings.responseMode === 'cookies';
  return {
    status: 200,
    body: {
      sessionJwt: inCookies ? '' : tokens.sessionJwt,
      refreshJwt: inCookies ? '' : (tokens.refreshJwt ?? ''),
      cookieDomain: '',
      cookiePath: '/',
      cookieMaxAge: secondsLeft(world, tokens.signIn),
      cookieExpiration: tokens.signIn.refreshEndsSeconds,
      cookieName: world.settings.refreshCookieName,
      user: toUserView(tokens.user, world.project),
      firstSeen: tokens.firstSeen ?? false,
      sessionExpiration: tokens.claims.exp,
      claims: tokens.claims,
      nextRefreshSeconds: world.settings.sessionSeconds,
    },
    ...(inCookies ? { headers: { 'set-cookie': toCookies(world, tokens) } } : {}),
  };
}

/** The cookies that end a session in the browser; none in body mode. */
export function clearingCookies(world: World): Answer['headers'] {
  if (world.settings.responseMode === 'body') return {};
  const { sessionCookieName, refreshCookieName } = world.settings;
  return { 'set-cookie': [toCookie(sessionCookieName, '', 0), toCookie(refreshCookieName, '', 0)] };
}

function toCookies(world: World, tokens: HandedTokens): readonly string[] {
  const { sessionCookieName, refreshCookieName, sessionSeconds } = world.settings;
  const session = toCookie(sessionCookieName, tokens.sessionJwt, sessionSeconds);
  if (!tokens.refreshJwt) return [session];
  return [session, toCookie(refreshCookieName, tokens.refreshJwt, secondsLeft(world, tokens.signIn))];
}

function toCookie(name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; Secure; SameSite=None`;
}

function secondsLeft(world: World, signIn: SignIn): number {
  return Math.max(0, signIn.refreshEndsSeconds - world.clock.nowSeconds());
}
