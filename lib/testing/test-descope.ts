// Descope in the test process: real keys and the real verifier, without environment variables or network.
import { randomUUID } from 'node:crypto';
import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { TestingModule, TestingModuleBuilder } from '@nestjs/testing';
import type { OptionOverrides } from '../auth/injection-tokens.js';
import { DESCOPE_KEY_SET, DESCOPE_OVERRIDES } from '../auth/injection-tokens.js';
import { systemClock } from '../core/clock.js';
import type { DescopeOptions } from '../core/config/options.js';
import { DescopeConfigError } from '../core/errors.js';
import type { SignedInSession } from '../core/session/session.js';
import { DescopeSession } from '../core/session/session.js';
import type { DescopeClaims, TokenKind } from '../core/token/claims.js';
import { freezeDeep, readSubjectId } from '../core/token/claims.js';
import { decodeToken } from '../core/token/decode.js';
import { DescopeUser } from '../core/user/descope-user.js';
import { DescopeModule } from '../module/descope.module.js';
import type { DescopeModuleOptions } from '../module/descope.options.js';
import type { TestBoundCaller } from './test-proofs.js';
import { TestProofKey } from './test-proofs.js';
import type { TestIdentity } from './test-tokens.js';
import { TestKeySet, TestSigner, toTestClaims } from './test-tokens.js';

const PROJECT_ID = 'P2testtesttesttesttesttestte';
const OFFSET_SECONDS = 3600;

/** The options of `createTestDescope`. */
export interface TestDescopeOptions {
  /**
   * The id of the project that issues the tokens.
   * @defaultValue `'P2testtesttesttesttesttestte'`
   */
  readonly projectId?: string;
  /**
   * The name of the session cookie.
   * @defaultValue `'DS'`
   */
  readonly sessionCookieName?: string;
}

/**
 * An issuer of signed tokens, and the keys that verify them. It needs neither the network nor Descope.
 * @example
 * const descope = createTestDescope();
 * const module = await descope.override(Test.createTestingModule({ imports: [AppModule] })).compile();
 * const app = await module.createNestApplication().init();
 * await request(app.getHttpServer()).get('/orders').set(descope.as({ roles: ['admin'] }).bearer).expect(200);
 */
export class TestDescope {
  /** The id of the project that issues the tokens. */
  readonly projectId: string;
  /**
   * The key set that `override` uses in the application.
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

  /** The options that replace those of the application: the project id, a management key, and a `fetch` that rejects. */
  get options(): DescopeOptions {
    const { projectId } = this;
    // With a key, @FgaCheck boots; without the network, it responds with 503.
    return { projectId, managementKey: 'test', requireKeysAtBoot: false, fetch: rejectNetwork };
  }

  /**
   * Replaces the project id and the keys of the application's `DescopeModule`, from `forRoot` or `forRootAsync`. Its other
   * options stay.
   * @param options further options to replace. If the factory of `forRootAsync` throws, these are used in place of its
   *   options; `{}` for none. Without this argument, the boot fails with `CONFIG_INVALID` and the error of the factory
   * @returns the builder, whose `compile()` rejects with `CONFIG_MODULE_MISSING` if no module imports `DescopeModule`
   * @example `await descope.override(Test.createTestingModule({ imports: [AppModule] })).compile()`
   */
  override(builder: TestingModuleBuilder, options?: DescopeOptions): TestingModuleBuilder {
    const overrides: OptionOverrides = {
      options: { ...this.options, ...options },
      fallback: TEST_FALLBACK,
      replacesFactory: options !== undefined,
    };
    return assertImported(builder)
      .overrideProvider(DESCOPE_OVERRIDES)
      .useValue(overrides)
      .overrideProvider(DESCOPE_KEY_SET)
      .useValue(this.keySet);
  }

  /**
   * Issues a session token that is valid for one hour.
   * @returns the token, and the headers that send it
   * @example `await request(server).get('/orders').set(descope.as({ roles: ['admin'] }).bearer).expect(200)`
   */
  as(identity: TestIdentity = {}): TestCaller {
    return this.#toCaller(this.#sign(identity));
  }

