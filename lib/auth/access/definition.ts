// What a decorator may be given: a mistake is told where the class is defined.
import { DescopeConfigError } from '../../core/errors.js';
import type { RequestValueSource } from '../../core/user/demands.js';

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
