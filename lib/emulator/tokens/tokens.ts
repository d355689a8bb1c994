// Issues the tokens of a sign-in, signs claims, and reads tokens back.
import type { JWTPayload } from 'jose';
import { jwtVerify, SignJWT } from 'jose';
import { DescopeError } from '../errors.js';
import type { JsonObject } from '../http/message.js';
import type { ProjectState, TokenKind } from '../project-state.js';
import type { EmulatorKey } from '../store/key-ring.js';
import type { UserRecord } from '../store/project.js';
import type { SignIn } from '../store/sign-ins.js';
import { toRefreshClaims, toSessionClaims } from './claims.js';
import { lifetimesOf } from './lifetimes.js';

/** A session token with its claims. */
interface IssuedSession {
  readonly sessionJwt: string;
  readonly claims: JsonObject;
}

/** Issues a session token for a sign-in; only this token has the `extra` claims. */
export async function issueSession(
  state: ProjectState,
  signIn: SignIn,
  extra: JsonObject = {},
): Promise<IssuedSession> {
  const nowSeconds = state.clock.nowSeconds();
  const claims = state.issueTimes.toUnique({
    ...toSessionClaims(state, userOf(state, signIn), signIn),
    ...(extra.su === true ? { exp: nowSeconds + lifetimesOf(state, signIn.tenantId).stepUp } : {}),
    ...extra,
  });
  signIn.activeSeconds = nowSeconds;
  const sessionJwt = await signToken(claims, state.keys.current);
  state.signIns.bind(sessionJwt, signIn, claims);
  return { sessionJwt, claims };
}

/** Issues a refresh token for a sign-in, which replaces its current one. */
export async function issueRefresh(state: ProjectState, signIn: SignIn): Promise<string> {
  signIn.refreshEndsSeconds = state.clock.nowSeconds() + lifetimesOf(state, signIn.tenantId).refresh;
  const claims = state.issueTimes.toUnique(toRefreshClaims(state, userOf(state, signIn), signIn));
  const token = await signToken(claims, state.keys.current);
  signIn.refreshToken = token;
  state.signIns.bind(token, signIn, claims);
  return token;
}

function userOf(state: ProjectState, signIn: SignIn): UserRecord {
  const user = state.project.users.find(signIn.userId);
  if (!user) throw new Error(`The user ${signIn.userId} no longer exists.`);
  return user;
}

/** Signs claims; header parameters and claims that are undefined are left out. */
export async function signToken(
  claims: JsonObject,
  key: EmulatorKey,
  header: JsonObject = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header })
    .sign(key.privateKey);
}

/** A verified token of the project. */
export interface ReadToken {
  readonly token: string;
  readonly claims: JsonObject;
  /** The id of the user or access key: the claim `dsub` where a JWT template replaced `sub`. */
  readonly subject: string;
  readonly expiresSeconds: number;
}

/** Verifies signature, issuer, expiry and kind of a token; rejects with E061005. */
export async function readToken(state: ProjectState, token: string, kind?: TokenKind): Promise<ReadToken> {
  const claims = await verify(state, token);
  const { sub, dsub = sub, exp, drn } = claims;
  if (kind && drn !== state.cookieName(kind)) throw rejection(`the token is not a ${kind} token`);
  if (typeof dsub !== 'string' || typeof exp !== 'number') throw rejection('the token lacks a claim');
  return { token, claims, subject: dsub, expiresSeconds: exp };
}

/** Verifies an access token of an inbound app or an agent, and returns its claims; undefined if it is not valid. */
export async function readAppClaims(state: ProjectState, token: string): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, (header) => findKey(state, header.kid), {
      algorithms: ['RS256', 'ES384'],
      currentDate: new Date(state.clock.now()),
      requiredClaims: ['exp', 'azp', 'drn'],
    });
    const isOfApp = payload.iss?.startsWith(`${state.url}/v1/apps/`) === true;
    return isOfApp ? payload : undefined;
  } catch {
    return undefined;
  }
}

async function verify(state: ProjectState, token: string): Promise<JsonObject> {
  try {
    const { payload } = await jwtVerify(token, (header) => findKey(state, header.kid), {
      algorithms: ['RS256', 'ES384'],
      issuer: [state.projectId, state.issuerUrl],
      currentDate: new Date(state.clock.now()),
    });
    return payload;
  } catch (cause) {
    // Descope reports no reason; here it helps to read the failure of a test.
    throw rejection(cause instanceof Error ? cause.message : 'unknown');
  }
}

function findKey(state: ProjectState, kid: string | undefined) {
  const key = state.keys.find(kid ?? '');
  if (!key) throw new Error('unknown key id');
  return key.publicKey;
}

function rejection(reason: string): DescopeError {
  return new DescopeError('invalidToken', `Invalid token: ${reason}`);
}
