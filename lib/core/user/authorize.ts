// Decides whether a user meets the demands of a route: roles, permissions, tenants, scopes, and the strength of the sign-in.
import type { DescopeAccessCode, DescopeError } from '../errors.js';
import { DescopeAccessError, DescopeCredentialError } from '../errors.js';
import { readNames, readOwn } from '../token/claims.js';
import { toAlternativesFlaw } from './alternatives.js';
import type {
  AlternativesDemand,
  Demand,
  GrantDemand,
  MethodDemand,
  MfaDemand,
  NameMatch,
  RequestValueSource,
  ScopeDemand,
  StepUpDemand,
} from './demands.js';
import type { DescopeUser, Grants } from './descope-user.js';

/** The input of a decision beside the user and the demands. */
export interface AccessFacts {
  /** Now, in epoch milliseconds. */
  readonly nowMs: number;
  /** The tenants that the request names, by source; a source that names none is absent. */
  readonly tenants: ReadonlyMap<RequestValueSource, string>;
  /** Whether a superuser has every role and permission of the project. */
  readonly superuserBypass: boolean;
}

interface Question extends AccessFacts {
  readonly user: DescopeUser;
  /** All demands of the route: a role in the route's tenant is about the tenant of another demand. */
  readonly demands: readonly Demand[];
}

/** Asserts that the user meets every demand except those about accepted tokens. Throws an `ACCESS_…` or `AUTH_…` code. */
export function assertAccess(user: DescopeUser, demands: readonly Demand[], facts: AccessFacts): void {
  const { nowMs, tenants, superuserBypass } = facts;
  const question = { nowMs, tenants, superuserBypass, user, demands }; // a spread is slower than the rest of this function
  for (const demand of demands) {
    const flaw = judge(demand, question);
    if (flaw !== undefined) throw flaw();
  }
}

/**
 * Creates the error of a demand that is not met. An alternative that is not met may not reject the caller, and the stack of an
 * error takes longer than all of the guard.
 */
export type Flaw = () => DescopeError;

type Judge<D extends Demand> = (demand: D, question: Question) => Flaw | undefined;

// One function for each kind of demand; the compiler finds a new kind without one.
const JUDGES: { readonly [K in Demand['kind']]: Judge<Extract<Demand, { kind: K }>> } = {
  accepts: () => undefined, // decided earlier, on optional routes too: see token-acceptance.ts
  audience: () => undefined,
  resource: () => undefined,
  roles: findGrantFlaw,
  permissions: findGrantFlaw,
  tenant: ({ from }, question) => findTenantFlaw(from, question),
  scopes: (demand, { user }) => (isMet(demand, user.scopes) ? undefined : missing(demand)),
  staff: (_demand, { user }) => (user.isStaff ? undefined : denied('ACCESS_STAFF_MISSING', 'is not staff')),
  superuser: (_demand, { user }) =>
    user.isSuperuser ? undefined : denied('ACCESS_SUPERUSER_MISSING', 'is not a superuser'),
  'no-impersonation': (_demand, { user }) =>
    user.actor === undefined ? undefined : denied('ACCESS_IMPERSONATED', 'is not acting in person'),
  dpop: (_demand, { user }) => (Object.hasOwn(user.claims, 'cnf') ? undefined : unbound),
  'step-up': (demand, { user, nowMs }) => findStrengthFlaw(demand, user, nowMs),
  mfa: (demand, { user, nowMs }) => findStrengthFlaw(demand, user, nowMs),
  amr: (demand, { user, nowMs }) => findStrengthFlaw(demand, user, nowMs),
  'any-of': findAlternativesFlaw,
};

// A map has no inherited entries.
const JUDGE_BY_KIND = new Map(Object.entries(JUDGES) as [string, Judge<Demand>][]);

/** Returns why a user does not meet one of the demands; `undefined` if the user meets it. */
export function findDemandFlaw(demand: Demand, question: Question): DescopeError | undefined {
  return judge(demand, question)?.();
}

/** Judges one of the demands, as `findDemandFlaw`. */
export function judge(demand: Demand, question: Question): Flaw | undefined {
  const ofKind = JUDGE_BY_KIND.get(demand.kind);
  if (ofKind !== undefined) return ofKind(demand, question);
  // A demand of a newer copy of the package that this copy does not know is rejected.
  return denied(
    'ACCESS_DEMAND_UNKNOWN',
    'must meet a demand that this version of the package does not support',
  );
}

function findAlternativesFlaw({ alternatives }: AlternativesDemand, question: Question): Flaw | undefined {
  const flaws: Flaw[] = [];
  for (const alternative of alternatives) {
    const flaw = judge(alternative, question);
    if (flaw === undefined) return undefined;
    flaws.push(flaw);
  }
  return () => toAlternativesFlaw(flaws.map((flaw) => flaw()));
}