  /**
   * Issues a session token that is bound to a new key, for an application with the option `dpop`.
   * @returns the token, and a function that makes the headers of each request
   * @example `const ada = descope.asBound(); await request(server).get('/orders').set(ada.prove('GET', url))`
   */
  asBound(identity: TestIdentity = {}): TestBoundCaller {
    const key = new TestProofKey();
    return key.toCaller(this.#sign({ cnf: key.confirmation, ...identity }));
  }

  /**
   * Creates the user that a handler gets by `@CurrentUser()`, for a test that calls the handler directly.
   * @returns the user
   * @example `expect(controller.list(descope.user({ roles: ['admin'] }))).toEqual([])`
   */
  user(identity: TestIdentity = {}): DescopeUser {
    return this.session(identity).user;
  }

  /**
   * Creates the session that a handler gets by `@CurrentSession()`, with a valid token.
   * @returns the session
   */
  session(identity: TestIdentity = {}): SignedInSession {
    const claims = toTestClaims(identity, this.projectId, systemClock());
    return toTestSession(this.#signer.sign(claims), identity.kind ?? 'user');
  }

  /**
   * Issues a session token that expired one hour ago, which is rejected with `TOKEN_EXPIRED`.
   * @returns the token, and the headers that send it
   */
  expired(identity: TestIdentity = {}): TestCaller {
    const now = Math.floor(systemClock() / 1000);
    return this.as({ iat: now - 2 * OFFSET_SECONDS, exp: now - OFFSET_SECONDS, ...identity });
  }

  /**
   * Issues a session token whose claims were changed after signing, which is rejected with `TOKEN_SIGNATURE_INVALID`.
   * @returns the token, and the headers that send it
   */
  tampered(identity: TestIdentity = {}): TestCaller {
    const [header, , signature] = this.#sign(identity).split('.');
    const [, payload] = this.#sign({ ...identity, tampered: true }).split('.');
    return this.#toCaller([header, payload, signature].join('.'));
  }

  /**
   * Replaces the signing key.
   * @param options with `revoke: true`, earlier keys are withdrawn, and their tokens are rejected with `TOKEN_KEY_UNKNOWN`
   */
  rotateKeys(options: { readonly revoke?: boolean } = {}): void {
    const old = this.#signer.publicJwk;
    this.#signer = new TestSigner();
    this.keySet.publish(options.revoke === true ? [this.#signer.publicJwk] : [old, this.#signer.publicJwk]);
  }

  /**
   * Makes the keys unavailable, as in an outage before the first fetch: tokens are rejected with 503
   * `KEYS_UNAVAILABLE`.
   */
  keysUnavailable(): void {
    this.keySet.setAvailable(false);
  }

  /** Makes the keys available again, after `keysUnavailable()`. */
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

// An application with events boots without the environment, and no caller knows the secret.
const TEST_FALLBACK: DescopeOptions = { events: { secret: randomUUID() } };

/**
 * Creates an issuer of tokens for tests.
 * @returns the issuer, with a new key pair
 * @example `const descope = createTestDescope();`
 */
export function createTestDescope(options: TestDescopeOptions = {}): TestDescope {
  return new TestDescope(options);
}

// Nest ignores an override without a provider, and then the test would run against an application without a guard.
function assertImported(builder: TestingModuleBuilder): TestingModuleBuilder {
  const compile = builder.compile.bind(builder);
  builder.compile = async (options) => {
    const module = await compile(options);
    if (hasOverrides(module)) return module;
    throw new DescopeConfigError('CONFIG_MODULE_MISSING', NOT_IMPORTED);
  };
  return builder;
}

function hasOverrides(module: TestingModule): boolean {
  const modules = module.get(ModulesContainer, { strict: false });
  return [...modules.values()].some(({ providers }) => providers.has(DESCOPE_OVERRIDES));
}

const NOT_IMPORTED =
  'createTestDescope().override() has nothing to replace: no module of this test imports DescopeModule, so every route is open. Import DescopeModule.forRoot() in the root module. In a test of a single controller, import DescopeTestingModule.forRoot(createTestDescope()) instead.';

async function rejectNetwork(): Promise<Response> {
  throw new Error('createTestDescope() makes no network calls. Use the emulator to test calls to Descope.');
}

// A caller in a test: a token, and the headers for supertest and app.inject.

/**
 * A signed token and the headers that send it, for supertest and Fastify's `app.inject`.
 * @example `await app.inject({ url: '/orders', headers: descope.as().bearer })`
 */
export interface TestCaller {
  /** The session token. */
  readonly token: string;
  /** The `Authorization` header: `{ authorization: 'Bearer …' }`. */
  readonly bearer: { readonly authorization: string };
  /** The `Cookie` header: `{ cookie: 'DS=…' }`. */
  readonly cookie: { readonly cookie: string };
}

/** Creates the headers of a token. */
export function toTestCaller(token: string, cookieName: string): TestCaller {
  return {
    token,
    bearer: { authorization: `Bearer ${token}` },
    cookie: { cookie: `${cookieName}=${token}` },
  };
}

// DescopeModule with the keys of a test, for tests of single controllers.

/**
 * `DescopeModule` with the project id and the keys of a `TestDescope`, for tests of single controllers.
 * @example `Test.createTestingModule({ imports: [DescopeTestingModule.forRoot(descope)], controllers: [OrdersController] })`
 */
@Module({})
export class DescopeTestingModule {
  /**
   * Registers `DescopeModule.forRoot(options)` with the project id and the keys of the `TestDescope`.
   * @returns the dynamic module, for `imports`
   */
  static forRoot(descope: TestDescope, options: DescopeModuleOptions = {}): DynamicModule {
    const definition = DescopeModule.forRoot(options);
    const replaced = (definition.providers ?? []).filter((provider) => !isReplaced(provider));
    const providers = [
      ...replaced,
      {
        provide: DESCOPE_OVERRIDES,
        useValue: { options: descope.options, fallback: TEST_FALLBACK, replacesFactory: true },
      },
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

// The session and the user of a test token, for a test that calls a handler directly.

const POLICY = { staffRole: 'is_staff', superuserRole: 'is_superuser', actorClaim: 'act' };

/** Creates the session of a token, with the default options. */
export function toTestSession(token: string, kind: TokenKind): SignedInSession {
  const claims = decodeToken(token).payload as unknown as DescopeClaims; // signed here
  freezeDeep(claims);
  const user = new DescopeUser({ claims, kind }, readSubjectId(claims), POLICY);
  return DescopeSession.of(user, token);
}
