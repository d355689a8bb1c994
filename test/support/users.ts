// Users as their tokens describe them.
import type { DescopeClaims, TokenKind } from '#lib/core/token/claims.js';
import { DescopeUser } from '#lib/core/user/descope-user.js';
import { sessionClaims } from './tokens.js';

/** Makes the user of a session with these claims. */
export function userOf(members: Record<string, unknown> = {}, kind: TokenKind = 'user'): DescopeUser {
  const roles = { staffRole: 'is_staff', superuserRole: 'is_superuser', actorClaim: 'act' };
  return new DescopeUser({ claims: sessionClaims(members) as DescopeClaims, kind }, 'anna', roles);
}
