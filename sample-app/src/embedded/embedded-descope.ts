// A Descope inside this process: fresh keys and the seeded people, gone when the application ends.
import type { OnApplicationShutdown } from '@nestjs/common';
import type { DescopeOptions } from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';
import type { Emulator } from 'nestjs-descope/emulator';
import { SEED } from './people.js';
import type { Person } from './people.js';

/** How long somebody stays signed in. */
export const SESSION_SECONDS = 3600;

export class EmbeddedDescope implements OnApplicationShutdown {
  private constructor(readonly emulator: Emulator) {}

  /** Starts it on a free loopback port. Throws with `NODE_ENV=production`. */
  static async start(): Promise<EmbeddedDescope> {
    return new EmbeddedDescope(await startEmulator({ seed: SEED, sessionSeconds: SESSION_SECONDS }));
  }

  /** What `DescopeModule` must be told to use it. */
  get options(): DescopeOptions {
    const { projectId, url } = this.emulator;
    return { projectId, baseUrl: url, audience: null };
  }

  /** Signs somebody in, and gives the session token. */
  async signIn(person: Person): Promise<string> {
    const { sessionJwt } = await this.emulator.signIn(person.email);
    return sessionJwt;
  }

  onApplicationShutdown(): Promise<void> {
    return this.emulator.close();
  }
}
