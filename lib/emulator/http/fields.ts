// Reads the fields of a body by name, own properties only, and rejects wrong types and unknown fields.
import { DescopeError } from '../errors.js';
import type { JsonObject } from './message.js';

/** Reads a string; undefined if the field is absent, null or empty. */
export function readString(body: JsonObject, name: string): string | undefined {
  const value = readField(body, name);
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw wrongType(name, 'a string');
  return value;
}

/** Reads a required string. */
export function requireString(body: JsonObject, name: string): string {
  const value = readString(body, name);
  if (value === undefined) throw new DescopeError('missingArguments', `The ${name} argument is missing`);
  return value;
}

/** Reads a boolean; undefined if the field is absent or null. */
export function readBoolean(body: JsonObject, name: string): boolean | undefined {
  const value = readField(body, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean');
  return value;
}

/** Reads a finite number, which may be written as a string, as gRPC gateways do for 64 bits. */
export function readNumber(body: JsonObject, name: string): number | undefined {
  const value = readField(body, name);
  if (value === undefined || value === '') return undefined;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw wrongType(name, 'a number');
  return number;
}

/** Reads a list of strings; undefined if the field is absent or null. */
export function readStrings(body: JsonObject, name: string): readonly string[] | undefined {
  const value = readField(body, name);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw wrongType(name, 'an array of strings');
  return value.map((item: unknown) => {
    if (typeof item !== 'string') throw wrongType(name, 'an array of strings');
    return item;
  });
}

/** Reads an object; undefined if the field is absent or null. */
export function readObject(body: JsonObject, name: string): JsonObject | undefined {
  const value = readField(body, name);
  if (value === undefined) return undefined;
  if (!isObject(value)) throw wrongType(name, 'an object');
  return value;
}

/** Reads a list of objects; undefined if the field is absent or null. */
export function readObjects(body: JsonObject, name: string): readonly JsonObject[] | undefined {
  const value = readField(body, name);
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every(isObject)) throw wrongType(name, 'an array of objects');
  return value;
}

/** Reads a value of any type; null counts as absent. */
export function readField(body: JsonObject, name: string): unknown {
  return Object.hasOwn(body, name) ? (body[name] ?? undefined) : undefined;
}

/** Whether an object has all members of another, with the same values. */
export function hasAttributes(attributes: JsonObject, wanted: JsonObject): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(attributes, name) && attributes[name] === value,
  );
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongType(name: string, wanted: string): DescopeError {
  return new DescopeError('invalidArguments', `The ${name} field must be ${wanted}`);
}

/** The fields that a route accepts; a field without entries accepts any value. */
export type KnownFields = ReadonlyMap<string, KnownFields>;

/** Prefixes fields with their parent: `below('user', 'name email')` is `user.name user.email`. */
export function below(parent: string, fields: string): string {
  return words(fields)
    .map((field) => `${parent}.${field}`)
    .join(' ');
}

/** Rejects a body with other fields, by their names. Empty values are ignored: SDKs send many of them. */
export function assertKnownFields(body: JsonObject, known: KnownFields): void {
  const unknown = findUnknownFields(body, known);
  if (unknown.length === 0) return;
  const names = unknown.map((name) => name.slice(0, 100)).join(', ');
  const message =
    `The emulator does not support ${names} here: ` +
    'leave it out, or test this against a real project of Descope';
  throw new DescopeError('invalidArguments', message);
}

/** Parses known fields, written `loginId user.name`; the items of a list are written as one object. */
export function toKnownFields(fields: string): KnownFields {
  const byHead = new Map<string, string[]>();
  for (const field of words(fields)) {
    const [head = '', ...rest] = field.split('.');
    byHead.set(head, [...(byHead.get(head) ?? []), ...(rest.length > 0 ? [rest.join('.')] : [])]);
  }
  return new Map([...byHead].map(([head, rest]) => [head, toKnownFields(rest.join(' '))]));
}

function findUnknownFields(body: JsonObject, known: KnownFields): readonly string[] {
  return Object.entries(body).flatMap(([name, value]) => {
    if (isEmpty(value)) return [];
    const inner = known.get(name);
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

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter(Boolean);
}
