// The OAuth clients and MCP servers of a seed.

/** An inbound app of a seed. */
export interface SeedInboundApp {
  /** The name of the app. */
  readonly name: string;
  /**
   * The secret that the app authenticates with at the token endpoint.
   *
   * @defaultValue none: a public client, which uses the authorization code grant alone
   */
  readonly clientSecret?: string;
  /**
   * The OAuth client id.
   *
   * @defaultValue derived from the project id and the name, the same at every start
   */
  readonly clientId?: string;
  /**
   * The redirect URIs of the authorization code grant, compared character by character.
   *
   * @defaultValue none: the app cannot use that grant
   * @see RFC 6749, section 3.1.2
   */
  readonly redirectUris?: readonly string[];
  /** The scopes that the app may request; a request without scopes is granted all that are not optional. */
  readonly scopes?: readonly (string | SeedScope)[];
  /**
   * The ids of the tenants that the app may request.
   *
   * @defaultValue every tenant of the project
   */
  readonly tenants?: readonly string[];
  /**
   * The audience of its tokens when a request names none.
   *
   * @defaultValue the project id and the client id
   */
  readonly defaultAudience?: 'projectId' | 'clientId';
  /**
   * Whether the app gets no token without a DPoP proof.
   *
   * @defaultValue false: a proof binds the tokens, and without one they are bearer tokens
   * @see RFC 9449, section 5.2
   */
  readonly dpopBoundAccessTokens?: boolean;
  /**
   * What the app may exchange tokens of callers for: Descope's policies of delegated access.
   *
   * @defaultValue nothing: every exchange is rejected
   * @see {@link https://docs.descope.com/identity-federation/inbound-apps/grant-types/token-exchange | Token Exchange}
   */
  readonly exchanges?: readonly SeedExchange[];
}

/** A policy of delegated access: the tokens of callers that an app may get for one resource (RFC 8693). */
export interface SeedExchange {
  /** The URL of the resource, or the name of the audience. */
  readonly resource: string;
  /**
   * The scopes that it may grant; an exchange without scopes grants them all.
   *
   * @defaultValue none
   */
  readonly scopes?: readonly string[];
}

/** A scope of an inbound app or an MCP server. */
export interface SeedScope {
  /** The name, as in the claim `scope`. */
  readonly name: string;
  /** The description that the consent page shows. */
  readonly description?: string;
  /**
   * The roles of which a user must have one to allow the scope; without it, the token lacks the scope.
   *
   * @defaultValue none: any user may allow it
   */
  readonly roles?: readonly string[];
  /**
   * Whether it is granted only when it is requested.
   *
   * @defaultValue false
   */
  readonly optional?: boolean;
}

/**
 * An MCP server of a seed: an authorization server of its own, whose tokens are for one resource.
 *
 * @see {@link https://docs.descope.com/agentic-identity-hub/mcp-servers | MCP Servers}
 */
export interface SeedMcpServer {
  /** The name of the MCP server. */
  readonly name: string;
  /**
   * The id, which the issuer contains.
   *
   * @defaultValue derived from the name, the same at every start
   */
  readonly id?: string;
  /**
   * The URL of the MCP server: the audience of its tokens, and the only resource that clients may name.
   *
   * @defaultValue none: the audience is the resource that a client names, or the id
   */
  readonly url?: string;
  /** The scopes that clients may request; an inbound app needs to have them too. */
  readonly scopes?: readonly (string | SeedScope)[];
}
