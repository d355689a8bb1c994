// A small language for the shape of a seed, which says where a value is wrong and what was wanted.
import { isObject } from '../http/fields.js';

/** Collects what is wrong with a value that stands at a place. */
export type Shape = (value: unknown, place: string) => readonly string[];

/** Some text; what it is for is said in the message. */
export const text: Shape = (value, place) =>
  typeof value === 'string' && value.trim() !== '' ? [] : [wrong(place, 'a non-empty string', value)];

/** True or false. */
export const flag: Shape = (value, place) =>
  typeof value === 'boolean' ? [] : [wrong(place, 'true or false', value)];

/** A number of seconds. */
export const seconds: Shape = (value, place) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? []
    : [wrong(place, 'a whole number of seconds', value)];

/** An object with members of any name. */
export const record: Shape = (value, place) => (isObject(value) ? [] : [wrong(place, 'an object', value)]);

/** Text without blanks and colons, which would not survive in an Authorization header. */
export const credential: Shape = (value, place) =>
  typeof value === 'string' && /^[^\s:]+$/.test(value)
    ? []
    : [`${place} must be text without blanks and colons`];

/** One of some words. */
export function oneOf(...words: readonly string[]): Shape {
  return (value, place) => (words.includes(value as string) ? [] : [wrong(place, words.join(', '), value)]);
}

/** A list. */
export function listOf(item: Shape): Shape {
  return (value, place) =>
    Array.isArray(value)
      ? value.flatMap((member: unknown, index) => item(member, `${place}[${index}]`))
      : [wrong(place, 'an array', value)];
}

/** An object with these members; the ones whose name ends in `!` must be there, and there may be no others. */
export function objectOf(members: Readonly<Record<string, Shape>>): Shape {
  const shapes = new Map(Object.entries(members).map(([name, shape]) => [name.replace('!', ''), shape]));
  const required = Object.keys(members).filter((name) => name.endsWith('!'));
  return (value, place) => {
    if (!isObject(value)) return [wrong(place, 'an object', value)];
    const missing = required
      .map((name) => name.slice(0, -1))
      .filter((name) => !Object.hasOwn(value, name))
      .map((name) => `${join(place, name)} is missing`);
    const present = Object.entries(value).flatMap(([name, member]) => {
      if (member === undefined) return [];
      const shape = shapes.get(name);
      const known = [...shapes.keys()].join(', ');
      return shape
        ? shape(member, join(place, name))
        : [`${join(place, name)} is unknown; known are ${known}`];
    });
    return [...missing, ...present];
  };
}

function join(place: string, name: string): string {
  return place === '' ? name : `${place}.${name}`;
}

function wrong(place: string, wanted: string, got: unknown): string {
  const shown =
    typeof got === 'object' && got !== null ? (Array.isArray(got) ? 'an array' : 'an object') : show(got);
  return `${place || 'the seed'} must be ${wanted}, got ${shown}`;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
