// A persona: a caller whose access is judged, as the guard would authenticate it.
import type { INestApplicationContext } from '@nestjs/common';
import { DESCOPE_AUTHENTICATOR } from '../../auth/injection-tokens.js';
import type { DescopeError } from '../../core/errors.js';
import { DescopeConfigError, readConsequence } from '../../core/errors.js';
import type { Authenticator } from '../../core/session/authenticator.js';
import { DescopeSession } from '../../core/session/session.js';

/**
 * A caller whose access is judged: `'anonymous'`, a token or access key that the application verifies, an object with such a
 * `token` (what `createTestDescope().as()` and `emulator.signIn()` return), or a session, whose user counts as verified.
 */
export type AccessPersona = string | TokenHolder | SignInHolder | DescopeSession;

/** An object with a token of the caller. */
export interface TokenHolder {
  /** The session token, or the access key. */
  readonly token: string;
}

/** The result of a sign-in. */
export interface SignInHolder {
  /** The session token. */
  readonly sessionJwt: string;
}

/** An authenticated persona: its session, or why its credential is rejected. */
export type KnownPersona = { readonly session: DescopeSession } | { readonly rejection: DescopeError };

/**
 * Authenticates a persona as the guard would, by a bearer token.
 * @throws {DescopeUnavailableError} KEYS_UNAVAILABLE, or another code of an outage
 * @throws {DescopeConfigError} CONFIG_INVALID when it is none of the forms of a persona
 */
export async function toKnownPersona(
  app: INestApplicationContext,
  name: string,
  persona: AccessPersona,
): Promise<KnownPersona> {
  if (persona === 'anonymous') return { session: DescopeSession.anonymous() };
  if (isSession(persona)) {
    const { user } = persona;
    return user === undefined ? { rejection: DescopeSession.toRejection(persona) } : { session: persona };
  }
  return authenticate(app, toToken(name, persona));
}

async function authenticate(app: INestApplicationContext, token: string): Promise<KnownPersona> {
  const authenticator = app.get<Authenticator>(DESCOPE_AUTHENTICATOR, { strict: false });
  const isJwt = token.split('.').length === 3;
  const request = { headers: { authorization: `Bearer ${token}` } };
  try {
    // A session token counts wherever the application reads it from; an access key is exchanged.
    const session = isJwt ? authenticator.open(token, false) : authenticator.authenticate(request);
    return { session: await session };
  } catch (error) {
    const consequence = readConsequence(error);
    if (consequence === 'credential' || consequence === 'access') return { rejection: error as DescopeError };
    throw error; // an outage says nothing about the persona
  }
}

// By its members: a session may be of another copy of the package.
function isSession(persona: AccessPersona): persona is DescopeSession {
  return typeof persona === 'object' && (persona as unknown) !== null && 'requireUser' in persona;
}

function toToken(name: string, persona: Exclude<AccessPersona, DescopeSession>): string {
  const given: unknown = typeof persona === 'string' ? persona : readToken(persona);
  if (typeof given === 'string' && given !== '') return given;
  const message = `The persona ${JSON.stringify(name)} is none: expected 'anonymous', a token, an object with a token, or a session.`;
  throw new DescopeConfigError('CONFIG_INVALID', message, { persona: name });
}

function readToken(persona: object | null): unknown {
  if (typeof persona !== 'object' || persona === null) return undefined;
  return 'token' in persona ? persona.token : (persona as { readonly sessionJwt?: unknown }).sessionJwt;
}
