// The running emulator, as tests and sample applications use it.
import { DIRECT_ORIGIN } from './audit/origin.js';
import type { EmulatorClock } from './controls/clock.js';
import type { Faults } from './controls/faults.js';
import type { Outbox, RequestLog } from './controls/recorders.js';
import type { JsonObject } from './http/message.js';
import { Connections } from './outbound/connections.js';
import type { ProjectState } from './project-state.js';
import type { ProjectOptions, Projects } from './projects.js';
import type { EmulatorSettings } from './settings.js';
import type { EmulatorKey, KeyAlgorithm } from './store/key-ring.js';
import { createKey } from './store/key-ring.js';
import type {
  AgentTokenOptions,
  AppTokenOptions,
  SignInOptions,
  SignInTokens,
  TokenOptions,
} from './tokens/direct-tokens.js';
import { issueAgentToken, issueAppToken, mintToken, signInDirectly } from './tokens/direct-tokens.js';
import type { Webhooks } from './webhooks/webhooks.js';

/**
 * A running emulator, started by `startEmulator`.
 *
 * @see {@link https://docs.descope.com/api | Descope API} for the endpoints that it imitates
 */
export class Emulator {
  readonly #state: ProjectState;
  readonly #projects: Projects;

  /** The clock that dates tokens, codes and sessions; a test may move it. */
  readonly clock: EmulatorClock;
  /** The faults that a test injects into responses. */
  readonly faults: Faults;
  /** The requests that the emulator received. */
  readonly requests: RequestLog;
  /** The codes and links that Descope would have sent by mail or phone. */
  readonly outbox: Outbox;
  /** The audit webhooks, and what they were sent. */
  readonly webhooks: Webhooks;

  /** The connections of users and tenants to outbound apps. */
  readonly connections: Connections;

  /** @internal */
  constructor(state: ProjectState, projects: Projects) {
    this.#state = state;
    this.#projects = projects;
    this.clock = state.clock;
    this.faults = state.faults;
    this.requests = state.requests;
    this.outbox = state.outbox;
    this.webhooks = state.webhooks;
    this.connections = new Connections(state);
  }

  /**
   * The URL of the project: the `baseUrl` of `DescopeModule`. It is `publicUrl`, or the one that the emulator listens on,
   * such as `http://127.0.0.1:40123`, with the base path of a project that was added.
   */
  get url(): string {
    return this.#state.url;
  }

  /**
   * The URL that opens the console in a browser. It contains the token, which is a secret: with it, a browser can sign in
   * as any user.
   */
  get consoleUrl(): string {
    return `${this.#state.url}/?token=${this.#state.consoleToken}`;
  }

  /** The id of the emulated project. */
  get projectId(): string {
    return this.#state.projectId;
  }

  /** The management key that the project accepts. */
  get managementKey(): string {
    return this.#state.managementKey;
  }

  /** The key that signs new tokens. */
  get signingKey(): EmulatorKey {
    return this.#state.keys.current;
  }

  /** The public keys that the project publishes, as JWKs; the signing key comes first. */
  get publishedKeys(): readonly JsonObject[] {
    return this.#state.keys.published;
  }

  /** The login ids of all users. */
  get loginIds(): readonly string[] {
    return this.#state.project.users.all.flatMap((user) => user.loginIds);
  }

  /** The current settings of the project. */
  get settings(): EmulatorSettings {
    return this.#state.settings;
  }

  /**
   * Changes settings until the next `reset()`; those that are left out stay.
   *
   * @throws {EmulatorError} EMULATOR_OPTIONS_INVALID when a setting is unknown or has a wrong value
   * @example emulator.configure({ refreshRotation: true, sessionSeconds: 30 });
   */
  configure(changes: Partial<EmulatorSettings>): void {
    this.#state.configure(changes);
  }

  /**
   * Signs a user in without HTTP.
   *
   * @param loginId A login id or the user id.
   * @returns The tokens of the sign-in, which refresh and sign out like any others.
   * @throws {EmulatorError} EMULATOR_USER_UNKNOWN when there is no such user
   * @throws {Error} when the user is disabled, or does not belong to `tenantId`
   * @example const { sessionJwt } = await emulator.signIn('ada@example.com', { tenantId: 'acme' });
   */
  signIn(loginId: string, options: SignInOptions = {}): Promise<SignInTokens> {
    const method = options.amr?.includes('pwd') ? 'password' : 'otp';
    const origin = { ...DIRECT_ORIGIN, method };
    return this.#state.audit.during(origin, () => signInDirectly(this.#state, loginId, options));
  }

