// Descope inside a test process: real keys and the real verifier, without environment or network.
import type { TestingModuleBuilder } from '@nestjs/testing';
import { DESCOPE_KEY_SET, DESCOPE_OVERRIDES } from '../auth/injection-tokens.js';
import { systemClock } from '../core/clock.js';
import type { DescopeOptions } from '../core/config/options.js';
import type { SignedInSession } from '../core/session/session.js';
import type { DescopeUser } from '../core/user/descope-user.js';
import { toTestCaller } from './test-caller.js';
import type { TestCaller } from './test-caller.js';
import { toTestClaims } from './test-claims.js';
import { toTestSession } from './test-session.js';
import type { TestIdentity } from './test-claims.js';
import { TestKeySet } from './test-key-set.js';
import { TestSigner } from './test-signer.js';

const PROJECT_ID = 'P2testtesttesttesttesttestte';
const OFFSET_SECONDS = 3600;

/** What `createTestDescope` may be told. */
export interface TestDescopeOptions {
  /** The project that issues the tokens. Default: one that serves tests only. */
  readonly projectId?: string;
  /** The session cookie's name. Default: `'DS'`. */
  readonly sessionCookieName?: string;
}

/** An issuer of real tokens, and the keys to them. */
export class TestDescope {
  readonly projectId: string;
  /** The key set that `override` puts in place of the application's. */
  readonly keySet = new TestKeySet();
  readonly #cookieName: string;
  #signer = new TestSigner();

  constructor(options: TestDescopeOptions = {}) {
    this.projectId = options.projectId ?? PROJECT_ID;
    this.#cookieName = options.sessionCookieName ?? 'DS';
    this.keySet.publish([this.#signer.publicJwk]);
  }

  /** The options that win over the application's own. */
  get options(): DescopeOptions {
    const { projectId } = this;
    // With a key, @FgaCheck boots; without a network, it answers 503.
    return { projectId, managementKey: 'test', requireKeysAtBoot: false, fetch: refuseNetwork };
  }

  /**
   * Replaces project and keys of the application's own `DescopeModule`, whether `forRoot` or `forRootAsync` made it.
   * Its other options stay; `options` wins over them.
   * @example `await descope.override(Test.createTestingModule({ imports: [AppModule] })).compile()`
   */
  override(builder: TestingModuleBuilder, options: DescopeOptions = {}): TestingModuleBuilder {
    return builder
      .overrideProvider(DESCOPE_OVERRIDES)
      .useValue({ ...this.options, ...options })
      .overrideProvider(DESCOPE_KEY_SET)
      .useValue(this.keySet);
  }

  /** Signs somebody in: a genuine session token, valid for an hour. */
  as(identity: TestIdentity = {}): TestCaller {
    return this.#toCaller(this.#sign(identity));
  }

  /** Gives the user that a handler would be given, for a test that calls it without an application. */
  user(identity: TestIdentity = {}): DescopeUser {
    return this.session(identity).user;
  }

  /** Gives the session that a handler would be given, with a genuine token. */
  session(identity: TestIdentity = {}): SignedInSession {
    const claims = toTestClaims(identity, this.projectId, systemClock());
    return toTestSession(this.#signer.sign(claims), identity.kind ?? 'user');
  }

  /** Like `as`, with a token that ended an hour ago. */
  expired(identity: TestIdentity = {}): TestCaller {
    const now = Math.floor(systemClock() / 1000);
    return this.as({ iat: now - 2 * OFFSET_SECONDS, exp: now - OFFSET_SECONDS, ...identity });
  }

  /** The same with claims that were changed after signing. */
  tampered(identity: TestIdentity = {}): TestCaller {
    const [header, , signature] = this.#sign(identity).split('.');
    const [, payload] = this.#sign({ ...identity, tampered: true }).split('.');
    return this.#toCaller([header, payload, signature].join('.'));
  }

  /** Rotates the signing key; `revoke` also withdraws the old one, so that tokens signed before are refused. */
  rotateKeys(options: { readonly revoke?: boolean } = {}): void {
    const old = this.#signer.publicJwk;
    this.#signer = new TestSigner();
    this.keySet.publish(options.revoke === true ? [this.#signer.publicJwk] : [old, this.#signer.publicJwk]);
  }

  /** Makes the keys unavailable, as in an outage before the first fetch: tokens are answered with 503. */
  keysUnavailable(): void {
    this.keySet.setAvailable(false);
  }

  /** Ends `keysUnavailable()`. */
  keysAvailable(): void {
    this.keySet.setAvailable(true);
  }

  #sign(identity: TestIdentity): string {
    return this.#signer.sign(toTestClaims(identity, this.projectId, systemClock()));
  }

  #toCaller(token: string): TestCaller {
    return toTestCaller(token, this.#cookieName);
  }
}

/** Makes a Descope for tests. */
export function createTestDescope(options: TestDescopeOptions = {}): TestDescope {
  return new TestDescope(options);
}

async function refuseNetwork(): Promise<Response> {
  throw new Error('createTestDescope() goes to no network; use the emulator to test calls to Descope.');
}
