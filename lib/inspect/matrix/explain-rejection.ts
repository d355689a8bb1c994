// The option `explain`: a line in the log for each rejection, with each demand and what the token has of it.
import { readAccessPolicy } from '../../auth/access/access-policy.js';
import type { RequestResources } from '../../auth/access/protected-resource.js';
import { readRequestValue } from '../../auth/access/request-values.js';
import type { ExplainRejection } from '../../auth/error-response.js';
import { recallSession } from '../../auth/request-state.js';
import type { DescopeCall } from '../../auth/transports/call.js';
import { findRequest } from '../../auth/transports/call.js';
import type { DescopeConfig } from '../../core/config/config.js';
import type { DescopeError } from '../../core/errors.js';
import { readConsequence } from '../../core/errors.js';
import { isThenable } from '../../core/maybe-promise.js';
import { listDemandSteps } from '../../core/user/access-steps.js';
import type { Demand, RequestValueSource } from '../../core/user/demands.js';
import { readTenantSources } from '../../core/user/demands.js';
import type { DescopeUser } from '../../core/user/descope-user.js';
import { toDemandText, toPlain } from '../access-map.js';
import { toAccessStep, toStepText } from './explain-access.js';
import { toRejection } from './verdict.js';

/** What the explanation of a rejection needs. */
export interface ExplainerInput {
  readonly config: DescopeConfig;
  readonly authenticator: object;
  readonly resources: RequestResources | undefined;
  readonly write: (text: string) => void;
}

/** Creates what explains the rejections of a guard. It reads what the guard has remembered, and verifies nothing again. */
export function createRejectionExplainer(input: ExplainerInput): ExplainRejection {
  return (call, error) => {
    if (readConsequence(error) === undefined) return;
    const flaw = error as DescopeError;
    const { status, code } = toRejection(flaw);
    const title = `${call.context.getClass().name}.${call.context.getHandler().name}: ${status} ${code}`;
    input.write([title, ...toLines(call, flaw, input)].map(toPlain).join('\n'));
  };
}

function toLines(call: DescopeCall, flaw: DescopeError, input: ExplainerInput): readonly string[] {
  const user = findUser(call, input.authenticator);
  if (user === undefined) return [`- session: not met (${flaw.code}), ${flaw.message}`];
  const { context, key } = call;
  const { demands } = readAccessPolicy(context.getClass(), context.getHandler());
  const { clock, superuserBypass, acceptance } = input.config;
  const steps = listDemandSteps({
    user,
    demands,
    acceptance: input.resources?.recall(key)?.acceptance ?? acceptance,
    facts: { nowMs: clock(), tenants: readTenants(demands, { call, user }), superuserBypass },
  });
  const lines = steps.map((step) => toStepText(toAccessStep(step)));
  // A demand has rejected the call, or what comes after the demands: a rule, a relation, the origin of a cookie.
  return steps.some((step) => step.flaw !== undefined) ? lines : [...lines, toLastLine(flaw)];
}

function toLastLine({ code, details, message }: DescopeError): string {
  const { rule, resourceType, relation, alternatives } = details;
  if (Array.isArray(alternatives)) return `- ${message} (${code}: ${alternatives.join(', ')})`;
  if (rule !== undefined) return `- ${toDemandText({ kind: 'rule', rule: String(rule) })}: not met (${code})`;
  if (relation === undefined) return `- ${message} (${code})`;
  const demand = { kind: 'relation', resourceType: String(resourceType), relation: String(relation) };
  return `- ${toDemandText(demand)}: not met (${code})`;
}

function findUser(call: DescopeCall, authenticator: object): DescopeUser | undefined {
  if (findRequest(call) === undefined) return undefined;
  const session = recallSession(call.key, authenticator);
  return session === undefined || isThenable(session) ? undefined : session.user;
}

// A function of the application is not called once more.
function readTenants(
  demands: readonly Demand[],
  input: { readonly call: DescopeCall; readonly user: DescopeUser },
): ReadonlyMap<RequestValueSource, string> {
  const tenants = new Map<RequestValueSource, string>();
  for (const source of readTenantSources(demands)) {
    const value = typeof source === 'function' ? undefined : readRequestValue(source, input);
    if (typeof value === 'string') tenants.set(source, value);
  }
  return tenants;
}
