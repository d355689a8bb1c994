// Starts an emulator: options and seed checked, keys made, socket bound.
import { Emulator } from './emulator.js';
import { Router } from './http/router.js';
import { createEmulatorServer, listen } from './http/server.js';
import { allRoutes } from './routes/all-routes.js';
import { loadSeed } from './seed/load-seed.js';
import { EmulatorError } from './setup/errors.js';
import { resolveOptions } from './setup/options.js';
import type { EmulatorOptions } from './setup/options.js';
import { KeyRing, createKey } from './tokens/key-ring.js';
import { World } from './world.js';

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
