// Notes what a decorator asks for, where nothing that another decorator does can lose it.
import 'reflect-metadata';
import type { ExecutionContext, Type } from '@nestjs/common';
import { DescopeConfigError } from '../../core/errors.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import type { RegisteredUser } from '../../core/user/descope-user.js';
import type { Demand, RequestValueSource } from '../../core/user/requirements.js';
import { isProviderClass } from './find-provider.js';

/** Whether a handler is public, whether authentication is optional, or whether it is required. */
export type AccessMode = 'public' | 'optional' | 'required';

/** One thing that a decorator notes. */
export interface AccessEntry {
  readonly mode?: AccessMode;
  readonly demand?: Demand;
  /** What the application itself decides, or asks Descope. */
  readonly rule?: AccessRule;
  /** How the decorator was written, for messages. */
  readonly label: string;
}

/** Under this key entries stand, on classes, on handlers and on (prototype, method name). */
export const ACCESS_METADATA = 'nestjs-descope:access';

/** A decorator for a class or one of its methods. */
export type AccessDecorator = ClassDecorator & MethodDecorator;

/** Notes a demand under the words of its decorator. */
export function addDemand(demand: Demand, decorator: string): AccessDecorator {
  const given: readonly string[] = 'names' in demand ? demand.names : 'kinds' in demand ? demand.kinds : [];
  const names = given.map((name) => `'${name}'`).join(', ');
  return addMetadata({ demand, label: `${decorator}(${names})` });
}

/**
 * Notes an entry on a class or method. A method's stand in two places: on the function, and by name on its prototype,
 * because another decorator may replace the function and a demand must not get lost with it.
 */
export function addMetadata(entry: AccessEntry): AccessDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (key === undefined) {
      appendToClass(target, entry);
      return;
    }
    append(target, entry, key);
    if (typeof descriptor?.value === 'function') append(descriptor.value as object, entry);
  };
}

// A class decorator may put a proxy or another function in the class's place; instances, and with them Nest, still
// name the class that their prototype knows.
function appendToClass(target: object, entry: AccessEntry): void {
  append(target, entry);
  const { prototype } = target as { readonly prototype?: { readonly constructor?: unknown } };
  const known = prototype?.constructor;
  if (typeof known === 'function' && known !== target && known.prototype === prototype) append(known, entry);
}

function append(target: object, entry: AccessEntry, key?: string | symbol): void {
  if (key === undefined) {
    const own = (Reflect.getOwnMetadata(ACCESS_METADATA, target) ?? []) as readonly AccessEntry[];
    Reflect.defineMetadata(ACCESS_METADATA, [...own, entry], target);
    return;
  }
  const own = (Reflect.getOwnMetadata(ACCESS_METADATA, target, key) ?? []) as readonly AccessEntry[];
  Reflect.defineMetadata(ACCESS_METADATA, [...own, entry], target, key);
}

// What a decorator may be given: a mistake is told where the class is defined.

const SOURCE = /^(?:dct|subdomain|(?:param|header):\S+)$/;

/** Asserts that there are names, and all of them mean something. Throws `CONFIG_DEMAND_EMPTY`. */
export function assertNames(
  names: readonly unknown[],
  decorator: string,
): asserts names is readonly string[] {
  if (names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')) return;
  const message = `${decorator}() needs at least one name, each a non-empty text. To ask for a sign-in only, leave it out: the guard does.`;
  throw new DescopeConfigError('CONFIG_DEMAND_EMPTY', message, { decorator });
}

/** Asserts that names are out of a fixed list. Throws `CONFIG_DEMAND_EMPTY` or `CONFIG_DEMAND_INVALID`. */
export function assertChoices(
  names: readonly unknown[],
  choices: readonly string[],
  decorator: string,
): void {
  assertNames(names, decorator);
  if (names.every((name) => choices.includes(name))) return;
  throw invalid(decorator, `one or more of ${choices.map((choice) => `'${choice}'`).join(', ')}`);
}

/** Asserts that a request can be asked for a value like this. Throws `CONFIG_DEMAND_INVALID`. */
export function assertValueSource(source: unknown, where: string): asserts source is RequestValueSource {
  if (typeof source === 'function' || (typeof source === 'string' && SOURCE.test(source))) return;
  throw invalid(
    where,
    "'param:<name>', 'header:<name>', 'subdomain', 'dct' or a function of the execution context",
  );
}

/** The error for a decorator that was given something else than it takes. */
export function invalid(where: string, wants: string): DescopeConfigError {
  return new DescopeConfigError('CONFIG_DEMAND_INVALID', `${where} wants ${wants}.`, { decorator: where });
}

// What the application decides itself, or asks Descope, once the token's answer is yes.

/**
 * A rule of the application as a provider of its own.
 * @example `@Injectable() class OwnsOrder implements DescopeRule { isAllowed(user: DescopeUser, context: ExecutionContext) { … } }`
 */
export interface DescopeRule<User = RegisteredUser> {
  /** Whether the caller may; whatever is not `true` rejects. `user` is what `@CurrentUser()` gives. */
  isAllowed(user: User, context: ExecutionContext): MaybePromise<boolean>;
}

/** A rule of the application as a function. */
export type DescopeRuleFunction<User = RegisteredUser> = (
  user: User,
  context: ExecutionContext,
) => MaybePromise<boolean>;

/** A rule of the application: a class that Nest injects, or a function. */
export interface ApplicationRule {
  readonly kind: 'policy';
  readonly policy: Type<DescopeRule<never>> | DescopeRuleFunction<never>;
}

/** A relation that Descope knows (fine-grained authorization), between the caller and what the request names. */
export interface RelationRule {
  readonly kind: 'relation';
  readonly resourceType: string;
  readonly resource: RequestValueSource;
  readonly relation: string;
  readonly targetType: string;
}

/** One rule of a handler. */
export type AccessRule = ApplicationRule | RelationRule;

/** Tells whether a rule is a class; then Nest must know it. */
export function isRuleClass(policy: ApplicationRule['policy']): policy is Type<DescopeRule<never>> {
  return isProviderClass(policy, 'isAllowed');
}
