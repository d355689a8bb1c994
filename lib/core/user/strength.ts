// How strongly and how recently did they sign in? RFC 9470's question, answered from the token alone.
import { DescopeCredentialError } from '../errors.js';
import { readNames, readOwn } from '../token/claims.js';
import type { MethodDemand, MfaDemand, StepUpDemand } from './demands.js';
import type { DescopeUser } from './descope-user.js';
import { isMet } from './matches.js';

const MFA = 'mfa'; // RFC 8176 §2

/** Asks for more of a sign-in than that it happened. */
export type StrengthDemand = StepUpDemand | MethodDemand | MfaDemand;

/** Finds what a sign-in lacks, if anything: `AUTH_STEP_UP_REQUIRED`, `AUTH_MFA_REQUIRED` or `AUTH_METHOD_REQUIRED`. */
export function findStrengthFlaw(
  demand: StrengthDemand,
  user: DescopeUser,
  nowMs: number,
): DescopeCredentialError | undefined {
  if (demand.kind === 'step-up') return isSteppedUp(user, demand, nowMs) ? undefined : stale(demand);
  const methods = readNames(user.claims, 'amr');
  if (demand.kind === 'mfa') return isMfa(methods) ? undefined : weak('AUTH_MFA_REQUIRED', ['mfa']);
  return isMet(demand, methods) ? undefined : weak('AUTH_METHOD_REQUIRED', demand.names);
}

// Two methods are two factors, as Descope's own SDKs count (go-sdk); one that is written in two ways, or nothing, is not.
function isMfa(methods: readonly string[]): boolean {
  if (methods.includes(MFA)) return true;
  const known = methods.map((method) => method.trim().toLowerCase()).filter((method) => method !== '');
  return new Set(known).size > 1;
}

// `su` says that there was a step-up; how long ago is known only of the token that bears it.
function isSteppedUp({ claims }: DescopeUser, { maxAgeSeconds }: StepUpDemand, nowMs: number): boolean {
  if (readOwn(claims, 'su') !== true) return false;
  if (maxAgeSeconds === undefined) return true;
  return claims.iat !== undefined && nowMs / 1000 - claims.iat <= maxAgeSeconds;
}

function stale({ maxAgeSeconds }: StepUpDemand): DescopeCredentialError {
  const message = 'The route asks for a step-up: the user must prove once more who they are.';
  return new DescopeCredentialError('AUTH_STEP_UP_REQUIRED', message, { maxAgeSeconds });
}

function weak(
  code: 'AUTH_MFA_REQUIRED' | 'AUTH_METHOD_REQUIRED',
  wanted: readonly string[],
): DescopeCredentialError {
  const message = 'The route asks for another way of signing in.';
  return new DescopeCredentialError(code, message, { wanted });
}
