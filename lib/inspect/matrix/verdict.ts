// Judges one endpoint for one caller by the guard's own checks, for every tenant that a request may name.
import type { AccessRule } from '../../auth/access/access-metadata.js';
import type { AccessPolicy } from '../../auth/access/access-policy.js';
import { isDemand, isOpenable, isUnknownCredential } from '../../auth/access/alternatives.js';
import { toHttpError } from '../../auth/http-error.js';
import type { DescopeConfig } from '../../core/config/config.js';
import type { DescopeError } from '../../core/errors.js';
import { readConsequence } from '../../core/errors.js';
import { acceptOptionalSession, acceptSession, DescopeSession } from '../../core/session/session.js';
import { assertAccess, findDemandFlaw } from '../../core/user/authorize.js';
import type { RequestValueSource } from '../../core/user/demands.js';
import { readTenantSources } from '../../core/user/demands.js';
import type { DescopeUser } from '../../core/user/descope-user.js';
import type { AcceptanceConfig } from '../../core/user/token-acceptance.js';
import type { AccessMapEntry } from '../access-map.js';
import { toDemandText, toDemandViews } from '../access-map.js';
import type { KnownPersona } from './persona.js';

/** The status and the code of a rejection. */
export interface AccessRejection {
  /** The HTTP status: 401 or 403. */
  readonly status: number;
  /** The code in the body of the response. */
  readonly code: string;
}

/** What an endpoint answers a caller. */
export interface AccessVerdict {
  /**
   * `allowed`: every request of the caller reaches the handler. `rejected`: none does. `depends`: it depends on what `on`
   * names.
   */
  readonly outcome: 'allowed' | 'rejected' | 'depends';
  /** The rejection; several where the request decides which one it is. Empty unless `outcome` is `rejected`. */
  readonly rejections: readonly AccessRejection[];
  /** What it depends on: a parameter, a rule, a relation, `loadUser`, another guard. Empty unless `outcome` is `depends`. */
  readonly on: readonly string[];
}

/** What decides on the callers of an endpoint. */
export interface JudgedEndpoint {
  readonly entry: AccessMapEntry;
  readonly policy: AccessPolicy;
  readonly acceptance: AcceptanceConfig;
  /** The names of other guards that Nest runs for the handler. */
  readonly otherGuards: readonly string[];
  /** Whether the handler checks its callers itself. */
  readonly isSelfChecked: boolean;
}

/** What is known beside the endpoint and the caller. */
export interface VerdictFacts {
  readonly config: DescopeConfig;
  /** What requests name, by source. */
  readonly values: ReadonlyMap<RequestValueSource, string>;
}

/** Judges an endpoint for a caller. */
export function judge(endpoint: JudgedEndpoint, persona: KnownPersona, facts: VerdictFacts): AccessVerdict {
  const { entry, policy, otherGuards, isSelfChecked } = endpoint;
  if (policy.mode === 'public') return depends(isSelfChecked ? ['the route itself'] : otherGuards);
  if (entry.guard === 'none') return depends([...readUnguarded(entry), ...otherGuards]);
  const accepted = accept(endpoint, persona);
  if (isLeftOpen(policy, accepted)) return depends([...readRules(policy), ...otherGuards]);
  if (!(accepted instanceof Accepted)) return rejected([accepted]);
  const { user } = accepted.session;
  if (policy.mode === 'optional')
    return depends([...(user === undefined ? [] : readLoader(facts)), ...otherGuards]);
  if (user === undefined) return rejected([DescopeSession.toRejection(accepted.session)]);
  return judgeUser(endpoint, user, facts);
}

function judgeUser(endpoint: JudgedEndpoint, user: DescopeUser, facts: VerdictFacts): AccessVerdict {
  const { policy, otherGuards } = endpoint;
  const sources = readTenantSources(policy.demands).filter(
    (source) => source !== 'dct' && !facts.values.has(source),
  );
  const outcomes = listOutcomes({ endpoint, user, sources }, facts);
  const flaws = outcomes?.filter((outcome) => outcome !== undefined) ?? [];
  if (flaws.length > 0 && flaws.length === outcomes?.length) return rejected(flaws);
  const open = outcomes === undefined || flaws.length > 0 ? sources.map(toSourceText) : [];
  const rules = policy.rules?.filter((rule) => !isSettled(rule, endpoint, { user, facts })) ?? [];
  return depends([...open, ...readLoader(facts), ...readRules({ ...policy, rules }), ...otherGuards]);
}

// Whether guards of the application inside `@AnyOf` decide on a caller without a session of Descope.
function isLeftOpen(policy: AccessPolicy, accepted: Accepted | DescopeError): boolean {
  if (!isOpenable(policy)) return false;
  return accepted instanceof Accepted ? accepted.session.user === undefined : isUnknownCredential(accepted);
}

