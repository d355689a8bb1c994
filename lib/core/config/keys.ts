// The options of keys, fixed or fetched, of the cache of verified tokens, and of the secrets of Descope's events.
import { isJsonObject, readText } from '../token/claims.js';
import type { KeyFetchConfig } from '../token/key-fetch-schedule.js';
import type { KeysById } from '../token/key-set.js';
import { toKeysById } from '../token/key-set.js';
import { readVerificationKey } from '../token/signature.js';
import type { Check, OptionReader, OptionTable, ValuesOf } from './option-reader.js';
import {
  describe,
  isText,
  isTexts,
  toNumberRule,
  toOptionalRule,
  toWholeNumberRule,
} from './option-reader.js';

const DAY_SECONDS = 86_400;
const STALE_SECONDS = 3600;
const MEGABYTE = 1_048_576;
const WANTED_KEY = 'one public JWK with "kid" and "alg", as Descope shows it';

/** How the public keys of the project are fetched, and how long they are used. */
export interface KeyFetchOptions {
  /**
   * The age at which keys are fetched again, in seconds from 1 to 86 400. A key that Descope withdrew is rejected after
   * this time.
   * @defaultValue `600`
   */
  readonly maxAgeSeconds?: number | undefined;
  /**
   * The age up to which keys are used while Descope cannot be reached, in seconds from `maxAgeSeconds` to 86 400. A key
   * that Descope withdrew is accepted no longer than this.
   * @defaultValue `3600`, or `maxAgeSeconds` if that is more
   */
  readonly maxStaleSeconds?: number | undefined;
  /**
   * The least time between two fetches for unknown key ids, in seconds from 1 to 30.
   * @defaultValue `10`
   */
  readonly cooldownSeconds?: number | undefined;
  /**
   * The time limit of one fetch, headers and body together, in milliseconds from 100 to 4000. It is also the limit of
   * every other call to Descope.
   * @defaultValue `2500`
   */
  readonly timeoutMs?: number | undefined;
}

export const KEY_FETCH = {
  maxAgeSeconds: toNumberRule({ least: 1, most: DAY_SECONDS, default: 600 }),
  maxStaleSeconds: toNumberRule({ least: 0, most: DAY_SECONDS, default: undefined }),
  cooldownSeconds: toNumberRule({ least: 1, most: 30, default: 10 }),
  timeoutMs: toNumberRule({ least: 100, most: 4000, default: 2500 }),
} satisfies OptionTable<KeyFetchOptions>;

/** Converts `keyFetch` to milliseconds. Adds a mistake where stale keys end before fresh ones. */
export function toKeyFetchConfig(
  { maxAgeSeconds, maxStaleSeconds, cooldownSeconds, timeoutMs }: ValuesOf<typeof KEY_FETCH>,
  options: OptionReader,
): KeyFetchConfig & { readonly timeoutMs: number } {
  const staleSeconds = maxStaleSeconds ?? Math.max(STALE_SECONDS, maxAgeSeconds);
  if (staleSeconds < maxAgeSeconds)
    options.mistake(
      'keyFetch.maxStaleSeconds',
      `${staleSeconds}, which is below maxAgeSeconds`,
      `at least ${maxAgeSeconds}`,
    );
  return {
    maxAgeMs: 1000 * maxAgeSeconds,
    maxStaleMs: 1000 * staleSeconds,
    cooldownMs: 1000 * cooldownSeconds,
    timeoutMs,
  };
}

/**
 * The limits of the cache of verified session tokens. A request with a cached token needs no signature check; expiry and
 * key are checked for each request. A token is cached when it is verified for the second time.
 */
export interface TokenCacheOptions {
  /**
   * The greatest number of tokens, from 1 to 10 000 000.
   * @defaultValue `10_000`
   */
  readonly maxTokens?: number | undefined;
  /**
   * The greatest estimated size in memory, in bytes, from 1 MB to 4 GB.
   * @defaultValue `33_554_432` (32 MB)
   */
  readonly maxBytes?: number | undefined;
}

export const TOKEN_CACHE = {
  maxTokens: toWholeNumberRule({ least: 1, most: 10_000_000, default: 10_000 }),
  maxBytes: toWholeNumberRule({ least: MEGABYTE, most: 4096 * MEGABYTE, default: 32 * MEGABYTE }),
} satisfies OptionTable<TokenCacheOptions>;

// Not Node's type, whose module differs between versions of `@types/node`.
/**
 * A public key as a JSON Web Key. `kid` and `alg` are required.
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-4
 */