  /**
   * Signs a token with any claims and header, also ones that Descope never issues.
   *
   * @returns The token. By default it is a valid session token of the first user.
   * @example const expired = await emulator.signToken({ expiresInSeconds: -60 });
   */
  signToken(options: TokenOptions = {}): Promise<string> {
    return mintToken(this.#state, options);
  }

  /**
   * Issues a token of an inbound app.
   *
   * @returns The access token.
   * @throws {EmulatorError} EMULATOR_USER_UNKNOWN when `onBehalfOf` is not a user
   * @see {@link https://docs.descope.com/identity-federation/inbound-apps | Inbound Apps}
   * @example const token = await emulator.issueAppToken({ scopes: ['orders:read'] });
   */
  issueAppToken(options: AppTokenOptions = {}): Promise<string> {
    return issueAppToken(this.#state, options);
  }

  /**
   * Issues a token of an agent that calls an MCP server.
   *
   * @returns The access token.
   * @throws {EmulatorError} EMULATOR_USER_UNKNOWN when `onBehalfOf` is not a user
   * @see {@link https://docs.descope.com/agentic-identity-hub | Agentic Identity Hub}
   * @example const token = await emulator.issueAgentToken({ onBehalfOf: 'ada@example.com' });
   */
  issueAgentToken(options: AgentTokenOptions = {}): Promise<string> {
    return issueAgentToken(this.#state, options);
  }

  /**
   * Creates a key pair that the project does not publish; tokens that it signs are rejected until `publishKey`.
   *
   * @param algorithm The algorithm; left out, the one of `signingKey`.
   * @returns The key pair.
   * @example
   * const key = await emulator.createKey();
   * const foreign = await emulator.signToken({ key }); // rejected: the project does not publish the key
   */
  createKey(algorithm: KeyAlgorithm = this.signingKey.algorithm): Promise<EmulatorKey> {
    return createKey(algorithm);
  }

  /**
   * Publishes one more public key until the next `reset()`, without any check.
   *
   * @param key The JWK, such as `publicJwk` of a key from `createKey`.
   */
  publishKey(key: JsonObject): void {
    this.#state.keys.publish(key);
  }

  /**
   * Creates a key that signs new tokens from now on; `reset()` does not undo this.
   *
   * @param options With `revoke`, earlier keys are no longer published; without it, they are.
   * @returns The new key.
   * @example await emulator.rotateKeys({ revoke: true }); // earlier session tokens are rejected from now on
   */
  rotateKeys({ revoke = false }: { readonly revoke?: boolean } = {}): Promise<EmulatorKey> {
    return this.#state.keys.rotate(revoke);
  }

  /**
   * Restores the seed, the initial settings and webhooks and the machine's time, and deletes sign-ins, faults,
   * requests, messages and deliveries. Signing keys stay; tokens of earlier sign-ins can no longer be refreshed.
   */
  reset(): void {
    this.#state.reset();
  }

  /**
   * Adds a project to the server, with users, sign-ins, keys, clock, faults and settings of its own, for one test or one
   * worker. Its `url` has a path of its own; `reset()` and `close()` are for this project alone.
   *
   * @returns The project. Close it when it is no longer needed, or close the emulator with all its projects.
   * @throws {EmulatorError} EMULATOR_OPTIONS_INVALID when an option is unknown or has a wrong value, or the path is taken
   * @throws {EmulatorError} EMULATOR_SEED_INVALID when the seed is not valid; the message lists all mistakes
   * @throws {EmulatorError} EMULATOR_CLOSED when the emulator is closed
   * @example
   * const project = await emulator.createProject({ seed: { users: [{ loginId: 'ada@example.com' }] } });
   * // DescopeModule.forRoot({ projectId: project.projectId, baseUrl: project.url })
   * await project.close();
   */
  async createProject(options: ProjectOptions = {}): Promise<Emulator> {
    return new Emulator(await this.#projects.create(options), this.#projects);
  }

  /**
   * Stops the emulator with all its projects at once: destroys open connections, including those that hang, and breaks
   * off deliveries. A project of `createProject` stops alone.
   */
  close(): Promise<void> {
    return this.#projects.close(this.#state);
  }

  /** Stops the emulator at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
