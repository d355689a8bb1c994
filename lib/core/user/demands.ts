// The demands of a route, as data. All demands of a route must be met.
import type { MaybePromise } from '../maybe-promise.js';
import type { TokenKind } from '../token/claims.js';

/** Whether one of the names is enough (`'any'`), or all are needed (`'all'`). */
export type NameMatch = 'any' | 'all';

/**
 * Where a request names a tenant or a resource: a route parameter (in GraphQL an argument), a header, the first label of
 * the host, the current tenant of the session (`'dct'`), or a function of the execution context.
 */
export type RequestValueSource =
  | `param:${string}`
  | `header:${string}`
  | 'subdomain'
  | 'dct'
  | ((context: never) => MaybePromise<string | null | undefined>);

/** The demand of `@Roles` or `@Permissions`: roles or permissions, in the project or in a tenant. */
export interface GrantDemand {
  /** What is demanded: roles or permissions. */
  readonly kind: 'roles' | 'permissions';
  /** The names of the roles or permissions. */
  readonly names: readonly string[];
  /** Whether one of the names is enough. */
  readonly match: NameMatch;
  /** The tenant of the grant: `true` for the tenant of `@Tenant`, or its source in the request. Left out: the project. */
  readonly tenant?: true | RequestValueSource | undefined;
  /** Whether the same grant in the project is enough, too; `false` if left out. */
  readonly orProject?: boolean | undefined;
}

/** The demand of `@Tenant`: membership in the tenant that the request names. */
export interface TenantDemand {
  /** The kind of demand. */
  readonly kind: 'tenant';
  /** Where the request names the tenant. */
  readonly from: RequestValueSource;
}

/**
 * The demand of `@Scopes`: OAuth scopes.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
 */
export interface ScopeDemand {
  /** The kind of demand. */
  readonly kind: 'scopes';
  /** The names of the scopes. */
  readonly names: readonly string[];
  /** Whether one of the names is enough. */
  readonly match: NameMatch;
}

/**
 * The demand of `@Amr`: authentication methods.
 * @see https://www.rfc-editor.org/rfc/rfc8176#section-2
 */
export interface MethodDemand {
  /** The kind of demand. */
  readonly kind: 'amr';
  /** The values that the claim `amr` must contain. */
  readonly names: readonly string[];
  /** Whether one of the names is enough. */
  readonly match: NameMatch;
}

/**
 * The demand of `@StepUp`: a step-up authentication.
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 */
export interface StepUpDemand {
  /** The kind of demand. */
  readonly kind: 'step-up';
  /** The greatest age of the token that has the claim `su`, in seconds; `undefined` for no limit but Descope's own. */
  readonly maxAgeSeconds?: number | undefined;
  /** The authentication context classes that the challenge names, in the order of preference; it names none if left out. */
  readonly acrValues?: readonly string[] | undefined;
}

/** The demand of `@Mfa`: a sign-in with more than one factor. */
export interface MfaDemand {
  /** The kind of demand. */
  readonly kind: 'mfa';
}

/** The demand of `@Staff` or `@Superuser`: the project role of staff or of superusers. */
export interface StaffDemand {
  /** Which of the two roles is demanded. */
  readonly kind: 'staff' | 'superuser';
}

/**
 * The demand of `@NoImpersonation`: the user acts in person.
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-4.1
 */
export interface InPersonDemand {
  /** The kind of demand. */
  readonly kind: 'no-impersonation';
}

/**
 * The demand of `@Dpop`: a token that is bound to a key of its sender.
 * @see https://www.rfc-editor.org/rfc/rfc9449
 */
export interface DpopDemand {
  /** The kind of demand. */
  readonly kind: 'dpop';
}

/** The demand of `@Accepts`: the kinds of caller, which replace the option `accepts`. */
export interface KindDemand {
  /** The kind of demand. */
  readonly kind: 'accepts';
  /** The kinds of caller that are accepted. */
  readonly kinds: readonly TokenKind[];
}

/**
 * The demand of `@Audience`: the audiences, which replace the option `audience`.
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3
 */
export interface AudienceDemand {
  /** The kind of demand. */
  readonly kind: 'audience';
  /** The audiences; the claim `aud` must contain one of them. */
  readonly names: readonly string[];
}

/**
 * The demand of `@ProtectedResource`: a token that was issued for this resource (its URL is in `aud`). It replaces the option
 * `audience`, and also accepts tokens of apps and agents.
 * @see https://www.rfc-editor.org/rfc/rfc8707
 */
export interface ResourceDemand {
  /** The kind of demand. */
  readonly kind: 'resource';
  /** The path of the resource below the option `resource.url`; `undefined` for the path of the controller. */
  readonly path?: string | undefined;
  /** The scopes that the metadata of the resource names; `undefined` for those of the option `resource.scopes`. */
  readonly scopes?: readonly string[] | undefined;
}

/** The demand of `@AnyOf`, if the token alone decides on every alternative: one of them must be met. */
export interface AlternativesDemand {
  /** The kind of demand. */
  readonly kind: 'any-of';
  /** The alternatives. */
  readonly alternatives: readonly Demand[];
}

/** One demand of a route. The token alone decides whether it is met. */
export type Demand =
  | GrantDemand
  | TenantDemand
  | ScopeDemand
  | MethodDemand
  | StepUpDemand
  | MfaDemand
  | StaffDemand
  | InPersonDemand
  | DpopDemand
  | KindDemand
  | AudienceDemand
  | ResourceDemand
  | AlternativesDemand;

/** Checks whether a demand decides which tokens are accepted. */
export function isAcceptanceDemand(demand: Demand): demand is KindDemand | AudienceDemand | ResourceDemand {
  return demand.kind === 'accepts' || demand.kind === 'audience' || demand.kind === 'resource';
}

const NO_SOURCES: readonly RequestValueSource[] = Object.freeze([]);

/** Returns the sources from which the request's tenants must be read to decide these demands; none for most routes. */
export function readTenantSources(demands: readonly Demand[]): readonly RequestValueSource[] {
  if (!demands.some(isAboutTenant)) return NO_SOURCES;
  const sources = demands.flatMap((demand) => {
    if (demand.kind === 'any-of') return readTenantSources(demand.alternatives);
    if (demand.kind === 'tenant') return [demand.from];
    return 'tenant' in demand && demand.tenant !== undefined && demand.tenant !== true ? [demand.tenant] : [];
  });
  return [...new Set(sources)];
}

/** Checks whether a demand is about a tenant, or one of its alternatives is. */
export function isAboutTenant(demand: Demand): boolean {
  if (demand.kind === 'any-of') return demand.alternatives.some(isAboutTenant);
  return demand.kind === 'tenant' || ('tenant' in demand && demand.tenant !== undefined);
}
