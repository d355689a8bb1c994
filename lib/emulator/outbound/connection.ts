// A connection: the tokens that Descope keeps for calls to another service, for a user or a tenant.
/** Whose connection it is: a user's, a user's in a tenant, or a tenant's. */
export interface ConnectionOwner {
  readonly appId: string;
  /** Empty for a connection of the tenant itself. */
  readonly userId: string;
  /** Empty for none. */
  readonly tenantId: string;
}

/** What a service has granted. */
export interface GrantedTokens {
  readonly scopes: readonly string[];
  readonly accessToken: string;
  readonly accessTokenType: string;
  /** When the access token expires, in seconds since 1970; 0 for never, or unknown. */
  readonly expiresSeconds: number;
  /** Empty for none. */
  readonly refreshToken: string;
  /** Who connected it: the user id; empty for unknown. */
  readonly grantedBy: string;
  /** Which of several accounts at the service; empty for the only one. */
  readonly externalIdentifier: string;
}

/** A connection: an owner, and the tokens of a service for it. */
export interface Connection extends ConnectionOwner, GrantedTokens {
  readonly id: string;
  /** In seconds since 1970; 0 for never. */
  readonly refreshedSeconds: number;
  readonly refreshError: string;
}

/** The lifetime of the access tokens that the services of the emulator issue. */
export const ACCESS_TOKEN_SECONDS = 3600;

/** Whether the access token of a connection has expired. */
export function isExpired({ expiresSeconds }: Connection, nowSeconds: number): boolean {
  return expiresSeconds !== 0 && expiresSeconds <= nowSeconds;
}
