// Signing keys, tokens and a clock for tests of core: real keys, made and used at run time.
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { DescopeError, DescopeUnavailableError } from '#lib/core/errors.js';
import { isThenable } from '#lib/core/maybe-promise.js';
import { StaticKeySet, toKeysById } from '#lib/core/token/key-set.js';
import type { VerificationConfig } from '#lib/core/token/token-verifier.js';
import { TokenVerifier } from '#lib/core/token/token-verifier.js';

export const PROJECT_ID = 'P2corecorecorecorecorecoreco';
export const NOW_SECONDS = 1_700_000_000;
export const NOW_MS = NOW_SECONDS * 1000;

/** A key pair and the JWK under which it is published. */
export interface SigningKey {
  readonly algorithm: string;
  readonly keyId: string;
  readonly jwk: JsonWebKey & Record<string, unknown>;
  readonly privateKey: KeyObject;
}

const CURVES = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;

/** Makes a key pair for an algorithm; RSA has 2048 bit. */
export function createSigningKey(algorithm = 'RS256', keyId = `SK-${algorithm}`): SigningKey {
  const isCurve = algorithm in CURVES;
  const { privateKey, publicKey } = isCurve
    ? generateKeyPairSync('ec', { namedCurve: CURVES[algorithm as keyof typeof CURVES] })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: algorithm, use: 'sig' };
  return { algorithm, keyId, jwk, privateKey };
}

/** Signs bytes as an algorithm asks; the oracle's own options, not those of the code under test. */
export function signBytes(algorithm: string, privateKey: KeyObject, input: string | Buffer): Buffer {
  const options = {
    RS: { padding: constants.RSA_PKCS1_PADDING },
    PS: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    ES: { dsaEncoding: 'ieee-p1363' as const },
  }[algorithm.slice(0, 2) as 'RS'];
  return sign(`sha${algorithm.slice(2)}`, Buffer.from(input), { key: privateKey, ...options });
}

/** Encodes a part: an object as JSON, text and bytes as they are. */
export function toPart(value: object | string | Buffer): string {
  const isRaw = typeof value === 'string' || Buffer.isBuffer(value);
  return Buffer.from(isRaw ? value : JSON.stringify(value)).toString('base64url');
}

/** The claims of a user's session at the tests' time; an `undefined` member is left out. */
export function sessionClaims(claims: Record<string, unknown> = {}): Record<string, unknown> {
  const now = NOW_SECONDS;
  const base = { iss: PROJECT_ID, sub: 'U2anna', drn: 'DS', amr: ['email'], iat: now, exp: now + 600 };
  return { ...base, ...claims };
}

/** What stands in a token beside the defaults: members to change, or a whole part as text or bytes. */
export interface TokenParts {
  readonly header?: Record<string, unknown> | string | Buffer;
  readonly claims?: Record<string, unknown> | string | Buffer;
}

/** Signs a token. Header members are added to `alg`, `kid` and `typ`; claims to those of a session. */
export function mint(key: SigningKey, { header = {}, claims = {} }: TokenParts = {}): string {
  const base = { alg: key.algorithm, kid: key.keyId, typ: 'JWT' };
  const headerPart = isPlain(header) ? toPart({ ...base, ...header }) : toPart(header);
  const input = `${headerPart}.${isPlain(claims) ? toPart(sessionClaims(claims)) : toPart(claims)}`;
  return `${input}.${signBytes(key.algorithm, key.privateKey, input).toString('base64url')}`;
}

function isPlain(value: object | string | Buffer): value is Record<string, unknown> {
  return typeof value === 'object' && !Buffer.isBuffer(value);
}

/** A clock that stands still until it is moved. */
export function createClock(startMs = NOW_MS) {
  let now = startMs;
  const clock = () => now;
  return Object.assign(clock, { advance: (ms: number) => (now += ms) });
}

export const POLICY: VerificationConfig = {
  projectId: PROJECT_ID,
  algorithms: ['RS256'],
  leewaySeconds: 5,
  sessionTokenNames: ['DS', 'DS'],
  refreshTokenNames: ['DSR', 'DSR'],
  allowMissingDrn: false,
};

/** A verifier on fixed keys at the tests' time, that remembers. */
export function createVerifier(
  jwks: readonly unknown[],
  config: Partial<VerificationConfig> = {},
): TokenVerifier {
  return new TokenVerifier({
    config: { ...POLICY, ...config },
    keys: new StaticKeySet(toKeysById(jwks)),
    clock: () => NOW_MS,
    cache: { maxTokens: 1000, maxBytes: 32_000_000 },
  });
}

/** Answers the code of the rejection, `'accepted'`, or `'later'`. An error that is not ours fails the test. */
export function codeOf(run: () => unknown): string {
  try {
    const value = run();
    if (!isThenable(value)) return 'accepted';
    value.then(undefined, () => undefined);
    return 'later';
  } catch (error) {
    if (error instanceof DescopeError) return error.code;
    throw error;
  }
}

/** The same for what is decided later. */
export async function codeLater(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'accepted';
  } catch (error) {
    if (error instanceof DescopeError) return error.code;
    throw error;
  }
}

/** The outage of what Descope issued and cannot be used, where nobody listens. */
export function toUnusable(cause: unknown): DescopeUnavailableError {
  return new DescopeUnavailableError('DESCOPE_UNAVAILABLE', 'Unusable.', { retryAfterSeconds: 1, cause });
}
