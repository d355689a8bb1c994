// The identity of a caller in a test → the claims of the token that Descope would issue.
import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { DescopeUnavailableError } from '../core/errors.js';
import type { KeyHealth, KeysById, KeySet } from '../core/token/key-set.js';
import { toKeysById, unknownKey } from '../core/token/key-set.js';
import type { VerificationKey } from '../core/token/signature.js';

/**
 * The identity of a caller in a test. Members that are not declared here become claims of the token, unchanged; `undefined`
 * removes a claim.
 * @example `descope.as({ sub: 'U2ada', roles: ['editor'], tenants: { acme: { roles: ['admin'] } } })`
 */
export interface TestIdentity {
  /**
   * The id of the user, the access key or the app.
   * @defaultValue an id of the kind, such as `'U2testtesttesttesttesttestte'` for a user
   */
  readonly sub?: string;
  /**
   * The kind of caller. A user has the claim `amr`. An inbound app and an agent (a client of an MCP server) have another
   * `iss`, `azp` and `aud`. For an app or agent that acts on behalf of a user, set `sub` to the id of the user.
   * @defaultValue `'user'`
   */
  readonly kind?: 'user' | 'access-key' | 'app' | 'agent';
  /** The roles in the project. */
  readonly roles?: readonly string[];
  /** The permissions in the project. */
  readonly permissions?: readonly string[];
  /** The roles and permissions by tenant id. */
  readonly tenants?: Readonly<
    Record<string, { readonly roles?: readonly string[]; readonly permissions?: readonly string[] }>
  >;
  /** The current tenant. */
  readonly dct?: string;
  /**
   * The audience.
   * @defaultValue none; for an app its project id and client id, for an agent the id of its MCP server
   */
  readonly aud?: string | readonly string[];
  /**
   * The scopes: separated by spaces, as in Descope's tokens, or a list.
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
   */
  readonly scope?: string | readonly string[] | undefined;
  /** The client id of an app or agent. */
  readonly azp?: string | undefined;
  /**
   * The authentication methods.
   * @defaultValue `['email']` for a user, none for the other kinds
   * @see https://www.rfc-editor.org/rfc/rfc8176#section-2
   */
  readonly amr?: readonly string[] | undefined;
  /** Whether the user has just done a step-up authentication. */
  readonly su?: boolean | undefined;
  readonly [claim: string]: unknown;
}

const HOUR_SECONDS = 3600;
const TEST_APP_ID = 'TPA2testtesttesttesttesttestte';
const TEST_SERVER_ID = 'MS2testtesttesttesttesttestte';
const API_URL = 'https://api.descope.com';

/** Creates the claims of a session that is valid for one hour from `nowMs`. */
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

// The keys of a test, which a test can rotate and make unavailable.

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
