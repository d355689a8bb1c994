// Why a caller is accepted or rejected, as data: what each demand asked for, and what the token has of it.
import type { DescopeError } from '../errors.js';
import { readConsequence } from '../errors.js';
import { readNames, readOwn } from '../token/claims.js';
import type { AccessFacts } from './authorize.js';
import { findDemandFlaw, readMatches, readTenantGrants } from './authorize.js';
import type { Demand, GrantDemand, RequestValueSource } from './demands.js';
import { isAcceptanceDemand } from './demands.js';
import type { DescopeUser } from './descope-user.js';
import type { AcceptanceConfig } from './token-acceptance.js';
import { assertTokenAccepted, isForeignKind } from './token-acceptance.js';

/** What a token has of what a demand asked for; nothing else of the token. */
export type FoundFact =
  string | number | boolean | readonly FoundFact[] | { readonly [name: string]: FoundFact };

/** A demand, what was found, and why it is not met. */
export interface DemandStep {
  readonly demand: Demand;
  readonly found: FoundFact;
  /** `undefined` if the demand is met. */
  readonly flaw: DescopeError | undefined;
}

/** What the demands of a handler are compared with. */
export interface StepInput {
  readonly user: DescopeUser;
  readonly demands: readonly Demand[];
  readonly facts: AccessFacts;
  readonly acceptance: AcceptanceConfig;
}

/** Lists every demand in the order in which the guard checks them: kind and audience first, also those of the module. */
export function listDemandSteps(input: StepInput): readonly DemandStep[] {
  const { user, demands, facts } = input;
  const others = demands.filter((demand) => !isAcceptanceDemand(demand));
  return [
    ...listAcceptanceSteps(input),
    ...others.map((demand) => ({
      demand,
      found: readFound(demand, input),
      flaw: findDemandFlaw(demand, { ...facts, user, demands }),
    })),
  ];
}

// The lists of a route replace those of the module; where the route has none, the module's are demanded.
function listAcceptanceSteps({ user, demands, acceptance }: StepInput): readonly DemandStep[] {
  const { accepts, audience } = acceptance;
  const kinds = demands.filter(({ kind }) => kind === 'accepts');
  const own = demands.filter(({ kind }) => kind === 'audience' || kind === 'resource');
  const audiences: Demand[] =
    own.length === 0 && audience !== undefined ? [{ kind: 'audience', names: audience }] : own;
  const isForeign = audiences.length === 0 && isForeignKind(user.kind); // without an audience it is rejected
  const asked: Demand[] = [
    ...(kinds.length > 0 ? kinds : [{ kind: 'accepts', kinds: accepts } as const]),
    ...(isForeign ? [{ kind: 'audience', names: [] } as const] : audiences),
  ];
  return asked.map((demand) => {
    if (demand.kind === 'accepts') {
      const flaw = findAcceptanceFlaw(user, [demand], acceptance);
      return { demand, found: user.kind, flaw: flaw?.code === 'TOKEN_KIND_NOT_ACCEPTED' ? flaw : undefined };
    }
    const alone = { ...acceptance, accepts: [user.kind] };
    return {
      demand,
      found: readAudience(user),
      flaw: findAcceptanceFlaw(user, isForeign ? [] : [demand], alone),
    };
  });
}

function findAcceptanceFlaw(
  user: DescopeUser,
  demands: readonly Demand[],
  acceptance: AcceptanceConfig,
): DescopeError | undefined {
  try {
    assertTokenAccepted(user, acceptance, demands);
    return undefined;
  } catch (error) {
    if (readConsequence(error) === 'credential') return error as DescopeError;
    throw error;
  }
}

function readAudience({ claims: { aud = [] } }: DescopeUser): FoundFact {
  return typeof aud === 'string' ? [aud] : aud;
}

// Nothing but what the demand is about: the names that it lists, the tenant that the request names.
function readFound(demand: Demand, input: StepInput): FoundFact {
  const { user, demands, facts } = input;
  switch (demand.kind) {
    case 'roles':
    case 'permissions':
      return readGrants(demand, { user, demands, facts });
    case 'tenant':
      return readMembership(demand.from, user, facts);
    case 'scopes':
      return readMatches(user.scopes, demand.names);
    case 'amr':
      return readMatches(readNames(user.claims, 'amr'), demand.names);
    case 'mfa':
      return readNames(user.claims, 'amr');
    case 'step-up':
      return { su: readOwn(user.claims, 'su') === true, ...readAge(user, demand.maxAgeSeconds, facts) };
    case 'any-of':
      return demand.alternatives.map((alternative) => readFound(alternative, input));
    default:
      return readStanding(demand, user);
  }
}

function readStanding({ kind }: Demand, { isStaff, isSuperuser, actor, claims }: DescopeUser): FoundFact {
  if (kind === 'dpop') return Object.hasOwn(claims, 'cnf') ? 'a bound token' : 'a token that is not bound';
  if (kind === 'staff') return isStaff;
  if (kind === 'superuser') return isSuperuser;
  if (kind !== 'no-impersonation') return 'unknown to this version of the package';
  return actor === undefined ? 'nobody acts as the user' : { actor: actor.id ?? 'without an id' };
}

function readAge(
  { claims: { iat } }: DescopeUser,
  maxAgeSeconds: number | undefined,
  { nowMs }: AccessFacts,
): Record<string, number> {
  if (maxAgeSeconds === undefined || iat === undefined) return {};
  return { ageSeconds: Math.round(nowMs / 1000 - iat) };
}

function readGrants(demand: GrantDemand, { user, demands, facts }: Omit<StepInput, 'acceptance'>): FoundFact {
  const { kind, names, tenant, orProject } = demand;
  const inProject = readMatches(user[kind], names);
  if (tenant === undefined) return inProject;
  const sources =
    tenant === true ? demands.flatMap((other) => (other.kind === 'tenant' ? [other.from] : [])) : [tenant];
  const inTenants = sources.map((source) => {
    const id = facts.tenants.get(source);
    if (id === undefined) return NO_TENANT;
    const grants = readTenantGrants(user, id);
    return grants === undefined
      ? { tenant: id, isMember: false }
      : { tenant: id, has: readMatches(grants[kind], names) };
  });
  return orProject === true ? [...inTenants, { inProject }] : inTenants;
}

const NO_TENANT = 'the request names no tenant';

function readMembership(source: RequestValueSource, user: DescopeUser, { tenants }: AccessFacts): FoundFact {
  const tenant = tenants.get(source);
  if (tenant === undefined) return NO_TENANT;
  return { tenant, isMember: readTenantGrants(user, tenant) !== undefined };
}
