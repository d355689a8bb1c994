// Reads the fields of a body by name, own properties only, and rejects wrong types.
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

/** Reads a required object. */
export function requireObject(body: JsonObject, name: string): JsonObject {
  const value = readObject(body, name);
  if (value === undefined) throw new DescopeError('missingArguments', `The ${name} argument is missing`);
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

// go-sdk, the options of a search: a value or a list of values.
/** Whether attributes have the wanted values; of a list of values they need one, and a list has each of its items. */
export function hasAttributes(attributes: JsonObject, wanted: JsonObject): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    const has: readonly unknown[] = Object.hasOwn(attributes, name) ? [attributes[name]].flat() : [];
    return [value].flat().some((one) => has.includes(one));
  });
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongType(name: string, wanted: string): DescopeError {
  return new DescopeError('invalidArguments', `The ${name} field must be ${wanted}`);
}

/** Prefixes fields with their parent: `below('user', 'name email')` is `user.name user.email`. */
export function below(parent: string, fields: string): string {
  return fields
    .split(/\s+/)
    .filter(Boolean)
    .map((field) => `${parent}.${field}`)
    .join(' ');
}
