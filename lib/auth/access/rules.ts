// The rules of the application and Descope's relations, checked after the demands, with @Authorize and @FgaCheck that add them.
import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { DescopeConfig } from '../../core/config/config.js';
import { DescopeAccessError } from '../../core/errors.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { isYes } from '../../core/maybe-promise.js';
import type { Flaw } from '../../core/user/authorize.js';
import type { RegisteredUser } from '../../core/user/descope-user.js';
import { DESCOPE_RELATIONS } from '../injection-tokens.js';
import type {
  AccessAlternative,
  AccessDecorator,
  AccessRule,
  AlternativesRule,
  ApplicationRule,
  DescopeRule,
  DescopeRuleFunction,
  FgaContextFunction,
  RelationRule,
} from './access-metadata.js';
import { addMetadata, assertValueSource, invalid, isRuleClass } from './access-metadata.js';
import { assertAnyOf, isDemand, judgeGuard, refused, toMissing } from './alternatives.js';
import type { Case } from './check-access.js';
import { judgeDemand } from './check-access.js';
import type { Relations } from './fga.js';
import type { CheckedContext } from './fga-context.js';
import { readFgaContext } from './fga-context.js';
import { findProvider } from './find-provider.js';
import type { ValueSource } from './request-values.js';
import { readRequestValues } from './request-values.js';

/** A call with the application's own user, and the container that has the rules. */
export interface RuleCase extends Case {
  /** The value of `@CurrentUser()`. */
  readonly own: unknown;
  readonly modules: ModuleRef;
  readonly config: DescopeConfig;
}

type Answers = ReadonlyMap<RelationRule, Promise<boolean> | undefined>;

/**
 * Asserts that every rule allows the call, in their order. What a rule of the application throws is passed on.
 * @throws {DescopeAccessError} ACCESS_POLICY_REFUSED, ACCESS_RESOURCE_UNNAMED, ACCESS_RELATION_MISSING,
 *   ACCESS_ALTERNATIVES_MISSING or ACCESS_DEMAND_UNKNOWN
 * @throws {DescopeUnavailableError} FGA_UNAVAILABLE
 */
export function assertRules(ruleCase: RuleCase): MaybePromise<void> {
  const { rules = [] } = ruleCase.policy;
  return rules.length === 0 ? undefined : follow(rules, ruleCase);
}

async function follow(rules: readonly AccessRule[], ruleCase: RuleCase): Promise<void> {
  let relations: Answers | undefined;
  for (const rule of rules) {
    if (rule.kind === 'rule') assertFlawless(await judgeRule(rule, ruleCase));
    else if (rule.kind === 'any-of') await assertAlternatives(rule, ruleCase);
    else if (rule.kind === 'relation')
      assertFlawless(await judgeRelation(rule, (relations ??= await askRelations(rules, ruleCase))));
    else throw unknownRule();
  }
}

async function assertAlternatives({ alternatives }: AlternativesRule, ruleCase: RuleCase): Promise<void> {
  let relations: Promise<Answers> | undefined;
  const judge = async (one: AccessAlternative): Promise<Flaw | undefined> => {
    if (isDemand(one)) return judgeDemand(one, ruleCase, ruleCase.config);
    if (one.kind === 'rule') return judgeRule(one, ruleCase);
    if (one.kind === 'guard') return judgeGuard(one, ruleCase);
    return judgeRelation(one, await (relations ??= askRelations(alternatives, ruleCase)));
  };
  await assertAnyOf(alternatives, { judge, reject: toMissing });
}

function assertFlawless(flaw: Flaw | undefined): void {
  if (flaw !== undefined) throw flaw();
}

async function judgeRule({ rule }: ApplicationRule, ruleCase: RuleCase): Promise<Flaw | undefined> {
  const { own, modules } = ruleCase;
  const { context, request } = ruleCase.call;
  const isAllowed = isRuleClass(rule)
    ? await (await findProvider(rule, request, modules)).isAllowed(own as never, context)
    : await rule(own as never, context);
  return isYes(isAllowed) ? undefined : () => refused('A rule', rule.name);
}

// All relations of the handler with the same context in one call, when the first of them is due. Each has its own outcome,
// because an alternative of another one may be met.
async function askRelations(
  rules: readonly (AccessRule | AccessAlternative)[],
  ruleCase: RuleCase,
): Promise<Answers> {
  const { call, user, modules } = ruleCase;
  const wanted = rules.filter((rule) => rule.kind === 'relation');
  const resources = await readRequestValues(
    wanted.map(({ resource }) => resource),
    { call, user },
  );
  const named = wanted.filter(({ resource }) => resources.has(resource));
  const contexts = named.map((rule) => readContext(rule, ruleCase));
  await Promise.allSettled(contexts);
  const check = modules.get<Relations>(DESCOPE_RELATIONS, { strict: false });
  const ask = async (rule: RelationRule, index: number): Promise<boolean> => {
    const { resourceType, resource, relation, targetType } = rule;
    const about = { resourceType, resource: resources.get(resource) ?? '', relation };
    const tuple = { ...about, targetType, target: user.id };
    const [isRelated] = await check.ask(call.request, [tuple], await contexts[index]);
    return isYes(isRelated);
  };
  const answers = named.map(ask);
  void Promise.allSettled(answers); // a failure counts when its rule is judged
  return new Map(named.map((rule, index) => [rule, answers[index]]));
}

