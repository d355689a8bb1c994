// By which name does the application know this caller? The one step of a user's making that may refuse.
import { DescopeAccessError } from '../errors.js';
import { isJsonObject, isWellFormed, readOwn } from '../token/claims.js';
import type { DescopeClaims } from '../token/claims.js';
import { readSubjectId } from '../token/token-kind.js';
import type { VerifiedToken } from '../token/token-verifier.js';

/** Where the username stands: a claim's name, a path into nested claims, or a function of them. */
export type UsernameClaim = string | readonly string[] | ((claims: DescopeClaims) => unknown);

/**
 * Reads the username. A user's comes from the claim and is never replaced by another identity; access keys, apps and
 * agents are called by their id, because a key's own claims must not impersonate a user.
 * Throws `USERNAME_CLAIM_MISSING` or, where a token does not prove that it is a user's, `USERNAME_KIND_UNPROVEN`.
 */
export function readUsername(token: VerifiedToken, claim: UsernameClaim): string {
  const id = readSubjectId(token.claims);
  if (token.kind !== 'user' && token.kind !== 'unknown') return id;
  const username = readClaim(token.claims, claim);
  if (typeof username !== 'string' || username.trim() === '' || !isWellFormed(username)) throw missing(claim);
  if (token.kind === 'unknown' && username !== id) throw unproven(claim);
  return username;
}

/** Names a username claim in a message. */
export function toUsernameClaimName(claim: UsernameClaim): string {
  if (typeof claim === 'string') return claim;
  return typeof claim === 'function' ? claim.name || 'usernameClaim()' : claim.join(' → ');
}

function readClaim(claims: DescopeClaims, claim: UsernameClaim): unknown {
  if (typeof claim === 'function') return claim(claims);
  const path = typeof claim === 'string' ? [claim] : claim; // a claim's name may itself hold dots
  return path.reduce<unknown>(
    (value, name) => (isJsonObject(value) ? readOwn(value, name) : undefined),
    claims,
  );
}

function missing(claim: UsernameClaim): DescopeAccessError {
  const name = toUsernameClaimName(claim);
  const message = `The token has no username: its claim "${name}" is missing, empty or no text. Add the claim to the project's JWT template, or change usernameClaim.`;
  return new DescopeAccessError('USERNAME_CLAIM_MISSING', message, { claim: name });
}

function unproven(claim: UsernameClaim): DescopeAccessError {
  const name = toUsernameClaimName(claim);
  const message = `The claim "${name}" does not count as a username here: the token shows neither "drn" with "amr", so it may be an access key's.`;
  return new DescopeAccessError('USERNAME_KIND_UNPROVEN', message, { claim: name });
}
