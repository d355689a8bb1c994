// The fields that a route knows, and what a request has beside them: named, and with the setting `strict` rejected.
import { DescopeError } from '../errors.js';
import { isObject } from './fields.js';
import type { Call, JsonObject } from './message.js';

/** The fields that a route knows; a field without entries may have any value. */
export type KnownFields = ReadonlyMap<string, KnownFields>;

/** No field at all. */
export const NO_FIELDS: KnownFields = new Map();

/** The header of a response that names what the emulator has ignored. */
export const IGNORED_HEADER = 'x-emulator-ignored';

/** Parses known fields, written `loginId user.name`; the items of a list are written as one object, `*` is any name, and `-name` none of `*`. */
export function toKnownFields(fields: string): KnownFields {
  const byHead = new Map<string, string[]>();
  for (const field of fields.split(/\s+/).filter(Boolean)) {
    const [head = '', ...rest] = field.split('.');
    byHead.set(head, [...(byHead.get(head) ?? []), ...(rest.length > 0 ? [rest.join('.')] : [])]);
  }
  return new Map([...byHead].map(([head, rest]) => [head, toKnownFields(rest.join(' '))]));
}

/** What a route knows of a request. */
interface Known {
  readonly fields: KnownFields;
  readonly query: KnownFields;
}

const MAX_NAMES = 20;
const MAX_NAME_LENGTH = 100;

/**
 * Names what a request has and its route does not know: `user.nickname` of the body, `?page` of the query. Empty
 * values do not count: SDKs send many of them.
 *
 * @returns At most 21 names in characters that a header may hold; the last one counts those that are left out.
 */
export function findUnknown({ body, query }: Pick<Call, 'body' | 'query'>, known: Known): readonly string[] {
  const fields = findUnknownFields(body, known.fields);
  const parameters = findUnknownFields(Object.fromEntries(query), known.query);
  const names = [...fields, ...parameters.map((name) => `?${name}`)];
  const shown = names.slice(0, MAX_NAMES).map(toSafeName);
  return names.length > MAX_NAMES ? [...shown, `+${names.length - MAX_NAMES}`] : shown;
}

/** Creates the rejection of a request with unknown fields. */
export function toFieldRejection(names: readonly string[]): DescopeError {
  const message =
    `The emulator does not support ${names.join(', ')} here: ` +
    'leave it out, or test this against a real project of Descope';
  return new DescopeError('invalidArguments', message);
}

function findUnknownFields(body: JsonObject, known: KnownFields): readonly string[] {
  return Object.entries(body).flatMap(([name, value]) => {
    if (known.has(`-${name}`)) return [name];
    if (isEmpty(value)) return [];
    const inner = known.get(name) ?? known.get('*');
    if (inner === undefined) return [name];
    if (inner.size === 0) return [];
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    const unknown = items.filter(isObject).flatMap((item) => findUnknownFields(item, inner));
    return [...new Set(unknown)].map((unknown) => `${name}.${unknown}`);
  });
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.values(value).every(isEmpty);
  return value === undefined || value === null || value === '' || value === false || value === 0;
}

// A name is of the caller's making; a comma would divide it, and a line break the header.
function toSafeName(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH).replace(/[^\w.?$@:-]/g, '_');
}