async function readContext(
  { context, resourceType, relation }: RelationRule,
  { call }: RuleCase,
): Promise<CheckedContext | undefined> {
  if (context === undefined) return undefined;
  return readFgaContext(await context(call.context), `@FgaCheck(${resourceType}#${relation})`);
}

async function judgeRelation(rule: RelationRule, relations: Answers): Promise<Flaw | undefined> {
  const isRelated = await relations.get(rule);
  if (isYes(isRelated)) return undefined;
  const { resourceType, relation } = rule;
  const details = { resourceType, relation };
  if (isRelated === undefined) {
    const message = 'The route requires a relation to a resource, but the request names no resource.';
    return () => new DescopeAccessError('ACCESS_RESOURCE_UNNAMED', message, details);
  }
  const message = 'The user lacks a relation that this route requires.';
  return () => new DescopeAccessError('ACCESS_RELATION_MISSING', message, details);
}

// A rule that a newer copy of the package added.
function unknownRule(): DescopeAccessError {
  return new DescopeAccessError(
    'ACCESS_DEMAND_UNKNOWN',
    'The route has a rule that this version of the package does not support.',
  );
}

// The decorator of the application's own rules.

/**
 * Lets a rule of the application decide, after the token has met every demand. If the rule does not return `true`, the
 * response is 403 `ACCESS_POLICY_REFUSED`. An error that the rule throws is passed on unchanged.
 * @param rule the class of a provider with `isAllowed(user, context)`, or a function with these parameters; `user` is the
 *   value of `@CurrentUser()`
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID when `rule` is neither a class nor a function
 * @example `@Authorize(OwnsOrder) @Get('orders/:id') show() {}`
 */
export function Authorize<User = RegisteredUser>(
  rule: Type<DescopeRule<User>> | DescopeRuleFunction<User>,
): AccessDecorator {
  if (typeof rule !== 'function')
    throw invalid('@Authorize()', 'a class with isAllowed(user, context), or a function');
  return addMetadata({
    rule: { kind: 'rule', rule },
    label: `@Authorize(${rule.name || 'a function'})`,
  });
}

// The decorator of Descope's fine-grained authorization.

/** The relation that `@FgaCheck` requires. */
export interface FgaCheckOptions {
  /** The type of the resource, as the project's schema names it. */
  readonly resourceType: string;
  /** Where the request names the resource. */
  readonly resource: ValueSource;
  /** The relation or permission of that type. */
  readonly relation: string;
  /**
   * The caller's type in the schema. The target is the user's id.
   * @defaultValue `'user'`
   */
  readonly targetType?: string;
  /**
   * Returns the values with which Descope evaluates the conditions of the schema: what this application knows of the call,
   * such as the address. An error that it throws is passed on unchanged.
   * @defaultValue no values
   */
  readonly context?: FgaContextFunction;
}

const NAMES = ['resourceType', 'relation', 'targetType'] as const;

/**
 * Requires a relation of the caller to the resource that the request names, by Descope's fine-grained authorization.
 * Otherwise the response is 403 `ACCESS_RELATION_MISSING`, or 403 `ACCESS_RESOURCE_UNNAMED` if the request names no
 * resource. If Descope cannot be reached, it is 503 `FGA_UNAVAILABLE`. Needs the option `managementKey`. All checks of a
 * handler with the same context are one call to Descope.
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID when an option is missing, unknown or of another type
 * @example `@FgaCheck({ resourceType: 'doc', resource: 'param:id', relation: 'can_view' }) @Get('docs/:id') show() {}`
 */
export function FgaCheck(options: FgaCheckOptions): AccessDecorator {
  const { resourceType, resource, relation, targetType = 'user', context, ...others } = { ...options };
  const names = { resourceType, relation, targetType };
  const isNamed = NAMES.every((name) => typeof names[name] === 'string' && names[name] !== '');
  if (!isNamed || Object.keys(others).length > 0)
    throw invalid(
      '@FgaCheck()',
      '{ resourceType, resource, relation }, and optionally targetType and context',
    );
  if (context !== undefined && typeof context !== 'function')
    throw invalid('@FgaCheck({ context })', 'a function of the execution context');
  assertValueSource(resource, '@FgaCheck({ resource })');
  return addMetadata({
    rule: { kind: 'relation', resource, ...names, ...(context === undefined ? {} : { context }) },
    label: `@FgaCheck(${resourceType}#${relation})`,
  });
}
