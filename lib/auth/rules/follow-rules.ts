// Asks the application's own rules and Descope's relations, once the token has answered.
import type { ModuleRef } from '@nestjs/core';
import { DescopeAccessError } from '../../core/errors.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { isYes } from '../../core/yes.js';
import type { Case } from '../access/judge.js';
import { readRequestValues } from '../access/request-value.js';
import { readContextRequest } from '../context-request.js';
import { DESCOPE_RELATIONS } from '../injection-tokens.js';
import { findProvider } from './find-provider.js';
import type { RelationCheck } from './relation-check.js';
import { isPolicyClass } from './rules.js';
import type { AccessRule, PolicyRule, RelationRule } from './rules.js';

/** Who asks for what, as the application knows them, and where its rules are found. */
export interface RuleCase extends Case {
  /** What `@CurrentUser()` gives. */
  readonly own: unknown;
  readonly modules: ModuleRef;
}

type Relations = ReadonlyMap<RelationRule, boolean>;

/**
 * Asserts that every rule says yes, in their order. Throws `ACCESS_POLICY_REFUSED`, `ACCESS_RESOURCE_UNNAMED`,
 * `ACCESS_RELATION_MISSING`, `FGA_UNAVAILABLE`, or what a rule throws.
 */
export function assertRules(asked: RuleCase): MaybePromise<void> {
  const { rules = [] } = asked.policy;
  return rules.length === 0 ? undefined : follow(rules, asked);
}

async function follow(rules: readonly AccessRule[], asked: RuleCase): Promise<void> {
  let relations: Relations | undefined;
  for (const rule of rules) {
    if (rule.kind === 'policy') await assertPolicy(rule, asked);
    else if (rule.kind === 'relation') assertRelated(rule, (relations ??= await askRelations(rules, asked)));
    else throw unknownRule();
  }
}

async function assertPolicy({ policy }: PolicyRule, asked: RuleCase): Promise<void> {
  const { context, own, modules } = asked;
  const isAllowed = isPolicyClass(policy)
    ? await (
        await findProvider(policy, readContextRequest(context), modules)
      ).isAllowed(own as never, context)
    : await policy(own as never, context);
  if (isYes(isAllowed)) return;
  const message = 'A rule of the application refuses it.';
  throw new DescopeAccessError('ACCESS_POLICY_REFUSED', message, { rule: policy.name });
}

// All of the handler's in one call, when the first of them is due.
async function askRelations(rules: readonly AccessRule[], asked: RuleCase): Promise<Relations> {
  const { context, user, modules } = asked;
  const wanted = rules.filter((rule) => rule.kind === 'relation');
  const resources = await readRequestValues(
    wanted.map(({ resource }) => resource),
    { context, user },
  );
  const named = wanted.filter(({ resource }) => resources.has(resource));
  const tuples = named.map(({ resourceType, resource, relation, targetType }) => {
    return { resourceType, resource: resources.get(resource) ?? '', relation, targetType, target: user.id };
  });
  const check = modules.get<RelationCheck>(DESCOPE_RELATIONS, { strict: false });
  const answers = await check.ask(readContextRequest(context), tuples);
  return new Map(named.map((rule, index) => [rule, isYes(answers[index])]));
}

function assertRelated(rule: RelationRule, relations: Relations): void {
  const isRelated = relations.get(rule);
  if (isYes(isRelated)) return;
  const { resourceType, relation } = rule;
  const details = { resourceType, relation };
  if (isRelated === undefined) {
    const message = 'The user is asked for a relation to something that the request does not name.';
    throw new DescopeAccessError('ACCESS_RESOURCE_UNNAMED', message, details);
  }
  const message = 'The user lacks a relation that this route asks for.';
  throw new DescopeAccessError('ACCESS_RELATION_MISSING', message, details);
}

// One that a newer copy of the package noted.
function unknownRule(): DescopeAccessError {
  return new DescopeAccessError(
    'ACCESS_DEMAND_UNKNOWN',
    'The user is asked for something that nobody here can judge.',
  );
}
