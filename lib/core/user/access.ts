// User + demands → nothing, or an error. The whole of "may they?" is here.
import { DescopeAccessError, DescopeCredentialError } from '../errors.js';
import { isKindAccepted } from '../token/token-kind.js';
import type { TokenKind } from '../token/token-kind.js';
import type { DescopeUser } from './descope-user.js';

/** One thing that a route asks of its caller. Several of them add up. */
export interface Demand {
  readonly kind: 'roles' | 'permissions';
  readonly names: readonly string[];
  /** Whether one of the names is enough, or all are needed. */
  readonly match: 'any' | 'all';
}

/** Which tokens may come in at all. */
export interface AdmissionPolicy {
  readonly accepts: readonly TokenKind[];
  /** The audiences of which a token must name one; `undefined` when none is asked for. */
  readonly audience: readonly string[] | undefined;
}

/** Asserts that this kind of token, for this audience, may come in. Throws `TOKEN_KIND_NOT_ACCEPTED` or `TOKEN_AUDIENCE_MISMATCH`. */
export function assertAdmitted(user: DescopeUser, policy: AdmissionPolicy): void {
  if (!isKindAccepted(user.kind, policy.accepts)) {
    const message = `A token of the kind "${user.kind}" is not accepted here.`;
    throw new DescopeCredentialError('TOKEN_KIND_NOT_ACCEPTED', message, { kind: user.kind });
  }
  const { audience } = policy;
  const actual = toList(user.claims.aud);
  if (audience === undefined || actual.some((item) => audience.includes(item))) return;
  const message = 'The token is meant for another audience.';
  throw new DescopeCredentialError('TOKEN_AUDIENCE_MISMATCH', message, { expected: audience, actual });
}

/** Asserts that the user meets every demand. Throws `ACCESS_ROLE_MISSING` or `ACCESS_PERMISSION_MISSING`. */
export function assertAccess(user: DescopeUser, demands: readonly Demand[]): void {
  for (const demand of demands) {
    const held = demand.kind === 'roles' ? user.roles : user.permissions;
    if (!isMet(demand, held)) throw missing(demand);
  }
}

function isMet(demand: Demand, held: readonly string[]): boolean {
  if (demand.names.length === 0) return false; // an empty demand is a mistake, never an open door
  if (demand.match === 'any') return demand.names.some((name) => held.includes(name));
  return demand.names.every((name) => held.includes(name));
}

function missing(demand: Demand): DescopeAccessError {
  const code = demand.kind === 'roles' ? 'ACCESS_ROLE_MISSING' : 'ACCESS_PERMISSION_MISSING';
  const noun = demand.kind === 'roles' ? 'role' : 'permission';
  const message = `The user lacks ${demand.match === 'any' ? `any ${noun}` : `a ${noun}`} that this route asks for.`;
  return new DescopeAccessError(code, message, { wanted: demand.names, match: demand.match });
}

function toList(audience: string | readonly string[] | undefined): readonly string[] {
  if (audience === undefined) return [];
  return typeof audience === 'string' ? [audience] : audience;
}
