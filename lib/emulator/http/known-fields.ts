// Which fields of a body a route does something with: all others are refused by name, so that none is dropped in silence.
import type { JsonObject } from './call.js';
import { DescopeError } from './descope-error.js';
import { isObject } from './fields.js';

/** The fields that a route knows; below a field without entries anything may stand. */
export type KnownFields = ReadonlyMap<string, KnownFields>;

/** Some fields below another one: `below('user', 'name email')` is `user.name user.email`. */
export function below(parent: string, fields: string): string {
  return words(fields)
    .map((field) => `${parent}.${field}`)
    .join(' ');
}

/** Refuses what a body says beyond the known fields; what is empty says nothing, and SDKs send much of it. */
export function assertKnownFields(body: JsonObject, known: KnownFields): void {
  const strangers = findStrangers(body, known);
  if (strangers.length === 0) return;
  const names = strangers.map((name) => name.slice(0, 100)).join(', ');
  const message =
    `The emulator does not do ${names} here, and does not drop it in silence: ` +
    'leave it out, or test this against a project of Descope';
  throw new DescopeError('invalidArguments', message);
}

/** Reads known fields, written `loginId user.name`; lists are named as what stands in them. */
export function toKnownFields(fields: string): KnownFields {
  const byHead = new Map<string, string[]>();
  for (const field of words(fields)) {
    const [head = '', ...rest] = field.split('.');
    byHead.set(head, [...(byHead.get(head) ?? []), ...(rest.length > 0 ? [rest.join('.')] : [])]);
  }
  return new Map([...byHead].map(([head, rest]) => [head, toKnownFields(rest.join(' '))]));
}

function findStrangers(body: JsonObject, known: KnownFields): readonly string[] {
  return Object.entries(body).flatMap(([name, value]) => {
    if (isEmpty(value)) return [];
    const inner = known.get(name);
    if (inner === undefined) return [name];
    if (inner.size === 0) return [];
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    const strangers = items.filter(isObject).flatMap((item) => findStrangers(item, inner));
    return [...new Set(strangers)].map((stranger) => `${name}.${stranger}`);
  });
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.values(value).every(isEmpty);
  return value === undefined || value === null || value === '' || value === false || value === 0;
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter(Boolean);
}
