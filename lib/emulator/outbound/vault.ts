// The outbound apps of a project and its connections: the tokens that Descope keeps for calls to other services.
import { createId, createSecret, NamedRecords } from '../store/records.js';
import type { Connection, ConnectionOwner, GrantedTokens } from './connection.js';
import { ACCESS_TOKEN_SECONDS } from './connection.js';
import { PendingConnections } from './pending-connections.js';

/** An outbound app as the emulator keeps it: a service that users and tenants connect to. */
export interface OutboundAppRecord {
  readonly id: string;
  readonly name: string;
  readonly defaultScopes: readonly string[];
  readonly defaultRedirectUrl: string;
  /** Write-only. */
  readonly clientSecret: string;
  /** Fields without effect, which are returned: description, logo, the URLs of the service. */
  readonly shown: Readonly<Record<string, unknown>>;
}

/** What a search for connections asks; absent members match any. */
interface ConnectionQuery {
  readonly appId?: string | undefined;
  readonly userId?: string | undefined;
  readonly tenantId?: string | undefined;
  /** Exactly these, in any order. */
  readonly scopes?: readonly string[] | undefined;
  readonly externalIdentifier?: string | undefined;
}

const MAX_CONNECTIONS = 10_000;

/** Keeps outbound apps and connections, and plays the services that refresh tokens. */
export class Vault {
  pending = new PendingConnections();
  apps = new NamedRecords<OutboundAppRecord>((app) => app.id);
  readonly #connections = new Map<string, Connection>();
  readonly #revoked = new Set<string>();

  /** Keeps a connection; it replaces an earlier one of the same owner, scopes and external identifier. */
  keep(owner: ConnectionOwner, granted: GrantedTokens): Connection {
    const [same] = this.find({ ...owner, ...granted });
    const id = same?.id ?? createId('OT');
    const connection = { ...owner, ...granted, id, refreshedSeconds: 0, refreshError: '' };
    this.#connections.delete(id);
    if (this.#connections.size >= MAX_CONNECTIONS) this.#forgetOldest();
    this.#connections.set(id, connection);
    return connection;
  }

  /** Finds connections, latest first. */
  find(query: ConnectionQuery): readonly Connection[] {
    const scopes = query.scopes && toScopeKey(query.scopes);
    return [...this.#connections.values()].reverse().filter((connection) => {
      const fields = ['appId', 'userId', 'tenantId', 'externalIdentifier'] as const;
      const isAsked = fields.every((name) => query[name] === undefined || query[name] === connection[name]);
      return isAsked && (scopes === undefined || scopes === toScopeKey(connection.scopes));
    });
  }

  /** Removes connections. */
  remove(connections: readonly Connection[]): void {
    for (const { id } of connections) this.#connections.delete(id);
  }

  /** Refreshes an access token at the service; a service that has revoked the refresh token leaves an error. */
  refresh(connection: Connection, nowSeconds: number): Connection {
    const { id, refreshToken } = connection;
    const refreshed = this.isRefreshable(connection)
      ? {
          ...connection,
          accessToken: createSecret(),
          expiresSeconds: nowSeconds + ACCESS_TOKEN_SECONDS,
          refreshedSeconds: nowSeconds,
          refreshError: '',
        }
      : { ...connection, refreshError: refreshToken === '' ? 'no refresh token' : 'invalid_grant' };
    this.#connections.set(id, refreshed);
    return refreshed;
  }

  /** Whether the service would issue a new access token. */
  isRefreshable({ refreshToken }: Pick<Connection, 'refreshToken'>): boolean {
    return refreshToken !== '' && !this.#revoked.has(refreshToken);
  }

  /** Makes the service reject the refresh tokens of connections from now on. */
  revoke(connections: readonly Connection[]): void {
    for (const { refreshToken } of connections) if (refreshToken !== '') this.#revoked.add(refreshToken);
  }

  /** Removes everything. */
  clear(): void {
    this.pending = new PendingConnections();
    this.apps = new NamedRecords<OutboundAppRecord>((app) => app.id);
    this.#connections.clear();
    this.#revoked.clear();
  }

  #forgetOldest(): void {
    for (const oldest of this.#connections.keys()) {
      this.#connections.delete(oldest);
      return;
    }
  }
}

function toScopeKey(scopes: readonly string[]): string {
  return JSON.stringify([...new Set(scopes)].sort());
}
