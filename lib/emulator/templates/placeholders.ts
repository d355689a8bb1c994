// The placeholders of JWT templates, such as `{{user.email}}`, and what is put in their place.
import { isObject } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';

const PLACEHOLDER = /\{\{([^{}]+)\}\}/g; // one run: with spaces of its own it would take cubic time

const TENANT = ['tenant.id', 'tenant.name', 'tenant.customAttributes.*'];

/** The placeholders of each type of template; `*` stands for any name. */
export const KNOWN_PLACEHOLDERS: Readonly<Record<'user' | 'key', readonly string[]>> = {
  user: [
    ...'userId loginIds name givenName middleName familyName email phone picture verifiedEmail verifiedPhone status'
      .split(' ')
      .map((name) => `user.${name}`),
    'user.roleNames',
    'user.permissions',
    'user.customAttributes.*',
    ...TENANT,
  ],
  key: ['accessKey.id', 'accessKey.name', 'accessKey.description', 'accessKey.customAttributes.*', ...TENANT],
};

/** Whether the emulator has a value for a placeholder. */
export function isKnownPlaceholder(type: 'user' | 'key', path: string): boolean {
  return KNOWN_PLACEHOLDERS[type].some((known) =>
    known.endsWith('*') ? path.startsWith(known.slice(0, -1)) && path.length >= known.length : known === path,
  );
}

/** Lists the placeholders in a text. */
export function findPlaceholders(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, path = '']) => path.trim());
}

/** Replaces the placeholders of a value, also in lists and objects; undefined for one that has no value. */
export function fillPlaceholders(value: unknown, values: JsonObject): unknown {
  if (typeof value === 'string') return fillText(value, values);
  if (Array.isArray(value)) return value.map((item) => fillPlaceholders(item, values) ?? null);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, fillPlaceholders(member, values) ?? null]),
  );
}

// A text that is a placeholder and nothing else keeps the type of its value.
function fillText(text: string, values: JsonObject): unknown {
  const [only] = findPlaceholders(text);
  if (
    only !== undefined &&
    text.trim().replace(PLACEHOLDER, '') === '' &&
    findPlaceholders(text).length === 1
  ) {
    return readPath(values, only);
  }
  return text.replace(PLACEHOLDER, (_all, path: string) => toText(readPath(values, path.trim())));
}

function toText(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

// Below `customAttributes` the whole rest is the name: it may contain dots.
function readPath(values: JsonObject, path: string): unknown {
  const [head = '', second = '', ...rest] = path.split('.');
  const holder = readMember(values, head);
  const value = readMember(holder, second);
  const found = rest.length === 0 ? value : readMember(value, rest.join('.'));
  return found === '' ? undefined : (found ?? undefined);
}

function readMember(holder: unknown, name: string): unknown {
  return isObject(holder) && Object.hasOwn(holder, name) ? holder[name] : undefined;
}
