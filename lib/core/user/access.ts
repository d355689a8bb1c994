// User + demands → nothing, or an error. The whole of "may they?" is here.
import { DescopeAccessError } from '../errors.js';
import type { DescopeAccessCode } from '../error-codes.js';
import type { DescopeError } from '../errors.js';
import type { Demand, GrantDemand, RequestValueSource, ScopeDemand } from './demands.js';
import type { DescopeUser } from './descope-user.js';
import { isMet, readTenantGrants } from './matches.js';
import { findStrengthFlaw } from './strength.js';

/** What a decision needs beside the user and the demands. */
export interface AccessFacts {
  /** Now, in epoch milliseconds. */
  readonly nowMs: number;
  /** The tenants that the request named, by where. One that is not there names none. */
  readonly tenants: ReadonlyMap<RequestValueSource, string>;
  /** Whether a superuser has every role and permission of the project. */
  readonly superuserBypass: boolean;
}

interface Question extends AccessFacts {
  readonly user: DescopeUser;
  readonly demands: readonly Demand[];
}

/** Asserts that the user meets every demand but those about admission. Throws an `ACCESS_…` or `AUTH_…` code. */
export function assertAccess(user: DescopeUser, demands: readonly Demand[], facts: AccessFacts): void {
  const { nowMs, tenants, superuserBypass } = facts;
  const question = { nowMs, tenants, superuserBypass, user, demands }; // a spread costs more than all the rest
  for (const demand of demands) {
    const flaw = findFlaw(demand, question);
    if (flaw !== undefined) throw flaw;
  }
}

type Judge<D extends Demand> = (demand: D, question: Question) => DescopeError | undefined;

// One judge for each kind of demand; the compiler finds a new kind that has none.
const JUDGES: { readonly [K in Demand['kind']]: Judge<Extract<Demand, { kind: K }>> } = {
  accepts: () => undefined, // judged before, on optional routes too: see admitted.ts
  audience: () => undefined,
  roles: findGrantFlaw,
  permissions: findGrantFlaw,
  tenant: ({ from }, question) => findTenantFlaw(from, question),
  scopes: (demand, { user }) => (isMet(demand, user.scopes) ? undefined : missing(demand)),
  staff: (_demand, { user }) => (user.isStaff ? undefined : denied('ACCESS_STAFF_MISSING', 'is not staff')),
  superuser: (_demand, { user }) =>
    user.isSuperuser ? undefined : denied('ACCESS_SUPERUSER_MISSING', 'is no superuser'),
  'step-up': (demand, { user, nowMs }) => findStrengthFlaw(demand, user, nowMs),
  mfa: (demand, { user, nowMs }) => findStrengthFlaw(demand, user, nowMs),
  amr: (demand, { user, nowMs }) => findStrengthFlaw(demand, user, nowMs),
};

// A map finds its own entries alone, and at once.
const JUDGE_BY_KIND = new Map(Object.entries(JUDGES) as [string, Judge<Demand>][]);

// A demand that a newer copy of the package noted, and this one cannot judge, is refused.
function findFlaw(demand: Demand, question: Question): DescopeError | undefined {
  const judge = JUDGE_BY_KIND.get(demand.kind);
  if (judge !== undefined) return judge(demand, question);
  return denied('ACCESS_DEMAND_UNKNOWN', 'is asked for something that nobody here can judge');
}

function findGrantFlaw(demand: GrantDemand, question: Question): DescopeError | undefined {
  const { user, superuserBypass } = question;
  const isInProject = isMet(demand, user[demand.kind]) || (superuserBypass && user.isSuperuser);
  if (demand.tenant === undefined) return isInProject ? undefined : missing(demand);
  if (demand.orProject === true && isInProject) return undefined;
  const sources = demand.tenant === true ? readRouteTenants(question.demands) : [demand.tenant];
  // No tenant to ask in is no tenant where it is held. The boot refuses such a route before.
  if (sources.length === 0) return denied('ACCESS_TENANT_UNNAMED', 'is asked for a grant in no tenant');
  for (const source of sources) {
    const flaw = findTenantGrantFlaw(demand, source, question);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

function findTenantGrantFlaw(
  demand: GrantDemand,
  source: RequestValueSource,
  question: Question,
): DescopeError | undefined {
  const flaw = findTenantFlaw(source, question);
  if (flaw !== undefined) return flaw;
  const grants = readTenantGrants(question.user, question.tenants.get(source) ?? '');
  return isMet(demand, grants?.[demand.kind] ?? []) ? undefined : missing(demand);
}

function findTenantFlaw(source: RequestValueSource, { user, tenants }: Question): DescopeError | undefined {
  const tenant = tenants.get(source);
  if (tenant === undefined)
    return denied('ACCESS_TENANT_UNNAMED', 'is asked for a tenant that the request does not name');
  if (readTenantGrants(user, tenant) !== undefined) return undefined;
  return denied('ACCESS_TENANT_MISSING', 'does not belong to the tenant that the request names');
}

function readRouteTenants(demands: readonly Demand[]): RequestValueSource[] {
  return demands.flatMap((demand) => (demand.kind === 'tenant' ? [demand.from] : []));
}

const MISSING = {
  roles: ['ACCESS_ROLE_MISSING', 'role'],
  permissions: ['ACCESS_PERMISSION_MISSING', 'permission'],
  scopes: ['ACCESS_SCOPE_MISSING', 'scope'],
} as const;

function missing({ kind, names, match }: GrantDemand | ScopeDemand): DescopeAccessError {
  const [code, noun] = MISSING[kind];
  const message = `The user lacks ${match === 'any' ? 'any' : 'a'} ${noun} that this route asks for.`;
  return new DescopeAccessError(code, message, { wanted: names, match });
}

function denied(code: DescopeAccessCode, what: string): DescopeAccessError {
  return new DescopeAccessError(code, `The user ${what}.`);
}
