// A raw token in, the claims of one of our own tokens out.
import { jwtVerify } from 'jose';
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import type { TokenKind, World } from '../world.js';

/** A token that was found to be ours, of the kind asked for and not expired. */
export interface ReadToken {
  readonly token: string;
  readonly claims: JsonObject;
  readonly subject: string;
  readonly expiresSeconds: number;
}

/** Verifies a token and reads its claims; refuses with E061005. */
export async function readToken(world: World, token: string, kind?: TokenKind): Promise<ReadToken> {
  const claims = await verify(world, token);
  const { sub, exp, drn } = claims;
  if (kind && drn !== world.cookieName(kind)) throw refusal(`the token is not a ${kind} token`);
  if (typeof sub !== 'string' || typeof exp !== 'number') throw refusal('the token lacks a claim');
  return { token, claims, subject: sub, expiresSeconds: exp };
}

async function verify(world: World, token: string): Promise<JsonObject> {
  try {
    const { payload } = await jwtVerify(token, (header) => findKey(world, header.kid), {
      algorithms: ['RS256', 'ES384'],
      issuer: [world.projectId, world.issuerUrl],
      currentDate: new Date(world.clock.now()),
    });
    return payload;
  } catch (cause) {
    // Descope tells a client no more than this; the cause helps whoever reads a test's failure.
    throw refusal(cause instanceof Error ? cause.message : 'unknown');
  }
}

function findKey(world: World, kid: string | undefined) {
  const key = world.keys.find(kid ?? '');
  if (!key) throw new Error('unknown key id');
  return key.publicKey;
}

function refusal(reason: string): DescopeError {
  return new DescopeError('invalidToken', `Invalid token: ${reason}`);
}
