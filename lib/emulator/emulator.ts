// The emulator as a test or a sample application holds it.
import type { Server } from 'node:http';
import { issueAgentToken, issueAppToken } from './apps/app-tokens.js';
import type { AgentTokenOrder, AppTokenOrder } from './apps/app-tokens.js';
import type { EmulatorClock } from './controls/clock.js';
import type { Faults } from './controls/faults.js';
import type { Outbox, RequestLog } from './controls/recorders.js';
import { EmulatorError } from './errors.js';
import type { JsonObject } from './http/message.js';
import { Router } from './http/router.js';
import { closeServer, createEmulatorServer, listen } from './http/server.js';
import { changeSettings, resolveOptions } from './options.js';
import type { EmulatorOptions, EmulatorSettings } from './options.js';
import { World } from './project-state.js';
import { allRoutes } from './routes/all-routes.js';
import { loadSeed } from './seed/load-seed.js';
import { mintToken, signInDirectly } from './sign-in/direct.js';
import type { DirectSignIn, DirectTokens, TokenOrder } from './sign-in/direct.js';
import { KeyRing, createKey } from './tokens/key-ring.js';
import type { EmulatorKey, KeyAlgorithm } from './tokens/key-ring.js';

/** A running emulator; `startEmulator` makes one. */
export class Emulator {
  readonly #world: World;
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
  constructor(world: World, server: Server) {
    this.#world = world;
    this.#server = server;
    this.clock = world.clock;
    this.faults = world.faults;
    this.requests = world.requests;
    this.outbox = world.outbox;
  }

  /** Where it listens, such as `http://127.0.0.1:40123`. */
  get url(): string {
    return this.#world.url;
  }

  /** The project it plays. */
  get projectId(): string {
    return this.#world.projectId;
  }

  /** The key that management calls must show. */
  get managementKey(): string {
    return this.#world.managementKey;
  }

  /** The key that signs now. */
  get signingKey(): EmulatorKey {
    return this.#world.keys.current;
  }

  /** The public keys as they are published now. */
  get publishedKeys(): readonly JsonObject[] {
    return this.#world.keys.published;
  }

  /** The login ids that one could sign in with now. */
  get loginIds(): readonly string[] {
    return this.#world.project.users.all.flatMap((user) => user.loginIds);
  }

  /** The settings that hold now. */
  get settings(): EmulatorSettings {
    return this.#world.settings;
  }

  /** Changes some settings until the next `reset()`; throws `EMULATOR_OPTIONS_INVALID`. */
  configure(changes: Partial<EmulatorSettings>): void {
    this.#world.settings = changeSettings(this.#world.settings, changes);
  }

  /** Signs a user in without HTTP, by login id or user id; throws `EMULATOR_USER_UNKNOWN`. */
  signIn(loginId: string, options: DirectSignIn = {}): Promise<DirectTokens> {
    return signInDirectly(this.#world, loginId, options);
  }

  /** Mints a token with the project's key, whatever it says. */
  signToken(order: TokenOrder = {}): Promise<string> {
    return mintToken(this.#world, order);
  }

  /** Mints an inbound app's token; throws `EMULATOR_USER_UNKNOWN`. */
  issueAppToken(order: AppTokenOrder = {}): Promise<string> {
    return issueAppToken(this.#world, order);
  }

  /** Mints the token of an agent that calls an MCP server; throws `EMULATOR_USER_UNKNOWN`. */
  issueAgentToken(order: AgentTokenOrder = {}): Promise<string> {
    return issueAgentToken(this.#world, order);
  }

  /** Makes a key pair that is not published: a stranger's, until `publishKey`. Default: the project's algorithm. */
  createKey(algorithm: KeyAlgorithm = this.signingKey.algorithm): Promise<EmulatorKey> {
    return createKey(algorithm);
  }

  /** Publishes one more public key, as it is, until the next `reset()`. */
  publishKey(key: JsonObject): void {
    this.#world.keys.publish(key);
  }

  /** Signs with a fresh key from now on; earlier ones stay published unless `revoke` is set. Default: they stay. */
  rotateKeys({ revoke = false }: { readonly revoke?: boolean } = {}): Promise<EmulatorKey> {
    return this.#world.keys.rotate(revoke);
  }

  /** Goes back to the seed, the first settings and the true time; forgets sign-ins, faults, requests and messages. */
  reset(): void {
    this.#world.reset();
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
  const world = new World(resolved, seed, keys);
  const server = createEmulatorServer(world, new Router(allRoutes));
  world.url = await listen(server, resolved.host, resolved.port);
  return new Emulator(world, server);
}
