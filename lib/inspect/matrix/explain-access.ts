// Explains to a developer why a caller is accepted or rejected at an endpoint: each demand, and what the token has of it.
import type { INestApplicationContext } from '@nestjs/common';
import { DescopeConfigError } from '../../core/errors.js';
import type { DemandStep, FoundFact } from '../../core/user/access-steps.js';
import { listDemandSteps } from '../../core/user/access-steps.js';
import type { RequestValueSource } from '../../core/user/demands.js';
import type { AccessMapDemand, AccessMapEntry } from '../access-map.js';
import { toDemandText, toDemandViews } from '../access-map.js';
import type { AccessMatrixOptions } from './access-matrix.js';
import { listJudged, toFacts } from './access-matrix.js';
import { toVerdictText } from './format-matrix.js';
import type { AccessPersona } from './persona.js';
import { toKnownPersona } from './persona.js';
import type { AccessVerdict, JudgedEndpoint, VerdictFacts } from './verdict.js';
import { judge } from './verdict.js';

/** Which endpoint, which caller, and what the request names. */
export interface ExplainAccessInput extends AccessMatrixOptions {
  /** The endpoint: its method and path (`'DELETE /orders/:id'`), or its handler (`'OrdersController.remove'`). */
  readonly endpoint: string;
  /** The caller. */
  readonly persona: AccessPersona;
}

/** A demand, and what the token has of what it asks for. */
export interface AccessStep {
  /** The demand, as in the access map. */
  readonly demand: AccessMapDemand;
  /** Whether it is met; `undefined` if it was not judged: a rule, or a demand on a caller without a session. */
  readonly isMet: boolean | undefined;
  /** What the token has of what the demand asks for, and nothing else of the token. */
  readonly found?: FoundFact;
  /** The code with which the demand rejects. */
  readonly code?: string;
}

/** Why a caller is accepted or rejected at an endpoint. */
export interface AccessExplanation {
  /** The endpoint, as in the access map. */
  readonly entry: AccessMapEntry;
  /** What the endpoint answers the caller. */
  readonly verdict: AccessVerdict;
  /** Every demand in the order in which the guard checks them, then the rules. */
  readonly steps: readonly AccessStep[];
  /** The same as lines of text. */
  readonly text: string;
}

/**
 * Explains what an endpoint answers a caller, and why. For developers: it names what the token lacks, which no response does.
 * @returns the verdict, and each demand with what was found; no token, and no claim that no demand asks about
 * @throws {DescopeConfigError} CONFIG_INVALID for an unknown endpoint, or a persona of no known form
 * @throws {DescopeUnavailableError} KEYS_UNAVAILABLE, or another code of an outage, when a token cannot be verified
 * @example
 * const { text } = await explainAccess(app, { endpoint: 'DELETE /orders/:id', persona: token });
 */
export async function explainAccess(
  app: INestApplicationContext,
  { endpoint: name, persona, ...options }: ExplainAccessInput,
): Promise<AccessExplanation> {
  const endpoint = findEndpoint(listJudged(app, options), name);
  const known = await toKnownPersona(app, name, persona);
  const facts = toFacts(app, options);
  const verdict = judge(endpoint, known, facts);
  const user = 'session' in known ? known.session.user : undefined;
  const { entry, policy } = endpoint;
  const demands =
    user === undefined
      ? [...toSessionSteps(verdict), ...toUnjudged(policy.demands)]
      : toSteps(endpoint, user, facts);
  const steps = policy.mode === 'public' ? [] : [...demands, ...toRules(endpoint)];
  return { entry, verdict, steps, text: toText(entry, verdict, steps) };
}

function findEndpoint(endpoints: readonly JudgedEndpoint[], name: string): JudgedEndpoint {
  const found = endpoints.filter(
    ({ entry: { method, path, handler } }) => name === handler || name === `${method} ${path}`,
  );
  const [first] = found;
  if (first !== undefined) return first;
  const message = `The application has no endpoint ${JSON.stringify(name)}. Name it as the access map does: its method and path, or its handler.`;
  throw new DescopeConfigError('CONFIG_INVALID', message, { endpoint: name });
}

type Demands = JudgedEndpoint['policy']['demands'];
type User = Parameters<typeof listDemandSteps>[0]['user'];

function toSteps({ policy, acceptance }: JudgedEndpoint, user: User, facts: VerdictFacts): AccessStep[] {
  const { clock, superuserBypass } = facts.config;
  const tenants = new Map<RequestValueSource, string>(facts.values);
  if (user.tenant !== undefined) tenants.set('dct', user.tenant);
  const { demands } = policy;
  const input = { user, demands, acceptance, facts: { nowMs: clock(), tenants, superuserBypass } };
  return listDemandSteps(input).map(toAccessStep);
}

/** Converts a step of the guard's demands to data. */
export function toAccessStep({ demand, found, flaw }: DemandStep): AccessStep {
  const [view] = toDemandViews({ mode: 'required', demands: [demand] });
  const code = flaw === undefined ? {} : { code: flaw.code };
  return { demand: view ?? { kind: demand.kind }, isMet: flaw === undefined, found, ...code };
}

// Without a session, no demand is judged: the reason is that there is none.
function toSessionSteps({ rejections: [rejection] }: AccessVerdict): AccessStep[] {
  return rejection === undefined ? [] : [{ demand: { kind: 'session' }, isMet: false, code: rejection.code }];
}

function toUnjudged(demands: Demands): AccessStep[] {
  return toDemandViews({ mode: 'required', demands }).map((demand) => ({ demand, isMet: undefined }));
}

function toRules({ policy: { mode, rules = [] } }: JudgedEndpoint): AccessStep[] {
  return toDemandViews({ mode, demands: [], rules }).map((demand) => ({ demand, isMet: undefined }));
}

function toText(entry: AccessMapEntry, verdict: AccessVerdict, steps: readonly AccessStep[]): string {
  const title = `${entry.method} ${entry.path} (${entry.handler}): ${toVerdictText(verdict)}`;
  return [title, ...steps.map(toStepText)].join('\n');
}

/** Describes a step in a line: `- roles: admin: not met (ACCESS_ROLE_MISSING), found ["editor"]`. */
export function toStepText({ demand, isMet, found, code }: AccessStep): string {
  const judged = isMet === undefined ? 'not judged' : isMet ? 'met' : `not met (${code ?? ''})`;
  return `- ${toDemandText(demand)}: ${judged}${found === undefined ? '' : `, found ${JSON.stringify(found)}`}`;
}