function findGrantFlaw(demand: GrantDemand, question: Question): Flaw | undefined {
  const { user, superuserBypass } = question;
  const isInProject = isMet(demand, user[demand.kind]) || (superuserBypass && user.isSuperuser);
  if (demand.tenant === undefined) return isInProject ? undefined : missing(demand);
  if (demand.orProject === true && isInProject) return undefined;
  const sources = demand.tenant === true ? readRouteTenants(question.demands) : [demand.tenant];
  // Without a tenant there is no grant in a tenant. The boot rejects such a route.
  if (sources.length === 0)
    return denied(
      'ACCESS_TENANT_UNNAMED',
      'must have a role or permission in a tenant, but no tenant is named',
    );
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
): Flaw | undefined {
  const flaw = findTenantFlaw(source, question);
  if (flaw !== undefined) return flaw;
  const grants = readTenantGrants(question.user, question.tenants.get(source) ?? '');
  return isMet(demand, grants?.[demand.kind] ?? []) ? undefined : missing(demand);
}

function findTenantFlaw(source: RequestValueSource, { user, tenants }: Question): Flaw | undefined {
  const tenant = tenants.get(source);
  if (tenant === undefined)
    return denied('ACCESS_TENANT_UNNAMED', 'must belong to a tenant, but the request names none');
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

function missing({ kind, names, match }: GrantDemand | ScopeDemand): Flaw {
  return () => {
    const [code, noun] = MISSING[kind];
    const message = `The user ${match === 'any' ? `has none of the ${noun}s` : `lacks a ${noun}`} that this route requires.`;
    return new DescopeAccessError(code, message, { wanted: names, match });
  };
}

function denied(code: DescopeAccessCode, what: string): Flaw {
  return () => new DescopeAccessError(code, `The user ${what}.`);
}

// A session whose token is bound to a key was opened with a proof: no other way accepts it.
function unbound(): DescopeCredentialError {
  const message = 'The route requires a token that is bound to a key, with a DPoP proof.';
  return new DescopeCredentialError('DPOP_REQUIRED', message);
}

// The strength and the age of the sign-in (RFC 9470), read from the token alone.

const MFA = 'mfa'; // RFC 8176 §2

/** A demand about the sign-in. */
export type StrengthDemand = StepUpDemand | MethodDemand | MfaDemand;

/** Returns what a sign-in lacks, if anything: `AUTH_STEP_UP_REQUIRED`, `AUTH_MFA_REQUIRED` or `AUTH_METHOD_REQUIRED`. */
export function findStrengthFlaw(demand: StrengthDemand, user: DescopeUser, nowMs: number): Flaw | undefined {
  if (demand.kind === 'step-up') return isSteppedUp(user, demand, nowMs) ? undefined : stale(demand);
  const methods = readNames(user.claims, 'amr');
  if (demand.kind === 'mfa') return isMfa(methods) ? undefined : weak('AUTH_MFA_REQUIRED', ['mfa']);
  return isMet(demand, methods) ? undefined : weak('AUTH_METHOD_REQUIRED', demand.names);
}

// Two methods are two factors, as in Descope's go-sdk; two spellings of one method are one.
function isMfa(methods: readonly string[]): boolean {
  if (methods.includes(MFA)) return true;
  const known = methods.map((method) => method.trim().toLowerCase()).filter((method) => method !== '');
  return new Set(known).size > 1;
}

// `su` marks a step-up; its time is not in the token, only the time at which the token was issued.
function isSteppedUp({ claims }: DescopeUser, { maxAgeSeconds }: StepUpDemand, nowMs: number): boolean {
  if (readOwn(claims, 'su') !== true) return false;
  if (maxAgeSeconds === undefined) return true;
  return claims.iat !== undefined && nowMs / 1000 - claims.iat <= maxAgeSeconds;
}

function stale({ maxAgeSeconds, acrValues }: StepUpDemand): Flaw {
  const message = 'The route requires a step-up: the user must authenticate again.';
  const details = { maxAgeSeconds, ...(acrValues === undefined ? {} : { acrValues }) };
  return () => new DescopeCredentialError('AUTH_STEP_UP_REQUIRED', message, details);
}

function weak(code: 'AUTH_MFA_REQUIRED' | 'AUTH_METHOD_REQUIRED', wanted: readonly string[]): Flaw {
  const message = 'The route requires another authentication method.';
  return () => new DescopeCredentialError(code, message, { wanted });
}

// Comparison of demanded names with the names that a user has.

/** Demanded names: one of them, or all. */
interface Wanted {
  readonly names: readonly string[];
  readonly match: NameMatch;
}

/** Checks whether the names that a user has are enough. */
export function isMet({ names, match }: Wanted, held: readonly string[]): boolean {
  if (names.length === 0) return false; // an empty demand is a mistake, and must not grant access
  return match === 'any'
    ? names.some((name) => held.includes(name))
    : names.every((name) => held.includes(name));
}

/** Returns the demanded names that a user has, in the order of the demand. */
export function readMatches(held: readonly string[] | undefined, wanted: readonly string[]): string[] {
  return held === undefined ? [] : wanted.filter((name) => held.includes(name));
}

/** Reads a user's grants in a tenant; `undefined` if the user does not belong to it. */
export function readTenantGrants(user: DescopeUser | undefined, tenant: string): Grants | undefined {
  if (user === undefined || !Object.hasOwn(user.tenants, tenant)) return undefined;
  return user.tenants[tenant];
}
