// Descope inside a test process: real keys and the real verifier, without environment or network.
import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { DESCOPE_KEY_SET, DESCOPE_OVERRIDES } from '../auth/injection-tokens.js';
import { systemClock } from '../core/clock.js';
import type { DescopeOptions } from '../core/config/options.js';
import type { SignedInSession } from '../core/session/session.js';
import { DescopeSession } from '../core/session/session.js';
import type { DescopeClaims, TokenKind } from '../core/token/claims.js';
import { freezeDeep, readSubjectId } from '../core/token/claims.js';
import { decodeToken } from '../core/token/decode.js';
import { DescopeUser } from '../core/user/descope-user.js';
import { DescopeModule } from '../module/descope.module.js';
import type { DescopeModuleOptions } from '../module/descope.options.js';
import type { TestIdentity } from './test-tokens.js';
import { TestKeySet, TestSigner, toTestClaims } from './test-tokens.js';

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
  /**
   * The key set that `override` puts in place of the application's.
   * @internal
   */
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
    return { projectId, managementKey: 'test', requireKeysAtBoot: false, fetch: rejectNetwork };
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

  /** Rotates the signing key; `revoke` also withdraws the old one, so that tokens signed before are rejected. */
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

async function rejectNetwork(): Promise<Response> {
  throw new Error('createTestDescope() goes to no network; use the emulator to test calls to Descope.');
}

// Somebody who calls in a test: a token, in the headers that supertest and app.inject take.

/** A signed token and the headers that send it. */
export interface TestCaller {
  /** The session token. */
  readonly token: string;
  /** `{ authorization: 'Bearer …' }` */
  readonly bearer: { readonly authorization: string };
  /** `{ cookie: 'DS=…' }` */
  readonly cookie: { readonly cookie: string };
}

/** Makes the headers of a token. */
export function toTestCaller(token: string, cookieName: string): TestCaller {
  return {
    token,
    bearer: { authorization: `Bearer ${token}` },
    cookie: { cookie: `${cookieName}=${token}` },
  };
}

// DescopeModule on a test's own keys, for tests of single controllers.

/**
 * Protects controllers under test as `DescopeModule` would, on the keys of a `TestDescope`.
 * @example `Test.createTestingModule({ imports: [DescopeTestingModule.forRoot(descope)], controllers: [OrdersController] })`
 */
@Module({})
export class DescopeTestingModule {
  /** Registers `DescopeModule.forRoot(options)` with project and keys of the `TestDescope`. */
  static forRoot(descope: TestDescope, options: DescopeModuleOptions = {}): DynamicModule {
    const definition = DescopeModule.forRoot(options);
    const replaced = (definition.providers ?? []).filter((provider) => !isReplaced(provider));
    const providers = [
      ...replaced,
      { provide: DESCOPE_OVERRIDES, useValue: descope.options },
      { provide: DESCOPE_KEY_SET, useValue: descope.keySet },
    ];
    return { ...definition, providers };
  }
}

function isReplaced(provider: object): boolean {
  return (
    'provide' in provider && (provider.provide === DESCOPE_OVERRIDES || provider.provide === DESCOPE_KEY_SET)
  );
}

// The session and the user that a test's token would be given, for a test that calls a handler by itself.

const POLICY = { staffRole: 'is_staff', superuserRole: 'is_superuser' };

/** Makes the session of a token, by the default options. */
export function toTestSession(token: string, kind: TokenKind): SignedInSession {
  const claims = decodeToken(token).payload as unknown as DescopeClaims; // of our own making
  freezeDeep(claims);
  const user = new DescopeUser({ claims, kind }, readSubjectId(claims), POLICY);
  return DescopeSession.of(user, token);
}
