// The context of relation checks: the values with which Descope evaluates the conditions of the schema.
import { toMistake } from '../../core/errors.js';

/** One value of a context. */
export type FgaContextValue = string | number | boolean | readonly (string | number | boolean)[];

/**
 * Values for the conditions (`with`) of the project's schema, by the names of their parameters. `undefined` and `null` are
 * left out, and Descope then evaluates the condition without a value.
 * @see https://docs.descope.com/api/management/fga/check-permission
 * @example `{ ip: request.ip, country_code: 'DE' }`
 */
export type FgaContext = Readonly<Record<string, FgaContextValue | null | undefined>>;

/** A context that was checked. */
export type CheckedContext = Readonly<Record<string, FgaContextValue>>;

/**
 * Reads a context: with its names in order and without what is left out, so that equal contexts are equal as JSON.
 * @returns `undefined` for a context without values
 * @throws {TypeError} when it is not a flat object of such values; the message names the member, never its value
 */
export function readFgaContext(given: unknown, where: string): CheckedContext | undefined {
  if (given === undefined || given === null) return undefined;
  if (!isPlain(given))
    throw toMistake(new TypeError(`${where} expects the context as a plain object, such as { ip }.`));
  const entries = Object.entries(given)
    .filter(([, value]) => value !== undefined && value !== null)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const odd = entries.find(([, value]) => !isValue(value));
  if (odd !== undefined)
    throw toMistake(new TypeError(`${where}: "${odd[0]}" of the context is not ${WANTED}.`));
  // `fromEntries` makes own members of every name, `__proto__` too.
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const WANTED = 'a string, a finite number, a boolean or a list of these';

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isValue(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isSingle) : isSingle(value);
}

function isSingle(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}
