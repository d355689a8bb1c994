// Metadata of access decorators: how it is stored, the checks of the arguments, and the types of rules.
import 'reflect-metadata';
import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import { DescopeConfigError } from '../../core/errors.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import type { Demand, RequestValueSource } from '../../core/user/demands.js';
import type { RegisteredUser } from '../../core/user/descope-user.js';
import type { FgaContext } from './fga-context.js';
import { isProviderClass } from './find-provider.js';

/** Whether a handler is public, whether authentication is optional, or whether it is required. */
export type AccessMode = 'public' | 'optional' | 'required';

/** The metadata that one decorator adds. */
export interface AccessEntry {
  readonly mode?: AccessMode;
  readonly demand?: Demand;
  /** A rule of the application, or a relation to check with Descope. */
  readonly rule?: AccessRule;
  /** How the decorator was written, for messages. */
  readonly label: string;
}

/** The metadata key of these entries: on classes, on handlers and on (prototype, method name). */
export const ACCESS_METADATA = 'nestjs-descope:access';

/** A decorator for a controller, resolver or gateway class, or for one of its handlers. */
export type AccessDecorator = ClassDecorator & MethodDecorator;

/** Adds a demand, labelled with the name and arguments of its decorator. */
export function addDemand(demand: Demand, decorator: string): AccessDecorator {
  const given: readonly string[] = 'names' in demand ? demand.names : 'kinds' in demand ? demand.kinds : [];
  const names = given.map((name) => `'${name}'`).join(', ');
  return addMetadata({ demand, label: `${decorator}(${names})` });
}

/**
 * Adds an entry to a class or method. A method's entries are stored twice: on the function, and by name on the prototype,
 * because another decorator may replace the function, and the demand must not be lost with it.
 */
export function addMetadata(entry: AccessEntry): AccessDecorator {
  const decorate = (target: object, key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (key === undefined) {
      appendToClass(target, entry);
      return;
    }
    append(target, entry, key);
    if (typeof descriptor?.value === 'function') append(descriptor.value as object, entry);
  };
  return Object.defineProperty(decorate, ENTRY, { value: entry });
}

// `@AnyOf` reads what a decorator would add. The decorator may be of another copy of the package.
const ENTRY = Symbol.for('nestjs-descope:access-entry');

/** Reads what an access decorator adds; `undefined` for any other value. */
export function readEntry(decorator: unknown): AccessEntry | undefined {
  const isFunction = typeof decorator === 'function' && Object.hasOwn(decorator, ENTRY);
  return isFunction ? (decorator as { readonly [ENTRY]?: AccessEntry })[ENTRY] : undefined;
}

// A class decorator may replace the class with a proxy or another function. Instances, and therefore Nest, still
// refer to the class that is the `constructor` of their prototype.
function appendToClass(target: object, entry: AccessEntry): void {
  append(target, entry);
  const { prototype } = target as { readonly prototype?: { readonly constructor?: unknown } };
  const known = prototype?.constructor;
  if (typeof known === 'function' && known !== target && known.prototype === prototype) append(known, entry);
}

// One counter for all copies of the package in a process: a decorator of one copy must reach the policies that another
// remembers.
const CHANGES = Symbol.for('nestjs-descope:access-changes');
const shared = globalThis as { [CHANGES]?: { count: number } };
const changes = (shared[CHANGES] ??= { count: 0 });

/** Counts the decorators that were applied: a policy that was read before the last one may be out of date. */
export function countChanges(): number {
  return changes.count;
}

function append(target: object, entry: AccessEntry, key?: string | symbol): void {
  changes.count += 1;
  if (key === undefined) {
    const own = (Reflect.getOwnMetadata(ACCESS_METADATA, target) ?? []) as readonly AccessEntry[];
    Reflect.defineMetadata(ACCESS_METADATA, [...own, entry], target);
    return;
  }
  const own = (Reflect.getOwnMetadata(ACCESS_METADATA, target, key) ?? []) as readonly AccessEntry[];
  Reflect.defineMetadata(ACCESS_METADATA, [...own, entry], target, key);
}

// Checks of a decorator's arguments: a mistake is thrown when the class is defined.

const SOURCE = /^(?:dct|subdomain|(?:param|header):\S+)$/;

/**
 * Asserts that there is at least one name, and that each is a non-empty string.
 * @throws {DescopeConfigError} CONFIG_DEMAND_EMPTY
 */
