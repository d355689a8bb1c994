// The header of a DPoP proof → the key that it names, with its thumbprint; the headers of proven keys are remembered.
import { DescopeCredentialError } from '../errors.js';
import type { JsonObject } from '../token/claims.js';
import { isJsonObject, readOwn, readText } from '../token/claims.js';
import { detach } from '../token/decode.js';
import type { VerificationKey } from '../token/signature.js';
import { readVerificationKey } from '../token/signature.js';
import { invalidProof, readProofPart, toHash } from './proof.js';

const TYPE = 'dpop+jwt';
// RFC 7515 §4.1.11 and others that change what is signed; none is supported.
const UNSUPPORTED = ['crit', 'b64', 'zip', 'enc'];

// The client chooses the key, so its verification must not cost more than that of a token: with a modulus of 3072 bits and an
// exponent as long, one takes a hundred times longer.
const MAX_RSA_BITS = 4_096;
const MAX_RSA_EXPONENT = 65_537n;

const MAX_KEYS = 1_000;
const MAX_HEADER_LENGTH = 1_536; // of a key of MAX_RSA_BITS

/** The key of a proof. Its id is its thumbprint. */
export type ProofKey = VerificationKey & { readonly algorithm: string };

export class ProofKeys {
  readonly #algorithms: readonly string[];
  readonly #known = new Map<string, ProofKey>(); // by the encoded header, from old to new

  /** @param algorithms the algorithms that proofs may have */
  constructor(algorithms: readonly string[]) {
    this.#algorithms = algorithms;
  }

  /**
   * Reads the key of a header. Throws `DPOP_PROOF_INVALID`, or `DPOP_KEY_MISMATCH` if it is not the key with this thumbprint:
   * before the key is imported, which takes as long as a signature.
   */
  read(header: string, thumbprint: string | undefined): ProofKey {
    const known = this.#known.get(header);
    if (known === undefined) return this.#readNew(readProofPart(header), thumbprint);
    assertSame(known.keyId, thumbprint);
    return known;
  }

  /** Remembers the key of a header, whose proof was verified: a header without one takes no memory. */
  remember(header: string, key: ProofKey): void {
    if (this.#known.has(header) || header.length > MAX_HEADER_LENGTH) return;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MAX_KEYS) break;
      this.#known.delete(oldest);
    }
    this.#known.set(detach(header), key);
  }

  #readNew(header: JsonObject, expected: string | undefined): ProofKey {
    if (readOwn(header, 'typ') !== TYPE) throw invalidProof(`does not have the "typ" ${TYPE}`);
    const extension = UNSUPPORTED.find((name) => Object.hasOwn(header, name));
    if (extension !== undefined) throw invalidProof(`carries "${extension}"`);
    const algorithm = readOwn(header, 'alg');
    if (typeof algorithm !== 'string' || !this.#algorithms.includes(algorithm))
      throw invalidProof(`does not have an "alg" of ${this.#algorithms.join(', ')}`);
    const jwk = readOwn(header, 'jwk');
    if (!isJsonObject(jwk)) throw invalidProof('has no "jwk"');
    return readProofKey(jwk, algorithm, expected);
  }
}

function readProofKey(jwk: JsonObject, algorithm: string, expected: string | undefined): ProofKey {
  const named = readOwn(jwk, 'alg');
  if (named !== undefined && named !== algorithm) throw invalidKey('its "alg" is not that of the proof');
  const members = readMembers(jwk);
  const thumbprint = toHash(JSON.stringify(members));
  assertSame(thumbprint, expected);
  const key = readVerificationKey({ ...jwk, kid: thumbprint, alg: algorithm });
  if (typeof key === 'string') throw invalidKey(key);
  const { keyObject } = key;
  const exported: JsonObject = { ...keyObject.export({ format: 'jwk' }) };
  // Another spelling of the same key would have another thumbprint.
  if (Object.entries(members).some(([name, value]) => readOwn(exported, name) !== value))
    throw invalidKey('it is not in its canonical form');
  const { modulusLength = 0, publicExponent = 0n } = keyObject.asymmetricKeyDetails ?? {};
  if (modulusLength > MAX_RSA_BITS || publicExponent > MAX_RSA_EXPONENT)
    throw invalidKey(`it has more than ${MAX_RSA_BITS} bits, or an "e" above ${MAX_RSA_EXPONENT}`);
  return { keyId: thumbprint, algorithm, keyObject };
}

// RFC 7638 §3.2: the required members in the order of their names.
const MEMBERS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['RSA', ['e', 'kty', 'n']],
]);

function readMembers(jwk: JsonObject): Readonly<Record<string, string>> {
  const names = MEMBERS.get(readOwn(jwk, 'kty'));
  if (names === undefined) throw invalidKey('it is neither an RSA nor an EC key');
  const members = names.map((name) => [name, readText(jwk, name)] as const);
  const missing = members.find(([, value]) => value === undefined);
  if (missing !== undefined) throw invalidKey(`it has no "${missing[0]}"`);
  return Object.fromEntries(members) as Record<string, string>;
}

function invalidKey(why: string): Error {
  return invalidProof(`has a "jwk" that may not verify it: ${why}`);
}

function assertSame(thumbprint: string, expected: string | undefined): void {
  if (thumbprint === expected) return;
  const message = 'The token is bound to another key than that of the DPoP proof.';
  throw new DescopeCredentialError('DPOP_KEY_MISMATCH', message);
}
