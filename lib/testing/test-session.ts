// The session and the user that a test's token would be given, for a test that calls a handler by itself.
import { DescopeSession } from '../core/session/session.js';
import type { SignedInSession } from '../core/session/session.js';
import { freezeDeep } from '../core/token/claims.js';
import type { DescopeClaims } from '../core/token/claims.js';
import { decodeToken } from '../core/token/decode.js';
import { readSubjectId } from '../core/token/token-kind.js';
import type { TokenKind } from '../core/token/token-kind.js';
import { DescopeUser } from '../core/user/descope-user.js';

const POLICY = { staffRole: 'is_staff', superuserRole: 'is_superuser' };

/** Makes the session of a token, by the default options. */
export function toTestSession(token: string, kind: TokenKind): SignedInSession {
  const claims = decodeToken(token).payload as unknown as DescopeClaims; // of our own making
  freezeDeep(claims);
  const user = new DescopeUser({ claims, kind }, readSubjectId(claims), POLICY);
  return DescopeSession.of(user, token);
}
