// Who somebody is in a test → the claims that Descope would put into their token.
import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { DescopeUnavailableError } from '../core/errors.js';
import type { KeyHealth, KeysById, KeySet } from '../core/token/key-set.js';
import { toKeysById, unknownKey } from '../core/token/key-set.js';
import type { VerificationKey } from '../core/token/signature.js';

/** Who calls. Any other member becomes a claim as it stands; `undefined` leaves a claim out. */
export interface TestIdentity {
  /** The id of the user, the access key or the app. Default: one that fits the kind. */
  readonly sub?: string;
  /**
   * Whose token it is. An access key has an id that says so, and no `amr`. An inbound app and an agent (which calls an
   * MCP server) have an issuer of their own, `azp`, and an `aud`: of an app its project and client id, of an agent its
   * server's id. Give `sub` a user's id where one calls on behalf of a user. Default: `'user'`.
   */
  readonly kind?: 'user' | 'access-key' | 'app' | 'agent';
  /** Project-level roles. */
  readonly roles?: readonly string[];
  /** Project-level permissions. */
  readonly permissions?: readonly string[];
  /** Roles and permissions by tenant id. */
  readonly tenants?: Readonly<
    Record<string, { readonly roles?: readonly string[]; readonly permissions?: readonly string[] }>
  >;
  /** The current tenant. */
  readonly dct?: string;
  /** For whom the token is meant. Default: none; an app's and an agent's see `kind`. */
  readonly aud?: string | readonly string[];
  /** The scopes, separated by blanks as Descope writes them, or in a list. */
  readonly scope?: string | readonly string[] | undefined;
  /** The client id of an app or an agent. */
  readonly azp?: string | undefined;
  /** How a user signed in. Default: `['email']`. */
  readonly amr?: readonly string[] | undefined;
  /** Whether a user has stepped up. */
  readonly su?: boolean | undefined;
  readonly [claim: string]: unknown;
}

const HOUR_SECONDS = 3600;
const TEST_APP_ID = 'TPA2testtesttesttesttesttestte';
const TEST_SERVER_ID = 'MS2testtesttesttesttesttestte';
const API_URL = 'https://api.descope.com';

/** Makes the claims of a session that is valid for an hour from `nowMs`. */
export function toTestClaims(
  identity: TestIdentity,
  projectId: string,
  nowMs: number,
): Record<string, unknown> {
  const { kind = 'user', ...claims } = identity;
  const now = Math.floor(nowMs / 1000);
  return { drn: 'DS', iat: now, exp: now + HOUR_SECONDS, ...toKindClaims(kind, projectId), ...claims };
}

function toKindClaims(kind: NonNullable<TestIdentity['kind']>, projectId: string): TestIdentity {
  const azp = Buffer.from(`${projectId}:${TEST_APP_ID}`).toString('base64');
  const app = { sub: TEST_APP_ID, azp };
  switch (kind) {
    case 'user':
      return { iss: projectId, sub: 'U2testtesttesttesttesttestte', amr: ['email'] };
    case 'access-key':
      return { iss: projectId, sub: 'K2testtesttesttesttesttestte' };
    case 'app':
      return { ...app, iss: `${API_URL}/v1/apps/${projectId}`, aud: [projectId, azp] };
    case 'agent': {
      const iss = `${API_URL}/v1/apps/agentic/${projectId}/${TEST_SERVER_ID}`;
      return { ...app, iss, aud: TEST_SERVER_ID };
    }
  }
}

// A real key pair that signs test tokens on node:crypto: jose is ESM-only, and Jest in CommonJS cannot load it.

/** Signs tokens with RS256 under one key id. */
export class TestSigner {
  readonly keyId = `SK${randomUUID().replaceAll('-', '')}`;
  readonly #privateKey: KeyObject;
  /** The public key as Descope publishes it. */
  readonly publicJwk: Readonly<Record<string, unknown>>;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#privateKey = privateKey;
    const jwk = publicKey.export({ format: 'jwk' });
    this.publicJwk = { ...jwk, alg: 'RS256', kid: this.keyId, use: 'sig' };
  }

  /** Signs claims; `undefined` members are left out. */
  sign(claims: Readonly<Record<string, unknown>>): string {
    const header = { alg: 'RS256', kid: this.keyId, typ: 'JWT' };
    const input = `${toPart(header)}.${toPart(claims)}`;
    const signature = sign('sha256', Buffer.from(input), this.#privateKey);
    return `${input}.${signature.toString('base64url')}`;
  }
}

function toPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

// The keys of a test: found like the real ones, rotated and made unavailable on demand.

export class TestKeySet implements KeySet {
  #keys: KeysById = new Map();
  #isAvailable = true;

  publish(jwks: readonly unknown[]): void {
    this.#keys = toKeysById(jwks);
  }

  setAvailable(isAvailable: boolean): void {
    this.#isAvailable = isAvailable;
  }

  find(keyId: string): VerificationKey {
    if (!this.#isAvailable) {
      const message = 'The test made the keys unavailable.';
      throw new DescopeUnavailableError('KEYS_UNAVAILABLE', message, { retryAfterSeconds: 1 });
    }
    const key = this.#keys.get(keyId);
    if (key === undefined) throw unknownKey();
    return key;
  }

  async hydrate(): Promise<void> {}

  async checkHealth(): Promise<KeyHealth> {
    const keyCount = this.#keys.size;
    return { state: this.#isAvailable ? 'usable' : 'none', keyCount, keyAgeMs: undefined };
  }

  close(): void {}
}
