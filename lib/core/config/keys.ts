// The options about what verifying keeps: keys, fixed or fetched, and the tokens that they have verified.
import { isJsonObject, readText } from '../token/claims.js';
import type { KeyFetchConfig } from '../token/key-fetch-schedule.js';
import type { KeysById } from '../token/key-set.js';
import { toKeysById } from '../token/key-set.js';
import { readVerificationKey } from '../token/signature.js';
import type { OptionReader, OptionTable, ValuesOf } from './option-reader.js';
import { describe, toNumberRule, toWholeNumberRule } from './option-reader.js';

const DAY_SECONDS = 86_400;
const STALE_SECONDS = 3600;
const MEGABYTE = 1_048_576;
const WANTED_KEY = 'one public JWK with "kid" and "alg", as Descope shows it';

/** How the project's keys are fetched, and how long they are used. */
export interface KeyFetchOptions {
  /**
   * Age at which keys are fetched again, in seconds. A withdrawn key is rejected after this.
   * @defaultValue `600`
   */
  readonly maxAgeSeconds?: number | undefined;
  /**
   * Age up to which keys are used while Descope cannot be reached, in seconds: the worst-case revocation time. At least
   * `maxAgeSeconds`.
   * @defaultValue `3600`, or `maxAgeSeconds` where that is more
   */
  readonly maxStaleSeconds?: number | undefined;
  /**
   * Least time between two fetches for unknown key ids, in seconds, at most 30.
   * @defaultValue `10`
   */
  readonly cooldownSeconds?: number | undefined;
  /**
   * Milliseconds that one fetch may take, headers and body together; each other call to Descope, too.
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

/** How many verified session tokens are remembered, so that the next request with one needs no signature check. */
export interface TokenCacheOptions {
  /**
   * Most tokens.
   * @defaultValue `10_000`
   */
  readonly maxTokens?: number | undefined;
  /**
   * Most memory that they may take, in bytes, by estimate.
   * @defaultValue `33_554_432` (32 MB)
   */
  readonly maxBytes?: number | undefined;
}

export const TOKEN_CACHE = {
  maxTokens: toWholeNumberRule({ least: 1, most: 10_000_000, default: 10_000 }),
  maxBytes: toWholeNumberRule({ least: MEGABYTE, most: 4096 * MEGABYTE, default: 32 * MEGABYTE }),
} satisfies OptionTable<TokenCacheOptions>;

/** A public JWK (RFC 7517). A type of our own, because the place of Node's changes with the version of its types. */
export interface PublicKeyJwk {
  readonly kty?: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly key_ops?: string[];
  readonly n?: string;
  readonly e?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
}

/** The fixed keys as they were given, not checked yet, and the algorithms that they must be for. */
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
    options.mistake('publicKey', 'keys beside it', 'one of the two');
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
