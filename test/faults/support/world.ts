// Emulator, gate and application together, with one time for all.
import type { Emulator, EmulatorOptions } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { bearer } from '../../support/who.controller.js';
import type { ApplicationOrder } from '../program/serve.js';
import type { Application } from './application.js';
import { startApplication } from './application.js';
import { Gate } from './gate.js';
import type { Client } from './traffic.js';

/** How a world shall begin. */
export interface WorldOrder {
  readonly emulator?: EmulatorOptions;
  readonly options?: ApplicationOrder['options'];
  readonly application?: Partial<ApplicationOrder>;
  /** What is broken before the application starts. */
  readonly prepare?: (around: Surroundings) => Promise<void> | void;
}

/** What the application does not know about. */
export interface Surroundings {
  readonly emulator: Emulator;
  readonly gate: Gate;
}

export interface World extends Surroundings {
  readonly app: Application;
  /** Moves the time of the application and of Descope. */
  advance(ms: number): Promise<void>;
  /** How often the application asked for a path, or below it. */
  calls(path: string): Promise<readonly number[]>;
  stop(): Promise<void>;
}

export const KEYS = '/v2/keys';
export const REFRESH = '/v1/auth/refresh';
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
const TWO_DAYS_SECONDS = 172_800;

/** Starts all three. */
export async function openWorld(order: WorldOrder = {}): Promise<World> {
  const emulator = await startEmulator(order.emulator);
  const gate = new Gate(emulator.url);
  await gate.open();
  const close = () => Promise.all([gate.reject(), emulator.close()]);
  try {
    await order.prepare?.({ emulator, gate });
    const options = { projectId: emulator.projectId, baseUrl: gate.url, audience: null, ...order.options };
    const app = await startApplication(options, order.application);
    return assemble({ emulator, gate }, app, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function assemble(around: Surroundings, app: Application, close: () => Promise<unknown>): World {
  return {
    ...around,
    app,
    advance: async (ms) => {
      around.emulator.clock.advance(ms);
      await app.control('advance', ms);
    },
    calls: async (path) =>
      (await app.control('calls')).filter((call) => call.path.startsWith(path)).map(({ atMs }) => atMs),
    stop: async () => {
      await app.stop().finally(close);
    },
  };
}

/** A client with a token that outlives every jump of these tests. */
export async function withToken({ emulator }: Surroundings, name = 'token', sub = 'U2anna'): Promise<Client> {
  const iat = emulator.clock.nowSeconds() - TWO_DAYS_SECONDS;
  const claims = { sub, amr: ['email'], iat };
  const token = await emulator.signToken({ claims, expiresInSeconds: TWO_DAYS_SECONDS });
  return { name, path: '/me', headers: () => bearer(token) };
}

export const PUBLIC: Client = { name: 'public', path: '/open' };
export const NOBODY: Client = { name: 'nobody', path: '/me' };
