// What a seed may hold: the data of a project, written by hand.
import type { JsonObject } from '../http/message.js';

/** The data the emulator starts with, and goes back to on `reset()`. */
export interface EmulatorSeed {
  readonly users?: readonly SeedUser[];
  readonly tenants?: readonly SeedTenant[];
  /** Where it is given, users and access keys may name no other roles. */
  readonly roles?: readonly SeedRole[];
  readonly accessKeys?: readonly SeedAccessKey[];
  /** OAuth clients of the project. */
  readonly inboundApps?: readonly SeedInboundApp[];
  readonly fga?: SeedAuthorization;
}

/** A user of a seed. */
export interface SeedUser {
  readonly loginId: string;
  /** Further login ids. */
  readonly additionalLoginIds?: readonly string[];
  /** Default: made from the login id, the same at every start. */
  readonly userId?: string;
  /** Default: the login id, if it has the form of an address. */
  readonly email?: string;
  readonly phone?: string;
  readonly name?: string;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly picture?: string;
  readonly password?: string;
  readonly roles?: readonly string[];
  /** Permissions beyond those of the roles. */
  readonly permissions?: readonly string[];
  readonly tenants?: readonly SeedMembership[];
  readonly customAttributes?: JsonObject;
  /** Claims that go into each of the user's session tokens. */
  readonly customClaims?: JsonObject;
  /** Default: `enabled`. */
  readonly status?: 'enabled' | 'disabled' | 'invited';
  /** Whether codes may be generated for it by a management call. Default: false. */
  readonly test?: boolean;
}

/** A user's or an access key's place in a tenant. */
export interface SeedMembership {
  readonly tenantId: string;
  readonly roles?: readonly string[];
}

/** A tenant of a seed. */
export interface SeedTenant {
  readonly id: string;
  /** Default: the id. */
  readonly name?: string;
  readonly customAttributes?: JsonObject;
}

/** A role of a seed. */
export interface SeedRole {
  readonly name: string;
  readonly permissions?: readonly string[];
  readonly description?: string;
  /** Makes it a role of one tenant only. */
  readonly tenantId?: string;
}

/** An access key of a seed. */
export interface SeedAccessKey {
  readonly name: string;
  /** What a client shows to exchange it. */
  readonly cleartext: string;
  /** Default: made from the name, the same at every start. */
  readonly id?: string;
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
  readonly tenants?: readonly SeedMembership[];
  /** The login id of a user, whose grants then count instead of its own. */
  readonly user?: string;
  /** Claims at the top level of its session tokens. */
  readonly customClaims?: JsonObject;
  /** When it ends, in seconds since 1970. Default: never. */
  readonly expireTime?: number;
}

/** An inbound app of a seed. */
export interface SeedInboundApp {
  readonly name: string;
  /** What the app shows to get a token. */
  readonly clientSecret: string;
  /** Default: made from the project id and the name, the same at every start. */
  readonly clientId?: string;
  /** The scopes it may ask for; all of them are given when it asks for none. */
  readonly scopes?: readonly string[];
  /** The ids of tenants it may ask for. Default: any. */
  readonly tenants?: readonly string[];
  /** The audience of its tokens when it asks for none. Default: both. */
  readonly defaultAudience?: 'projectId' | 'clientId';
}

/** The fine-grained authorization of a seed. */
export interface SeedAuthorization {
  /** The schema in Descope's language, which starts with `model AuthZ 1.0`. */
  readonly schema: string;
  readonly relations?: readonly SeedRelation[];
}

/** A relation of a seed, as the API takes it. */
export interface SeedRelation {
  readonly resource: string;
  readonly resourceType: string;
  readonly relation: string;
  readonly target: string;
  readonly targetType: string;
}