export interface PublicKeyJwk {
  /** The key type: `'RSA'` or `'EC'`. */
  readonly kty?: string;
  /** The key id, which the header of a token names. */
  readonly kid?: string;
  /** The algorithm of the key, such as `'RS256'`. */
  readonly alg?: string;
  /** The use of the key; if present, it must be `'sig'`. */
  readonly use?: string;
  /** The operations of the key; if present, they must include `'verify'`. */
  readonly key_ops?: string[];
  /** The modulus of an RSA key, in base64url. */
  readonly n?: string;
  /** The exponent of an RSA key, in base64url. */
  readonly e?: string;
  /** The curve of an EC key, such as `'P-256'`. */
  readonly crv?: string;
  /** The x coordinate of an EC key, in base64url. */
  readonly x?: string;
  /** The y coordinate of an EC key, in base64url. */
  readonly y?: string;
}

/** The fixed keys as they were given, before the check, and the algorithms that are allowed. */
export interface GivenKeys {
  readonly publicKey?: unknown;
  readonly keys?: unknown;
  readonly algorithms: readonly string[];
}

interface KeyToCheck {
  readonly jwk: unknown;
  readonly algorithms: readonly string[];
}

/** Reads the fixed keys. Each must be usable and name its `kid` and `alg`: no fetch corrects an offline key later. */
export function toFixedKeys(given: GivenKeys, options: OptionReader): KeysById | undefined {
  const { publicKey, keys, algorithms } = given;
  if (publicKey !== undefined && keys !== undefined)
    options.mistake('publicKey', 'publicKey together with keys', 'only one of them');
  if (keys !== undefined) return readKeyList(options, keys, algorithms);
  if (publicKey === undefined) return undefined;
  const jwk = typeof publicKey === 'string' ? parse(publicKey) : publicKey;
  checkKey(options, 'publicKey', { jwk, algorithms });
  return toKeysById([jwk]);
}

function readKeyList(options: OptionReader, keys: unknown, algorithms: readonly string[]): KeysById {
  if (!Array.isArray(keys) || keys.length === 0) {
    options.mistake('keys', describe(keys), 'a list of public JWKs');
    return new Map();
  }
  keys.forEach((jwk: unknown, index) => checkKey(options, `keys[${index}]`, { jwk, algorithms }));
  const usable = toKeysById(keys);
  if (usable.size < keys.length)
    options.mistake('keys', 'keys that share a "kid" or are unusable', 'one key per "kid"');
  return usable;
}

function checkKey(options: OptionReader, name: string, { jwk, algorithms }: KeyToCheck): void {
  const key = readVerificationKey(jwk);
  const algorithm = isJsonObject(jwk) ? readText(jwk, 'alg') : undefined;
  if (typeof key === 'string') options.mistake(name, `a key that is rejected because ${key}`, WANTED_KEY);
  else if (algorithm === undefined) options.mistake(name, 'a key without "alg"', WANTED_KEY);
  else if (!algorithms.includes(algorithm)) {
    const wants = `a key for one of the algorithms (${algorithms.join(', ')})`;
    options.mistake(name, `a key for ${algorithm}`, wants);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // reported as a key that is no JSON object
  }
}

// The option `events`: the secrets with which Descope signs its events.

const LEAST_SECRET_LENGTH = 16;
const SECRET_WANTED =
  "the HMAC secret of the audit webhook connector in Descope's console, of 16 characters or more, or a list of such secrets";

/** How Descope's events are received. */
export interface EventsOptions {
  /**
   * The HMAC secret of the audit webhook connector in Descope's console, of 16 characters or more. With several, each is
   * accepted, so that a secret can be replaced while events arrive.
   * @defaultValue `DESCOPE_WEBHOOK_SECRET`; one of the two is required
   * @see https://docs.descope.com/connectors/connector-hmac-usage
   */
  readonly secret?: string | readonly string[] | undefined;
}

const isLong = (value: unknown): boolean => isText(value) && value.trim().length >= LEAST_SECRET_LENGTH;
const isSecret: Check<string | readonly string[]> = (value): value is string | readonly string[] =>
  isLong(value) || (isTexts(value) && value.every(isLong));

export const EVENTS = {
  secret: toOptionalRule(SECRET_WANTED, isSecret),
} satisfies OptionTable<EventsOptions>;

/** Reads the secrets. Adds a mistake where events are received and there is none. */
export function toWebhookSecrets(
  events: ValuesOf<typeof EVENTS> | undefined,
  given: unknown,
  options: OptionReader,
): readonly string[] {
  const secrets = [events?.secret ?? []].flat().map((secret) => secret.trim());
  const isLeftOut = typeof given === 'object' && (given as EventsOptions | null)?.secret === undefined;
  if (events !== undefined && isLeftOut)
    options.mistake('events.secret', 'nothing', `${SECRET_WANTED}, here or in DESCOPE_WEBHOOK_SECRET`);
  return Object.freeze(secrets);
}
