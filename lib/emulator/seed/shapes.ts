// The parts that the shape of a seed is made of: texts, numbers, lists, and objects with known members.
import { isObject } from '../http/fields.js';
import { findRedirectMistake } from '../http/redirect-uris.js';
import { readBase32 } from '../totp/totp.js';

/** Lists what is wrong with the value at a path of the seed, such as `users[0].email`. */
export type Shape = (value: unknown, path: string) => readonly string[];

export const string: Shape = (value, path) =>
  typeof value === 'string' && value.trim() !== '' ? [] : [mistake(path, 'a non-empty string', value)];

export const boolean: Shape = (value, path) =>
  typeof value === 'boolean' ? [] : [mistake(path, 'true or false', value)];

export const seconds: Shape = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? []
    : [mistake(path, 'a whole number of seconds', value)];

export const wholeNumber: Shape = (value, path) =>
  Number.isInteger(value) ? [] : [mistake(path, 'a whole number', value)];

// The value is a secret and stays out of the message.
export const text: Shape = (value, path) => (typeof value === 'string' ? [] : [`${path} must be a string`]);
export const count: Shape = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? []
    : [mistake(path, 'a whole number', value)];

export const totpSeed: Shape = (value, path) =>
  typeof value === 'string' && readBase32(value) !== undefined
    ? []
    : [`${path} must be at least 16 characters of base32`];

export const record: Shape = (value, path) => (isObject(value) ? [] : [mistake(path, 'an object', value)]);

// Anything else would not survive in an Authorization header. The value is a secret and stays out of the message.
export const credential: Shape = (value, path) =>
  typeof value === 'string' && /^[^\s:]+$/.test(value)
    ? []
    : [`${path} must be a string without whitespace or colons`];

// RFC 6749 section 3.3.
export const scopeName: Shape = (value, path) =>
  typeof value === 'string' && /^[!#-[\]-~]+$/.test(value) ? [] : [mistake(path, 'a scope', value)];

export const redirectUri: Shape = (value, path) => {
  if (typeof value !== 'string') return [mistake(path, 'a redirect URI', value)];
  const wrong = findRedirectMistake(value);
  return wrong === undefined ? [] : [`${path} ${wrong}, got ${JSON.stringify(value)}`];
};

// An underscore would end the execution id in the URL of an e-mailed link.
export const flowId: Shape = (value, path) =>
  typeof value === 'string' && /^[A-Za-z0-9-]+$/.test(value)
    ? []
    : [mistake(path, 'letters, digits and -', value)];

export const serverId: Shape = (value, path) =>
  typeof value === 'string' && /^\w+$/.test(value) ? [] : [mistake(path, 'letters, digits and _', value)];

export const resourceUrl: Shape = (value, path) =>
  typeof value === 'string' && URL.canParse(value) && !value.includes('#')
    ? []
    : [mistake(path, 'an absolute URL without a fragment', value)];
// The values stay out of the messages: a URL may contain credentials.
export const httpUrl: Shape = (value, path) =>
  typeof value === 'string' && /^https?:/i.test(value) && URL.canParse(value)
    ? []
    : [`${path} must be an http or https URL`];

export const secret: Shape = (value, path) =>
  typeof value === 'string' && value !== '' ? [] : [`${path} must be a non-empty string`];

export function oneOf(...values: readonly string[]): Shape {
  return (value, path) =>
    values.includes(value as string) ? [] : [mistake(path, `one of ${values.join(', ')}`, value)];
}

export function listOf(item: Shape): Shape {
  return (value, path) =>
    Array.isArray(value)
      ? value.flatMap((member: unknown, index) => item(member, `${path}[${index}]`))
      : [mistake(path, 'an array', value)];
}

/** An object with these members and no others; those whose name ends in `!` are required. */
export function objectOf(members: Readonly<Record<string, Shape>>): Shape {
  const shapes = new Map(Object.entries(members).map(([name, shape]) => [name.replace('!', ''), shape]));
  const required = Object.keys(members).filter((name) => name.endsWith('!'));
  return (value, path) => {
    if (!isObject(value)) return [mistake(path, 'an object', value)];
    const missing = required
      .map((name) => name.slice(0, -1))
      .filter((name) => !Object.hasOwn(value, name))
      .map((name) => `${join(path, name)} is missing`);
    const present = Object.entries(value).flatMap(([name, member]) => {
      if (member === undefined) return [];
      const shape = shapes.get(name);
      const known = [...shapes.keys()].join(', ');
      return shape ? shape(member, join(path, name)) : [`${join(path, name)} is unknown; known are ${known}`];
    });
    return [...missing, ...present];
  };
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function mistake(path: string, wanted: string, got: unknown): string {
  return `${path || 'the seed'} must be ${wanted}, got ${describe(got)}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : (JSON.stringify(value) ?? String(value));
}
