// The decorator of alternatives: one of several demands, rules and guards is enough.
import type { CanActivate, Type } from '@nestjs/common';
import type {
  AccessAlternative,
  AccessDecorator,
  AccessEntry,
  DescopeRule,
} from '../auth/access/access-metadata.js';
import { addMetadata, readEntry } from '../auth/access/access-metadata.js';
import { isDemand } from '../auth/access/alternatives.js';
import { DescopeConfigError } from '../core/errors.js';
import type { Demand } from '../core/user/demands.js';

/**
 * What `@AnyOf` takes: a decorator of this package that demands something of a signed-in caller, the class of a rule (with
 * `isAllowed`), or the class of a guard (with `canActivate`).
 */
export type AnyOfAlternative = AccessDecorator | Type<DescopeRule<never>> | Type<CanActivate>;

const DEMANDS: readonly Demand['kind'][] = [
  ...(['roles', 'permissions', 'tenant', 'scopes', 'staff', 'superuser'] as const),
  ...(['step-up', 'mfa', 'amr'] as const),
];

/**
 * Requires one of several alternatives: a demand (`Roles`, `Permissions`, `Scopes`, `Tenant`, `Staff`, `Superuser`, `StepUp`,
 * `Mfa`, `Amr`), a rule (`Authorize`, `FgaCheck`, or a class with `isAllowed`) or the class of a guard of the application.
 * What stands beside it must be met, too. Otherwise the response is 403 `ACCESS_ALTERNATIVES_MISSING`; or, if one of the
 * alternatives is a scope or a stronger sign-in, the response of that one, with its challenge.
 *
 * A guard among the alternatives also decides on callers without a session of Descope, such as those with a token of the
 * application, if the handler demands nothing else. For them `@CurrentUser()` is `undefined`.
 * @param alternatives two or more; classes of rules and guards are providers of a module
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID for fewer than two alternatives, or for one that it does not take
 * @example `@AnyOf(Roles('admin'), Permissions('orders:write'), OwnsOrder) @Put('orders/:id') change() {}`
 */
export function AnyOf(...alternatives: readonly AnyOfAlternative[]): AccessDecorator {
  if (alternatives.length < 2) throw refuse('expects at least two alternatives. A single one stands alone');
  const read = alternatives.map(readAlternative);
  const label = `@AnyOf(${read.map((one) => one.label).join(', ')})`;
  const entries = Object.freeze(read.map(({ alternative }) => alternative));
  if (entries.every(isDemand))
    return addMetadata({ demand: { kind: 'any-of', alternatives: entries }, label });
  return addMetadata({ rule: { kind: 'any-of', alternatives: entries }, label });
}

interface ReadAlternative {
  readonly alternative: AccessAlternative;
  readonly label: string;
}

function readAlternative(given: unknown): ReadAlternative {
  const entry = readEntry(given);
  return entry === undefined ? readClass(given) : readDecorator(entry);
}

function readDecorator(entry: AccessEntry): ReadAlternative {
  const { demand, rule, label } = entry;
  if (demand !== undefined && DEMANDS.includes(demand.kind)) return { alternative: demand, label };
  if (rule?.kind === 'rule' || rule?.kind === 'relation') return { alternative: rule, label };
  throw refuse(`cannot contain ${label}${adviseOn(entry)}`);
}

function adviseOn({ mode, demand, rule }: AccessEntry): string {
  if (demand?.kind === 'any-of' || rule?.kind === 'any-of')
    return '. List its alternatives directly, or write both decorators to demand both';
  if (mode === 'public' || mode === 'optional')
    return ', and a handler cannot have both. For callers without a session, list the class of a guard';
  return '. Write it beside @AnyOf(): both then apply';
}

// By the method of its prototype: a class with a method as a property does not show whether it is a rule or a guard.
function readClass(given: unknown): ReadAlternative {
  const prototype: unknown = typeof given === 'function' ? given.prototype : undefined;
  const isRule = hasMethod(prototype, 'isAllowed');
  const isGuard = hasMethod(prototype, 'canActivate');
  if (isRule === isGuard) throw refuse(TAKES);
  const { name } = given as Type;
  const label = name || 'a class';
  if (isGuard) return { alternative: { kind: 'guard', guard: given as Type<CanActivate> }, label };
  return { alternative: { kind: 'rule', rule: given as Type<DescopeRule<never>> }, label };
}

function hasMethod(prototype: unknown, name: string): boolean {
  if (typeof prototype !== 'object' || prototype === null) return false;
  return typeof (prototype as Readonly<Record<string, unknown>>)[name] === 'function';
}

const TAKES =
  'expects decorators of this package that demand something (Roles("admin"), …), classes of rules (with a method isAllowed) or classes of guards (with a method canActivate). Write a function as Authorize(function), the class of a guard in place of an instance, and other decorators beside @AnyOf()';

function refuse(what: string): DescopeConfigError {
  const message = `@AnyOf() ${what}.`;
  return new DescopeConfigError('CONFIG_DEMAND_INVALID', message, { decorator: '@AnyOf()' });
}
