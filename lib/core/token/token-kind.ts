// Who calls with this token: a user, an access key, an app, an agent, or one cannot tell.
import type { DescopeClaims } from './claims.js';
import { readNames, readText } from './claims.js';
import type { IssuerKind } from './issuer.js';

/** Who stands behind a token. `unknown` is a genuine session that shows no evidence of either a user or an access key. */
export type TokenKind = 'user' | 'access-key' | 'app' | 'agent' | 'unknown';

const ACCESS_KEY_ID = /^K[A-Za-z0-9]{27,31}$/;

/** Reads the id of the user or access key: `dsub` where a JWT template replaced the subject, else `sub`. */
export function readSubjectId(claims: DescopeClaims): string {
  return readText(claims, 'dsub') ?? claims.sub;
}

/**
 * Reads who stands behind a token. A user needs positive evidence, a session's `drn` and an `amr`;
 * an access key's id wins over both, because a key's own claims stand among the token's.
 */
export function readTokenKind(claims: DescopeClaims, issuer: IssuerKind): TokenKind {
  if (issuer !== 'session') return issuer;
  const id = readSubjectId(claims);
  if (ACCESS_KEY_ID.test(id)) return 'access-key';
  if (claims.drn !== undefined && readNames(claims, 'amr').length > 0) return 'user';
  return id.startsWith('K') ? 'access-key' : 'unknown';
}

/** Tells whether a kind may come in; `unknown` may where both that it could be may. */
export function isKindAccepted(kind: TokenKind, accepted: readonly TokenKind[]): boolean {
  if (kind === 'unknown') return accepted.includes('user') && accepted.includes('access-key');
  return accepted.includes(kind);
}
