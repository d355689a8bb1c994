// The option `dpop`: tokens that are bound to a key of their sender, and the proofs that come with them.
import type { DpopConfig } from '../dpop/create-proof-verifier.js';
import type { SignatureAlgorithm } from '../token/signature.js';
import { SIGNATURE_ALGORITHMS } from '../token/signature.js';
import type { Check, OptionReader, OptionTable, ValuesOf } from './option-reader.js';
import { isOneOf, toListRule, toOptionalRule, toRule, toWholeNumberRule } from './option-reader.js';
import type { SharedConfig } from './sharing.js';

/** Whether tokens that are bound to a key are rejected, accepted beside others, or the only ones that are accepted. */
export type DpopMode = 'off' | 'allowed' | 'required';

/** How proofs of possession are verified. */
export interface DpopOptions {
  /**
   * Whether bound tokens are accepted beside other credentials (`'allowed'`), or no others are (`'required'`).
   * @defaultValue `'allowed'`
   */
  readonly mode?: DpopMode | undefined;
  /**
   * Where it is remembered which proofs were used: in the shared store, or in the memory of each instance. With
   * `'per-instance'`, a proof that somebody intercepts can be used once more on each other instance, within `maxAgeSeconds`.
   * @defaultValue `'shared'`
   */
  readonly replay?: 'shared' | 'per-instance' | undefined;
  /**
   * Whether proofs must have a nonce of the application, so that none can be made in advance. Clients get it with the first
   * rejection, and repeat that request. Beside a shared store, it needs a secret of at least 32 characters that all instances
   * have.
   * @defaultValue `false`
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-9
   */
  readonly nonces?: boolean | { readonly secret: string } | undefined;
  /**
   * The signature algorithms that proofs may have.
   * @defaultValue `['ES256', 'PS256', 'RS256']`
   */
  readonly algorithms?: readonly SignatureAlgorithm[] | undefined;
  /**
   * How long a proof is accepted after it was made, in seconds from 1 to 300, plus `leewaySeconds`.
   * @defaultValue `60`
   */
  readonly maxAgeSeconds?: number | undefined;
  /**
   * The path that a proxy in front of the application removes from URLs, such as `'/api'`: clients make proofs for the URL
   * that they call.
   * @defaultValue none
   */
  readonly pathPrefix?: string | undefined;
}

const MODES = ['off', 'allowed', 'required'] as const;
const MIN_SECRET_LENGTH = 32;
const SECRET_WANTED = `a string of at least ${MIN_SECRET_LENGTH} characters that all instances have`;
const PREFIX = /^(?:\/[\w.~%-]+)+$/;

const isNonces: Check<boolean | { readonly secret: string }> = (
  value,
): value is boolean | { readonly secret: string } => {
  if (typeof value === 'boolean') return true;
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'secret') return false;
  const { secret } = value as { readonly secret: unknown };
  return typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH;
};

const isPrefix: Check<string> = (value): value is string => typeof value === 'string' && PREFIX.test(value);

export const DPOP = {
  mode: toRule<DpopMode>("'off', 'allowed' or 'required'", isOneOf(...MODES), 'allowed'),
  replay: toRule<'shared' | 'per-instance'>(
    "'shared' or 'per-instance'",
    isOneOf('shared', 'per-instance'),
    'shared',
  ),
  nonces: toRule<boolean | { readonly secret: string }>(
    `a boolean, or { secret } with ${SECRET_WANTED}`,
    isNonces,
    false,
  ),
  algorithms: toListRule(SIGNATURE_ALGORITHMS, ['ES256', 'PS256', 'RS256']),
  maxAgeSeconds: toWholeNumberRule({ least: 1, most: 300, default: 60 }),
  pathPrefix: toOptionalRule('a path such as "/api", without a slash at its end', isPrefix),
} satisfies OptionTable<DpopOptions>;

/** The other options that proofs depend on. */
export interface DpopSurroundings {
  readonly publicOrigin: string | undefined;
  readonly leewaySeconds: number;
  readonly shared: SharedConfig;
}

/** Creates the config of proofs; `undefined` where bound tokens are rejected. */
export function toDpopConfig(
  given: ValuesOf<typeof DPOP> | undefined,
  { publicOrigin, leewaySeconds, shared }: DpopSurroundings,
  options: OptionReader,
): DpopConfig | undefined {
  if (given === undefined || given.mode === 'off') return undefined;
  const { mode, replay, nonces, algorithms, maxAgeSeconds, pathPrefix = '' } = given;
  const isShared = replay === 'shared';
  if (publicOrigin === undefined) options.mistake('publicOrigin', 'nothing, with dpop on', ORIGIN_WANTED);
  if (isShared && shared.store?.setIfAbsent === undefined)
    options.mistake('dpop.replay', "'shared' (the default) without a store that can", STORE_WANTED);
  if (isShared && nonces === true)
    options.mistake('dpop.nonces', 'true beside a shared store', `{ secret } with ${SECRET_WANTED}`);
  const secret = typeof nonces === 'object' ? nonces.secret : undefined;
  return Object.freeze({
    isRequired: mode === 'required',
    algorithms,
    maxAgeSeconds,
    leewaySeconds,
    baseUrl: `${publicOrigin ?? ''}${pathPrefix}`,
    isShared,
    hasNonces: nonces !== false,
    readNonceSecret: () => secret,
  });
}

const ORIGIN_WANTED =
  'the origin that clients call, such as "https://api.example.com": each proof names the URL that it is for';
const STORE_WANTED =
  "shared.store or shared.channel with a store that has setIfAbsent (such as redisChannel(client)), or replay: 'per-instance', with which a proof can be used once on each instance";
