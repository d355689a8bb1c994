// Senders of bound tokens: a key of their own, and proofs for requests, with anything wrong that a test wants.
import { createHash } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import type { SigningKey } from './tokens.js';
import { createSigningKey, NOW_SECONDS, signBytes, toPart } from './tokens.js';

/** The request that a proof is for, and what differs from a sound proof; an `undefined` member is left out. */
export interface ProofInput {
  readonly method?: string;
  readonly url?: string;
  readonly token?: string;
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  /** Signs in place of the sender's own key. */
  readonly signer?: SigningKey;
}

/** A client with a key. */
export interface Sender {
  readonly key: SigningKey;
  /** The public JWK, without anything else. */
  readonly jwk: Record<string, unknown>;
  /** RFC 7638, by jose. */
  readonly thumbprint: string;
  /** The claim of a token that is bound to the key. */
  readonly cnf: { readonly jkt: string };
  prove(input?: ProofInput): string;
}

let count = 0;

/** Creates a client with a new key, or with one that is given. */
export async function createSender(given: string | SigningKey = 'ES256'): Promise<Sender> {
  const key = typeof given === 'string' ? createSigningKey(given) : given;
  const { kid: _id, alg: _algorithm, use: _use, ...jwk } = key.jwk;
  const thumbprint = await calculateJwkThumbprint(jwk);
  return { key, jwk, thumbprint, cnf: { jkt: thumbprint }, prove: (input) => prove({ key, jwk }, input) };
}

function prove({ key, jwk }: Pick<Sender, 'key' | 'jwk'>, input: ProofInput = {}): string {
  const { method = 'GET', url = 'https://api.example.com/orders', token = 'token', signer = key } = input;
  count += 1;
  const header = { typ: 'dpop+jwt', alg: key.algorithm, jwk, ...input.header };
  const claims = { jti: `proof-${count}`, htm: method, htu: url, iat: NOW_SECONDS, ath: toAth(token) };
  const text = `${toPart(header)}.${toPart({ ...claims, ...input.claims })}`;
  return `${text}.${signBytes(signer.algorithm, signer.privateKey, text).toString('base64url')}`;
}

/** The hash of an access token (RFC 9449 §4.2). */
export function toAth(token: string): string {
  return createHash('sha256').update(token, 'ascii').digest('base64url');
}

const MEMBERS: readonly (readonly string[])[] = [
  ['crv', 'kty', 'x', 'y'],
  ['e', 'kty', 'n'],
];

/** The claim of a token that is bound to a key as it is spelled, sound or not; `{}` for what is no public key (RFC 7638 §3.2). */
export function toBinding(jwk: unknown): { readonly cnf?: { readonly jkt: string } } {
  if (typeof jwk !== 'object' || jwk === null) return {};
  const names = MEMBERS.find((list) => list.every((name) => Object.hasOwn(jwk, name)));
  if (names === undefined) return {};
  const key = jwk as Readonly<Record<string, unknown>>;
  return { cnf: { jkt: toAth(JSON.stringify(Object.fromEntries(names.map((name) => [name, key[name]])))) } };
}