// Whether the token meets an alternative of an `@AnyOf`: then the guard judges none of the others.
function isSettled(rule: AccessRule, { policy }: JudgedEndpoint, { user, facts }: Known): boolean {
  if (rule.kind !== 'any-of') return false;
  const { clock, superuserBypass } = facts.config;
  const tenants = toKnownTenants(user, facts);
  return rule.alternatives.filter(isDemand).some((demand) => {
    const demands = [demand, ...policy.demands];
    return findDemandFlaw(demand, { nowMs: clock(), tenants, superuserBypass, user, demands }) === undefined;
  });
}

interface Known {
  readonly user: DescopeUser;
  readonly facts: VerdictFacts;
}

function toKnownTenants(user: DescopeUser, { values }: VerdictFacts): Map<RequestValueSource, string> {
  const known = new Map(values);
  if (user.tenant !== undefined) known.set('dct', user.tenant);
  return known;
}

class Accepted {
  constructor(readonly session: DescopeSession) {}
}

function accept({ policy, acceptance }: JudgedEndpoint, persona: KnownPersona): Accepted | DescopeError {
  if ('rejection' in persona) return persona.rejection;
  const check = policy.mode === 'optional' ? acceptOptionalSession : acceptSession;
  const { session } = persona;
  let accepted = session;
  const flaw = findFlaw(() => (accepted = check(session, acceptance, policy.demands)));
  return flaw ?? new Accepted(accepted);
}

function findFlaw(check: () => unknown): DescopeError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (readConsequence(error) === undefined) throw error;
    return error as DescopeError;
  }
}

// What a request may name: nothing, a tenant of others, or one of the caller's.

const MOST_OUTCOMES = 4_096;
const OF_OTHERS = '\u0000 a tenant of others';

interface Judgement {
  readonly endpoint: JudgedEndpoint;
  readonly user: DescopeUser;
  /** The sources whose value the request decides. */
  readonly sources: readonly RequestValueSource[];
}

// Why each request is rejected, `undefined` for one that is not; `undefined` in place of the list where there are too many.
function listOutcomes(
  { endpoint, user, sources }: Judgement,
  facts: VerdictFacts,
): readonly (DescopeError | undefined)[] | undefined {
  const { clock, superuserBypass } = facts.config;
  let requests: ReadonlyMap<RequestValueSource, string>[] = [toKnownTenants(user, facts)];
  for (const source of sources) {
    const named = listNamed(source, endpoint.entry, user);
    if (requests.length * named.length > MOST_OUTCOMES) return undefined;
    requests = requests.flatMap((request) =>
      named.map((value) => (value === undefined ? request : new Map([...request, [source, value]]))),
    );
  }
  const { demands } = endpoint.policy;
  return requests.map((tenants) =>
    findFlaw(() => assertAccess(user, demands, { nowMs: clock(), tenants, superuserBypass })),
  );
}

// Of tenants with the same grants, one is enough.
function listNamed(
  source: RequestValueSource,
  { kind, path }: AccessMapEntry,
  user: DescopeUser,
): readonly (string | undefined)[] {
  const byGrants = new Map(Object.entries(user.tenants).map(([id, grants]) => [JSON.stringify(grants), id]));
  const isInPath =
    kind === 'http' && typeof source === 'string' && path.split('/').includes(source.replace('param', ''));
  return [...(isInPath ? [] : [undefined]), OF_OTHERS, ...byGrants.values()];
}

function toSourceText(source: RequestValueSource): string {
  return typeof source === 'function' ? source.name || 'a function' : source;
}

function readLoader({ config }: VerdictFacts): readonly string[] {
  return config.loadUser === undefined ? [] : ['loadUser'];
}

function readRules({ mode, rules = [] }: AccessPolicy): readonly string[] {
  return toDemandViews({ mode, demands: [], rules }).map(toDemandText);
}

// Without a guard, a route of an application lets everybody in; whether a message has one is Nest's decision.
function readUnguarded({ kind, method }: AccessMapEntry): readonly string[] {
  if (kind === 'graphql') return method === 'Field' ? ['the query that selects the field'] : [];
  return kind === 'http' ? [] : ['whether Nest runs the global guard for messages'];
}

function depends(on: readonly string[]): AccessVerdict {
  if (on.length === 0) return { outcome: 'allowed', rejections: [], on: [] };
  return { outcome: 'depends', rejections: [], on: [...new Set(on)] };
}

function rejected(flaws: readonly DescopeError[]): AccessVerdict {
  const rejections = new Map(flaws.map((flaw) => [flaw.code, toRejection(flaw)]));
  return { outcome: 'rejected', rejections: [...rejections.values()], on: [] };
}

/** Returns the status and code of an error of the guard. */
export function toRejection(flaw: DescopeError): AccessRejection {
  return { status: toHttpError(flaw)?.exception.getStatus() ?? 500, code: flaw.code };
}
