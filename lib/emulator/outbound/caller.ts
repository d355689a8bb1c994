// Who may fetch the tokens of connections: the management key, or a user through the token of an inbound app.
import { DescopeError } from '../errors.js';
import type { Call } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import { toDigest } from '../store/records.js';
import { readAppClaims } from '../tokens/tokens.js';

/** The scope of an inbound app that may fetch the tokens of its user. */
export const FETCH_SCOPE = 'outbound.token.fetch';

/** A caller, and whose connections it reaches. */
interface VaultCaller {
  /** The user of a token; empty for the management key. */
  readonly userId: string;
  /** Resolves a login id or user id; rejects one that the caller may not act for. */
  requireUserId(id: string): string;
  /** Rejects a tenant that the caller may not act for. */
  requireTenantId(id: string): string;
}

/** Reads the credential of a call; rejects one that is neither, or lacks the scope. */
export async function readVaultCaller(call: Call, state: ProjectState): Promise<VaultCaller> {
  const { credential } = call.authorization;
  const toUserId = (id: string) => state.project.users.find(id)?.userId ?? id;
  if (toDigest(credential) === toDigest(state.managementKey)) {
    return { userId: '', requireUserId: toUserId, requireTenantId: (id) => id };
  }
  const claims = await readAppClaims(state, credential);
  // A bound token is no bearer token, and Descope documents proofs for two other endpoints alone.
  if (!claims || claims['cnf'] !== undefined) {
    throw new DescopeError(
      'invalidToken',
      'The credential is neither the management key nor a token of an app',
    );
  }
  if (typeof claims.scope !== 'string' || !claims.scope.split(' ').includes(FETCH_SCOPE)) {
    throw new DescopeError('forbidden', `The token lacks the scope ${FETCH_SCOPE}`);
  }
  const user = state.project.users.find(claims.sub ?? '');
  const userId = user?.userId ?? '';
  const tenantIds = user?.tenants.map(({ tenantId }) => tenantId) ?? [];
  return {
    userId,
    requireUserId: (id) => requireOwn(toUserId(id), [userId], 'user'),
    requireTenantId: (id) => requireOwn(id, tenantIds, 'tenant'),
  };
}

function requireOwn(id: string, own: readonly string[], what: string): string {
  if (own.includes(id)) return id;
  throw new DescopeError('forbidden', `The token is not of the ${what} ${id}`);
}
