// The emulator as a test or a sample application holds it.
import type { Server } from 'node:http';
import type { AgentTokenOrder, AppTokenOrder } from './apps/app-tokens.js';
import { issueAgentToken, issueAppToken } from './apps/app-tokens.js';
import type { EmulatorClock } from './controls/clock.js';
import type { Faults } from './controls/faults.js';
import type { Outbox, RequestLog } from './controls/recorders.js';
import { EmulatorError } from './errors.js';
import type { JsonObject } from './http/message.js';
import { Router } from './http/router.js';
import { closeServer, createEmulatorServer, listen } from './http/server.js';
import type { EmulatorOptions, EmulatorSettings } from './options.js';
import { changeSettings, resolveOptions } from './options.js';
import { ProjectState } from './project-state.js';
import { allRoutes } from './routes/all-routes.js';
import { loadSeed } from './seed/load-seed.js';
import type { DirectSignIn, DirectTokens, TokenOrder } from './sign-in/direct.js';
import { mintToken, signInDirectly } from './sign-in/direct.js';
import type { EmulatorKey, KeyAlgorithm } from './tokens/key-ring.js';
import { createKey, KeyRing } from './tokens/key-ring.js';

/** A running emulator; `startEmulator` makes one. */
export class Emulator {
  readonly #state: ProjectState;
  readonly #server: Server;

  /** The clock behind `iat`, `exp`, codes and the ends of sessions; it can be moved. */
  readonly clock: EmulatorClock;
  /** Failures to order. */
  readonly faults: Faults;
  /** The requests that have come in. */
  readonly requests: RequestLog;
  /** The codes and links that would have been mailed or texted. */
  readonly outbox: Outbox;

  /** @internal */
  constructor(state: ProjectState, server: Server) {
    this.#state = state;
    this.#server = server;
    this.clock = state.clock;
    this.faults = state.faults;
    this.requests = state.requests;
    this.outbox = state.outbox;
  }

  /** Where it listens, such as `http://127.0.0.1:40123`. */
  get url(): string {
    return this.#state.url;
  }

  /** The project it plays. */
  get projectId(): string {
    return this.#state.projectId;
  }

  /** The key that management calls must show. */
  get managementKey(): string {
    return this.#state.managementKey;
  }

  /** The key that signs now. */
  get signingKey(): EmulatorKey {
    return this.#state.keys.current;
  }

  /** The public keys as they are published now. */
  get publishedKeys(): readonly JsonObject[] {
    return this.#state.keys.published;
  }

  /** The login ids that one could sign in with now. */
  get loginIds(): readonly string[] {
    return this.#state.project.users.all.flatMap((user) => user.loginIds);
  }

  /** The settings that hold now. */
  get settings(): EmulatorSettings {
    return this.#state.settings;
  }

  /** Changes some settings until the next `reset()`; throws `EMULATOR_OPTIONS_INVALID`. */
  configure(changes: Partial<EmulatorSettings>): void {
    this.#state.settings = changeSettings(this.#state.settings, changes);
  }

  /** Signs a user in without HTTP, by login id or user id; throws `EMULATOR_USER_UNKNOWN`. */
  signIn(loginId: string, options: DirectSignIn = {}): Promise<DirectTokens> {
    return signInDirectly(this.#state, loginId, options);
  }

  /** Mints a token with the project's key, whatever it says. */
  signToken(order: TokenOrder = {}): Promise<string> {
    return mintToken(this.#state, order);
  }

  /** Mints an inbound app's token; throws `EMULATOR_USER_UNKNOWN`. */
  issueAppToken(order: AppTokenOrder = {}): Promise<string> {
    return issueAppToken(this.#state, order);
  }

  /** Mints the token of an agent that calls an MCP server; throws `EMULATOR_USER_UNKNOWN`. */
  issueAgentToken(order: AgentTokenOrder = {}): Promise<string> {
    return issueAgentToken(this.#state, order);
  }

  /** Makes a key pair that is not published: a stranger's, until `publishKey`. Default: the project's algorithm. */
  createKey(algorithm: KeyAlgorithm = this.signingKey.algorithm): Promise<EmulatorKey> {
    return createKey(algorithm);
  }

  /** Publishes one more public key, as it is, until the next `reset()`. */
  publishKey(key: JsonObject): void {
    this.#state.keys.publish(key);
  }

  /** Signs with a fresh key from now on; earlier ones stay published unless `revoke` is set. Default: they stay. */
  rotateKeys({ revoke = false }: { readonly revoke?: boolean } = {}): Promise<EmulatorKey> {
    return this.#state.keys.rotate(revoke);
  }

  /** Goes back to the seed, the first settings and the true time; forgets sign-ins, faults, requests and messages. */
  reset(): void {
    this.#state.reset();
  }

  /** Stops at once: destroys open connections, also those that hang. */
  close(): Promise<void> {
    return closeServer(this.#server);
  }

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

// Starts an emulator: options and seed checked, keys made, socket bound.

/**
 * Starts an embedded Descope on a loopback port, with fresh keys and the seed's data, all in memory.
 *
 * Throws an {@link EmulatorError} when an option or the seed is wrong, when the port is taken, and always when
 * `NODE_ENV` is `production`.
 *
 * @example
 * const emulator = await startEmulator({ seed: { users: [{ loginId: 'ada@example.com', roles: ['admin'] }] } });
 * const { sessionJwt } = await emulator.signIn('ada@example.com');
 * // DescopeModule.forRoot({ projectId: emulator.projectId, baseUrl: emulator.url })
 * await emulator.close();
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  if (process.env.NODE_ENV === 'production') {
    const message = 'The emulator signs anybody in as anybody: it does not start with NODE_ENV=production.';
    throw new EmulatorError('EMULATOR_IN_PRODUCTION', message);
  }
  const resolved = resolveOptions(options);
  const seed = loadSeed(options.seed);
  const keys = new KeyRing(await createKey(resolved.algorithm));
  const state = new ProjectState(resolved, seed, keys);
  const server = createEmulatorServer(state, new Router(allRoutes));
  state.url = await listen(server, resolved.host, resolved.port);
  return new Emulator(state, server);
}
