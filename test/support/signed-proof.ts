// DPoP proofs of a client, and of an attacker who changes what a client would not (RFC 9449 section 4.2).
import { createHash, randomUUID } from 'node:crypto';
import type { CryptoKey, JWK } from 'jose';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';

/** A key of a client. */
export interface ProofKey {
  readonly alg: string;
  readonly jwk: JWK;
  /** The key in the form of oauth4webapi and openid-client. */
  readonly pair: CryptoKeyPair;
  readonly thumbprint: string;
}

type CryptoKeyPair = { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };

/** Creates a key. */
export async function createProofKey(alg = 'ES256'): Promise<ProofKey> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(pair.publicKey);
  return { alg, jwk, pair, thumbprint: await calculateJwkThumbprint(jwk) };
}

/** What a proof is for, and what is changed in it: a member that is undefined is left out. */
export interface ProofContent {
  readonly htm?: string;
  readonly htu: string;
  readonly token?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** Signs a proof. */
export async function signProof(key: ProofKey, content: ProofContent): Promise<string> {
  const { htm = 'POST', htu, token, claims, header } = content;
  const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
  const iat = Math.floor(Date.now() / 1000);
  return new SignJWT({ jti: randomUUID(), htm, htu, iat, ...ath, ...claims })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: key.alg, jwk: key.jwk, ...header })
    .sign(key.pair.privateKey);
}
