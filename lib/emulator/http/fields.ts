// Reads the fields of a body by name, own properties only, and refuses a wrong type in Descope's words.
import type { JsonObject } from './call.js';
import { DescopeError } from './descope-error.js';

/** A text, or undefined when the field is absent, null or empty. */
export function readText(body: JsonObject, name: string): string | undefined {
  const value = readField(body, name);
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw wrongType(name, 'a string');
  return value;
}

/** A text that must be there. */
export function requireText(body: JsonObject, name: string): string {
  const value = readText(body, name);
  if (value === undefined) throw new DescopeError('missingArguments', `The ${name} argument is missing`);
  return value;
}

/** A flag, or undefined. */
export function readFlag(body: JsonObject, name: string): boolean | undefined {
  const value = readField(body, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean');
  return value;
}

/** A finite number, or undefined; numbers may be written as text, as gRPC gateways do for 64 bits. */
export function readNumber(body: JsonObject, name: string): number | undefined {
  const value = readField(body, name);
  if (value === undefined || value === '') return undefined;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw wrongType(name, 'a number');
  return number;
}

/** A list of texts, or undefined. */
export function readTexts(body: JsonObject, name: string): readonly string[] | undefined {
  const value = readField(body, name);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw wrongType(name, 'an array of strings');
  return value.map((item: unknown) => {
    if (typeof item !== 'string') throw wrongType(name, 'an array of strings');
    return item;
  });
}

/** An object, or undefined. */
export function readObject(body: JsonObject, name: string): JsonObject | undefined {
  const value = readField(body, name);
  if (value === undefined) return undefined;
  if (!isObject(value)) throw wrongType(name, 'an object');
  return value;
}

/** A list of objects, or undefined. */
export function readObjects(body: JsonObject, name: string): readonly JsonObject[] | undefined {
  const value = readField(body, name);
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every(isObject)) throw wrongType(name, 'an array of objects');
  return value;
}

/** Whatever stands there; null counts as nothing. */
export function readField(body: JsonObject, name: string): unknown {
  return Object.hasOwn(body, name) ? (body[name] ?? undefined) : undefined;
}

/** Says whether an object has all members of another, with the same values. */
export function hasAttributes(attributes: JsonObject, wanted: JsonObject): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(attributes, name) && attributes[name] === value,
  );
}

/** Says whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongType(name: string, wanted: string): DescopeError {
  return new DescopeError('invalidArguments', `The ${name} field must be ${wanted}`);
}