export function assertNames(
  names: readonly unknown[],
  decorator: string,
): asserts names is readonly string[] {
  if (names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')) return;
  const message = `${decorator}() needs at least one name, and each name must be a non-empty string. To require only a sign-in, remove ${decorator}(): AuthGuard requires one by default.`;
  throw new DescopeConfigError('CONFIG_DEMAND_EMPTY', message, { decorator });
}

/**
 * Asserts that names are members of a fixed list.
 * @throws {DescopeConfigError} CONFIG_DEMAND_EMPTY or CONFIG_DEMAND_INVALID
 */
export function assertChoices(
  names: readonly unknown[],
  choices: readonly string[],
  decorator: string,
): void {
  assertNames(names, decorator);
  if (names.every((name) => choices.includes(name))) return;
  throw invalid(decorator, `one or more of ${choices.map((choice) => `'${choice}'`).join(', ')}`);
}

/**
 * Asserts that a value can be read from a request by this source.
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID
 */
export function assertValueSource(source: unknown, where: string): asserts source is RequestValueSource {
  if (typeof source === 'function' || (typeof source === 'string' && SOURCE.test(source))) return;
  throw invalid(
    where,
    "'param:<name>', 'header:<name>', 'subdomain', 'dct' or a function of the execution context",
  );
}

/** Creates the error for a decorator with invalid arguments. */
export function invalid(where: string, wants: string): DescopeConfigError {
  return new DescopeConfigError('CONFIG_DEMAND_INVALID', `${where} expects ${wants}.`, { decorator: where });
}

// Rules that are checked after the token has met every demand: by the application itself, or by Descope.

/**
 * A rule of the application as a provider, for `@Authorize`.
 * @example
 * ```ts
 * // an injectable class, in the providers of a module
 * export class OwnsOrder implements DescopeRule {
 *   constructor(private readonly orders: OrdersService) {}
 *
 *   async isAllowed(user: DescopeUser, context: ExecutionContext): Promise<boolean> {
 *     const { id } = context.switchToHttp().getRequest<{ params: { id: string } }>().params;
 *     return (await this.orders.findOwner(id)) === user.id;
 *   }
 * }
 * ```
 */
export interface DescopeRule<User = RegisteredUser> {
  /**
   * Decides whether the caller may call the handler. An error that it throws reaches the caller unchanged.
   * @param user the value of `@CurrentUser()`
   * @param context the call, as Nest passes it to guards
   * @returns `true` to allow the call; any other value rejects it with 403 `ACCESS_POLICY_REFUSED`
   */
  isAllowed(user: User, context: ExecutionContext): MaybePromise<boolean>;
}

/** A rule of the application as a function, with the parameters and the result of `DescopeRule.isAllowed`. */
export type DescopeRuleFunction<User = RegisteredUser> = (
  user: User,
  context: ExecutionContext,
) => MaybePromise<boolean>;

/** The rule that `@Authorize` adds. */
export interface ApplicationRule {
  /** Marks a rule of the application. */
  readonly kind: 'rule';
  /** The class of a provider, or a function. */
  readonly rule: Type<DescopeRule<never>> | DescopeRuleFunction<never>;
}

/** The rule that `@FgaCheck` adds: the caller must have a relation to a resource (Descope's fine-grained authorization). */
export interface RelationRule {
  /** Marks a relation that Descope checks. */
  readonly kind: 'relation';
  /** The type of the resource in the project's schema. */
  readonly resourceType: string;
  /** Where the request names the resource. */
  readonly resource: RequestValueSource;
  /** The relation or permission of that type. */
  readonly relation: string;
  /** The caller's type in the schema. The target is the user's id. */
  readonly targetType: string;
  /** Returns the values for conditions of the schema. */
  readonly context?: FgaContextFunction | undefined;
}

/** A guard of the application inside `@AnyOf`. */
export interface GuardRule {
  /** Marks a guard of the application. */
  readonly kind: 'guard';
  /** The class of a provider. */
  readonly guard: Type<CanActivate>;
}

/** One alternative of `@AnyOf`. */
export type AccessAlternative = Demand | ApplicationRule | RelationRule | GuardRule;

/** The rule that `@AnyOf` adds, if the token alone does not decide on every alternative: one of them must be met. */
export interface AlternativesRule {
  /** Marks alternatives. */
  readonly kind: 'any-of';
  /** The alternatives. */
  readonly alternatives: readonly AccessAlternative[];
}

/** Returns the values with which Descope evaluates the conditions of the schema for one call. */
export type FgaContextFunction = (context: ExecutionContext) => MaybePromise<FgaContext | undefined>;

/** One rule of a handler. */
export type AccessRule = ApplicationRule | RelationRule | AlternativesRule;

/** Checks whether a rule is a class, which a module must then provide. */
export function isRuleClass(rule: ApplicationRule['rule']): rule is Type<DescopeRule<never>> {
  return isProviderClass(rule, 'isAllowed');
}
