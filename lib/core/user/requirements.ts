// The demands that a route may make, as data. Several demands add up.
import type { MaybePromise } from '../maybe-promise.js';
import type { TokenKind } from '../token/claims.js';

/** Whether one of the names is enough, or all are needed. */
export type NameMatch = 'any' | 'all';

/**
 * Where a request names a tenant, or another value that a demand is about: a route's parameter (in GraphQL an
 * argument), a header, the first label of the host, the session's current tenant, or a function of the execution context.
 */
export type RequestValueSource =
  | `param:${string}`
  | `header:${string}`
  | 'subdomain'
  | 'dct'
  | ((context: never) => MaybePromise<string | null | undefined>);

/** Roles or permissions, in the project or in a tenant. */
export interface GrantDemand {
  readonly kind: 'roles' | 'permissions';
  readonly names: readonly string[];
  readonly match: NameMatch;
  /** In which tenant: `true` for the route's, or where the request names it. Left out: in the project. */
  readonly tenant?: true | RequestValueSource | undefined;
  /** Whether the same grant in the project is enough, too. */
  readonly orProject?: boolean | undefined;
}

/** Membership in the tenant that the request names. */
export interface TenantDemand {
  readonly kind: 'tenant';
  readonly from: RequestValueSource;
}

/** OAuth scopes (RFC 6749 §3.3). */
export interface ScopeDemand {
  readonly kind: 'scopes';
  readonly names: readonly string[];
  readonly match: NameMatch;
}

/** Methods of authentication (RFC 8176). */
export interface MethodDemand {
  readonly kind: 'amr';
  readonly names: readonly string[];
  readonly match: NameMatch;
}

/** A step-up of a limited age (RFC 9470). */
export interface StepUpDemand {
  readonly kind: 'step-up';
  /** Greatest age in seconds of the token that carries it; `undefined` for as long as Descope lets it last. */
  readonly maxAgeSeconds?: number | undefined;
}

/** A sign-in with two factors. */
export interface MfaDemand {
  readonly kind: 'mfa';
}

/** Staff or superusers, as Django has them. */
export interface StaffDemand {
  readonly kind: 'staff' | 'superuser';
}

/** The kinds of caller that are accepted, in place of the module's. */
export interface KindDemand {
  readonly kind: 'accepts';
  readonly kinds: readonly TokenKind[];
}

/** The audiences of which a token must name one, in place of the module's. */
export interface AudienceDemand {
  readonly kind: 'audience';
  readonly names: readonly string[];
}

/** One demand of a route, which is decided by the token alone. */
export type Demand =
  | GrantDemand
  | TenantDemand
  | ScopeDemand
  | MethodDemand
  | StepUpDemand
  | MfaDemand
  | StaffDemand
  | KindDemand
  | AudienceDemand;

/** Checks whether a demand is about which tokens are accepted at all. */
export function isAcceptanceDemand(demand: Demand): demand is KindDemand | AudienceDemand {
  return demand.kind === 'accepts' || demand.kind === 'audience';
}

const NO_SOURCES: readonly RequestValueSource[] = Object.freeze([]);

/** Returns the sources from which the request's tenants must be read to decide these demands; none for most routes. */
export function readTenantSources(demands: readonly Demand[]): readonly RequestValueSource[] {
  if (!demands.some(isAboutTenant)) return NO_SOURCES;
  const sources = demands.flatMap((demand) => {
    if (demand.kind === 'tenant') return [demand.from];
    return 'tenant' in demand && demand.tenant !== undefined && demand.tenant !== true ? [demand.tenant] : [];
  });
  return [...new Set(sources)];
}

function isAboutTenant(demand: Demand): boolean {
  return demand.kind === 'tenant' || ('tenant' in demand && demand.tenant !== undefined);
}
