// The connections of users and tenants to outbound apps, as tests make and end them.
import { EmulatorError } from '../errors.js';
import type { Connection, ConnectionOwner } from './connection.js';
import { grantTokens } from './grant-tokens.js';
import type { Vault } from './vault.js';

/** Whose connection it is: of a user, of a user in a tenant, or of a tenant. */
export interface EmulatorConnectionOwner {
  /** The user, by login id or user id; left out, the connection is the tenant's. */
  readonly user?: string;
  /** The id of the tenant. */
  readonly tenantId?: string;
}

/** A connection that a test makes. */
export interface EmulatorConnection extends EmulatorConnectionOwner {
  /**
   * The scopes that the service has granted.
   *
   * @defaultValue the default scopes of the app
   */
  readonly scopes?: readonly string[];
  /**
   * The access token.
   *
   * @defaultValue a new one
   */
  readonly accessToken?: string;
  /**
   * When the access token expires, in seconds from now; a negative number for one that has expired.
   *
   * @defaultValue 3600
   */
  readonly expiresInSeconds?: number;
  /**
   * The refresh token; an empty string for none.
   *
   * @defaultValue a new one
   */
  readonly refreshToken?: string;
  /**
   * Which of several accounts at the service it is.
   *
   * @defaultValue none
   */
  readonly externalIdentifier?: string;
}

/** The part of a project's state that connections need. */
export interface ConnectionState {
  readonly vault: Vault;
  readonly clock: { nowSeconds(): number };
  readonly project: { readonly users: { find(id: string): { readonly userId: string } | undefined } };
}

/**
 * The connections to outbound apps.
 *
 * @see {@link https://docs.descope.com/identity-federation/outbound-apps | Outbound Apps}
 */
export class Connections {
  readonly #state: ConnectionState;

  /** @internal */
  constructor(state: ConnectionState) {
    this.#state = state;
  }

  /**
   * Connects a user or a tenant to an outbound app, as if somebody had allowed it on the page of the service.
   *
   * @param appId The id of the app; one that does not exist is created.
   * @returns The access token.
   * @throws {EmulatorError} EMULATOR_USER_UNKNOWN when there is no such user
   * @example emulator.connections.add('google-calendar', { user: 'ada@example.com', scopes: ['calendar.read'] });
   */
  add(appId: string, connection: EmulatorConnection): string {
    const { apps } = this.#state.vault;
    const app = apps.find(appId) ?? apps.put({ ...EMPTY_APP, id: appId, name: appId });
    const owner = this.#toOwner(appId, connection);
    const chosen = { grantedBy: owner.userId, ...connection, scopes: connection.scopes ?? app.defaultScopes };
    return this.#state.vault.keep(owner, grantTokens(this.#state, chosen)).accessToken;
  }

  /**
   * Makes the service reject the refresh tokens of an owner, as if the access had been withdrawn there. The current
   * access token stays valid until it expires; then there is no token until somebody connects again.
   *
   * @throws {EmulatorError} EMULATOR_USER_UNKNOWN when there is no such user
   */
  revoke(appId: string, owner: EmulatorConnectionOwner): void {
    this.#state.vault.revoke(this.#find(appId, owner));
  }

  /**
   * Ends the connections of an owner.
   *
   * @throws {EmulatorError} EMULATOR_USER_UNKNOWN when there is no such user
   */
  remove(appId: string, owner: EmulatorConnectionOwner): void {
    this.#state.vault.remove(this.#find(appId, owner));
  }

  #find(appId: string, owner: EmulatorConnectionOwner): readonly Connection[] {
    return this.#state.vault.find(this.#toOwner(appId, owner));
  }

  #toOwner(appId: string, { user, tenantId = '' }: EmulatorConnectionOwner): ConnectionOwner {
    if (user === undefined) return { appId, userId: '', tenantId };
    const found = this.#state.project.users.find(user);
    if (found) return { appId, userId: found.userId, tenantId };
    throw new EmulatorError(
      'EMULATOR_USER_UNKNOWN',
      `Unknown user ${user}: nobody has this login id or user id.`,
    );
  }
}

/** An outbound app without settings. */
export const EMPTY_APP = {
  defaultScopes: [],
  defaultRedirectUrl: '',
  clientSecret: '',
  shown: {},
} as const;
