// The outbound apps of a seed, with the connections of its users and tenants.
import type { ConnectionState, EmulatorConnection } from '../outbound/connections.js';
import { EMPTY_APP } from '../outbound/connections.js';
import { grantTokens } from '../outbound/grant-tokens.js';
import { toSeededId } from '../store/records.js';

/** An outbound app of a seed: a service that users and tenants connect to. */
export interface SeedOutboundApp {
  /** The id, which calls for its tokens name. */
  readonly id: string;
  /**
   * The display name.
   *
   * @defaultValue the id
   */
  readonly name?: string;
  /**
   * The scopes of a connection that names none.
   *
   * @defaultValue none
   */
  readonly scopes?: readonly string[];
  /** Connections that exist at the start. */
  readonly connections?: readonly EmulatorConnection[];
}

/** The part of a seed that is read here. */
interface ConnectionSeed {
  readonly outboundApps?: readonly SeedOutboundApp[];
  readonly users?: readonly { readonly loginId: string }[];
  readonly tenants?: readonly { readonly id: string }[];
}

/** Adds outbound apps and connections; their tokens are the same after each reset. */
export function applyOutboundApps(state: ConnectionState, { outboundApps = [] }: ConnectionSeed): void {
  for (const { id, name = id, scopes = [], connections = [] } of outboundApps) {
    state.vault.apps.put({ ...EMPTY_APP, id, name, defaultScopes: scopes });
    for (const [index, connection] of connections.entries()) {
      const { user, tenantId = '' } = connection;
      const userId = user === undefined ? '' : (state.project.users.find(user)?.userId ?? user);
      const seeded = (kind: string) => toSeededId(kind, `${id} ${index}`);
      const tokens = { accessToken: seeded('access-'), refreshToken: seeded('refresh-'), grantedBy: userId };
      state.vault.keep(
        { appId: id, userId, tenantId },
        grantTokens(state, { scopes, ...tokens, ...connection }),
      );
    }
  }
}

/** Lists what is wrong with the names in outbound apps. */
export function findConnectionMistakes(seed: ConnectionSeed): readonly string[] {
  return (seed.outboundApps ?? []).flatMap(({ connections = [] }, app) =>
    connections.flatMap((connection, index) => {
      const wrong = findOwnerMistake(seed, connection);
      return wrong === undefined ? [] : [`outboundApps[${app}].connections[${index}]${wrong}`];
    }),
  );
}

function findOwnerMistake(seed: ConnectionSeed, { user, tenantId }: EmulatorConnection): string | undefined {
  if (user === undefined && tenantId === undefined) return ' needs a user or a tenantId';
  if (user !== undefined && !seed.users?.some(({ loginId }) => loginId === user)) {
    return `.user is ${JSON.stringify(user)}, which is not a loginId in users`;
  }
  const isUnknown = tenantId !== undefined && seed.tenants?.every(({ id }) => id !== tenantId) === true;
  return isUnknown ? ` names the tenant ${JSON.stringify(tenantId)}, which is not in tenants` : undefined;
}
