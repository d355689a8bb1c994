// The options about what verifying keeps: keys, fixed or fetched, and the tokens that they have proven.
import { isJsonObject, readText } from '../token/claims.js';
import type { KeyFetchConfig } from '../token/key-fetch-schedule.js';
import type { KeysById } from '../token/key-set.js';
import { toKeysById } from '../token/key-set.js';
import { readVerificationKey } from '../token/signature.js';
import type { TokenCacheConfig } from '../token/token-cache.js';
import type { Bounds, OptionReader } from './option-reader.js';
import { describe, toNumberRule, toWholeNumberRule } from './option-reader.js';
import type { DescopeOptions, KeyFetchOptions, TokenCacheOptions } from './options.js';

const DAY_SECONDS = 86_400;
const STALE_SECONDS = 3600;
const MEGABYTE = 1_048_576;
const KEY_FETCH_OPTIONS = ['maxAgeSeconds', 'maxStaleSeconds', 'cooldownSeconds', 'timeoutMs'];

/** Reads the fixed keys. Each must be usable and name its `kid` and `alg`: an offline key is checked now or never. */
export function readKeys(
  options: OptionReader,
  given: DescopeOptions,
  algorithms: readonly string[],
): KeysById | undefined {
  if (given.publicKey !== undefined && given.keys !== undefined) {
    options.mistake('publicKey', 'keys beside it', 'one of the two');
  }
  if (given.keys !== undefined) return readKeyList(options, given.keys, algorithms);
  if (given.publicKey === undefined) return undefined;
  const jwk = typeof given.publicKey === 'string' ? parse(given.publicKey) : given.publicKey;
  noteFlaw(options, 'publicKey', { jwk, algorithms });
  return toKeysById([jwk]);
}

function readKeyList(options: OptionReader, keys: unknown, algorithms: readonly string[]): KeysById {
  if (!Array.isArray(keys) || keys.length === 0) {
    options.mistake('keys', describe(keys), 'a list of public JWKs');
    return new Map();
  }
  keys.forEach((jwk: unknown, index) => noteFlaw(options, `keys[${index}]`, { jwk, algorithms }));
  const usable = toKeysById(keys);
  if (usable.size < keys.length)
    options.mistake('keys', 'keys that share a "kid" or are unusable', 'one key per "kid"');
  return usable;
}

function noteFlaw(
  options: OptionReader,
  name: string,
  input: { jwk: unknown; algorithms: readonly string[] },
): void {
  const wants = 'one public JWK with "kid" and "alg", as Descope shows it';
  const key = readVerificationKey(input.jwk);
  if (typeof key === 'string') return options.mistake(name, `a key that is rejected because ${key}`, wants);
  const algorithm = isJsonObject(input.jwk) ? readText(input.jwk, 'alg') : undefined;
  if (algorithm === undefined) return options.mistake(name, 'a key without "alg"', wants);
  if (!input.algorithms.includes(algorithm)) {
    options.mistake(
      name,
      `a key for ${algorithm}`,
      `a key for one of the algorithms (${input.algorithms.join(', ')})`,
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told as a key that is no JSON object
  }
}

/** Reads how keys are fetched, in the milliseconds that the key set counts in. */
export function readKeyFetch(options: OptionReader): KeyFetchConfig & { readonly timeoutMs: number } {
  const group = options.group<KeyFetchOptions>('keyFetch', KEY_FETCH_OPTIONS);
  const read = (name: keyof KeyFetchOptions, bounds: Bounds) => group.read(name, toNumberRule(bounds));
  const maxAge = read('maxAgeSeconds', { least: 1, most: DAY_SECONDS, default: 600 });
  const stale = Math.max(STALE_SECONDS, maxAge);
  const maxStale = read('maxStaleSeconds', { least: 0, most: DAY_SECONDS, default: stale });
  if (maxStale < maxAge)
    group.mistake('maxStaleSeconds', `${maxStale}, which is below maxAgeSeconds`, `at least ${maxAge}`);
  return {
    maxAgeMs: 1000 * maxAge,
    maxStaleMs: 1000 * maxStale,
    cooldownMs: 1000 * read('cooldownSeconds', { least: 1, most: 30, default: 10 }),
    timeoutMs: read('timeoutMs', { least: 100, most: 4000, default: 2500 }),
  };
}

/** Reads how many proven tokens are remembered; `undefined` for none. */
export function readTokenCache(options: OptionReader, given: DescopeOptions): TokenCacheConfig | undefined {
  if (given.tokenCache === false) return undefined;
  const group = options.group<TokenCacheOptions>('tokenCache', ['maxTokens', 'maxBytes']);
  const read = (name: keyof TokenCacheOptions, bounds: Bounds) => group.read(name, toWholeNumberRule(bounds));
  return {
    maxTokens: read('maxTokens', { least: 1, most: 10_000_000, default: 10_000 }),
    maxBytes: read('maxBytes', { least: MEGABYTE, most: 4096 * MEGABYTE, default: 32 * MEGABYTE }),
  };
}
