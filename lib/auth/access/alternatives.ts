// The alternatives of @AnyOf that the token alone does not decide: which is met, and the guards of the application among them.
import { HttpException } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import type { DescopeError } from '../../core/errors.js';
import { DescopeAccessError, readConsequence } from '../../core/errors.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { isYes } from '../../core/maybe-promise.js';
import type { DescopeSession } from '../../core/session/session.js';
import { toAlternativesFlaw } from '../../core/user/alternatives.js';
import type { Flaw } from '../../core/user/authorize.js';
import type { Demand } from '../../core/user/demands.js';
import type { DescopeCall } from '../transports/call.js';
import type { AccessAlternative, AccessRule, AlternativesRule, GuardRule } from './access-metadata.js';
import type { AccessPolicy } from './access-policy.js';
import { findProvider } from './find-provider.js';

/** How alternatives are judged, and how a caller is rejected who meets none. */
export interface Judgement<A extends AccessAlternative> {
  /** Throws, or returns a flaw, if the alternative is not met. */
  readonly judge: (alternative: A) => MaybePromise<Flaw | undefined>;
  /** Chooses the rejection; `failures` are what the alternatives threw, and their flaws. */
  readonly reject: (failures: readonly Error[]) => Error;
}

/**
 * Asserts that one of the alternatives is met, those first that the token decides. An error that is neither a rejection nor
 * an HTTP exception is a mistake of the application, and is passed on at once. If no alternative is met, an outage counts
 * before any other rejection, because the caller may have a right.
 */
export async function assertAnyOf<A extends AccessAlternative>(
  alternatives: readonly A[],
  { judge, reject }: Judgement<A>,
): Promise<void> {
  const flaws: (() => Error)[] = [];
  for (const alternative of toJudgedOrder(alternatives)) {
    try {
      const flaw = await judge(alternative);
      if (flaw === undefined) return;
      flaws.push(flaw);
    } catch (error) {
      if (!isRejection(error)) throw error;
      flaws.push(() => error);
    }
  }
  const failures = flaws.map((flaw) => flaw());
  throw failures.find(isOutage) ?? failures.find(isOwnResponse) ?? reject(failures);
}

/** Chooses the rejection of a signed-in caller who meets none of the alternatives. */
export function toMissing(failures: readonly Error[]): Error {
  return toAlternativesFlaw(failures.map(toFlaw));
}

function toJudgedOrder<A extends AccessAlternative>(alternatives: readonly A[]): readonly A[] {
  return [...alternatives.filter(isDemand), ...alternatives.filter((one) => !isDemand(one))];
}

/** Checks whether the token alone decides on an alternative. */
export function isDemand(alternative: AccessAlternative): alternative is Demand {
  return !['rule', 'relation', 'guard'].includes(alternative.kind);
}

// `WsException` and `RpcException` belong to packages that an application may not have; both have `getError`.
function isRejection(error: unknown): error is Error {
  if (error instanceof HttpException || readConsequence(error) !== undefined) return true;
  return error instanceof Error && 'getError' in error && typeof error.getError === 'function';
}

function isOutage(error: Error): boolean {
  return (
    readConsequence(error) === 'unavailable' || (error instanceof HttpException && error.getStatus() >= 500)
  );
}

// Such as the 404 of a rule, or the 429 of a guard. Its 401 or 403 only says that its alternative is not met.
function isOwnResponse(error: Error): boolean {
  if (readConsequence(error) !== undefined || !(error instanceof HttpException)) return false;
  return ![401, 403].includes(error.getStatus());
}

function toFlaw(error: Error): DescopeError {
  return readConsequence(error) === undefined ? refused('A guard or rule') : (error as DescopeError);
}

/** Creates the rejection of a rule or guard that does not return `true`. */
export function refused(what: string, rule?: string): DescopeAccessError {
  const message = `${what} of the application rejected the request.`;
  return new DescopeAccessError('ACCESS_POLICY_REFUSED', message, { rule });
}

// Guards of the application, which may also know callers without a session of Descope.

/** The call, and the container that has the guards. */
export interface GuardCase {
  readonly call: DescopeCall;
  readonly modules: ModuleRef;
}

/** Judges whether a guard of the application lets a call pass. What it throws is passed on. */
export async function judgeGuard(
  { guard: type }: GuardRule,
  guardCase: GuardCase,
): Promise<Flaw | undefined> {
  const { call, modules } = guardCase;
  const guard = await findProvider(type, call.request, modules);
  const result: unknown = guard.canActivate(call.context);
  // Of an observable, Nest takes the last value, too.
  const answer = isObservable(result) ? await lastValueFrom(result, { defaultValue: false }) : await result;
  return isYes(answer) ? undefined : () => refused('A guard', type.name);
}

/**
 * Checks whether the guards of the application decide on a caller: it has no session of Descope, and each demand and rule of
 * the handler is an `@AnyOf` with such a guard.
 */
export function isLeftToGuards(policy: AccessPolicy, { user }: DescopeSession): boolean {
  return user === undefined && isOpenable(policy);
}

/** Checks whether guards of the application may let callers without a session of Descope reach a handler. */
export function isOpenable({ mode, demands, rules = [] }: AccessPolicy): boolean {
  return rules.length > 0 && mode === 'required' && demands.length === 0 && rules.every(hasGuard);
}

/** Checks whether a rule is an `@AnyOf` with a guard of the application. */
export function hasGuard(rule: AccessRule): rule is AlternativesRule {
  return rule.kind === 'any-of' && rule.alternatives.some(isGuardRule);
}

/**
 * Asserts that a guard of each `@AnyOf` lets a caller pass who has no session of Descope.
 * @throws {DescopeError} why the caller has none
 */
export async function assertLetPass(
  { rules = [] }: AccessPolicy,
  { rejection, ...guardCase }: GuardCase & { readonly rejection: DescopeError },
): Promise<void> {
  const judge = (guard: GuardRule) => judgeGuard(guard, guardCase);
  for (const { alternatives } of rules.filter(hasGuard))
    await assertAnyOf(alternatives.filter(isGuardRule), { judge, reject: () => rejection });
}

function isGuardRule(alternative: AccessAlternative): alternative is GuardRule {
  return alternative.kind === 'guard';
}

// Before a signature is checked, with a key of the project: such a token may be of the application or of another issuer.
const UNKNOWN_CODES = [
  'TOKEN_MALFORMED',
  'TOKEN_TOO_LARGE',
  'TOKEN_HEADER_UNSUPPORTED',
  'TOKEN_ALGORITHM_NOT_ALLOWED',
  'TOKEN_KEY_UNKNOWN',
  'KEYS_UNAVAILABLE',
];

/** Checks whether an error says that a credential is not known to be one of Descope: a guard of the application may know it. */
export function isUnknownCredential(error: unknown): error is DescopeError {
  return readConsequence(error) !== undefined && UNKNOWN_CODES.includes((error as DescopeError).code);
}
