// A Descope inside this process: fresh keys and the seeded people, gone when the application ends.
import { randomBytes } from 'node:crypto';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { DescopeOptions } from 'nestjs-descope';
import type { Emulator, SignInTokens } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { Person } from './people.js';
import { ROBOT, SEED } from './people.js';

const OWN_RULES: DescopeOptions = {
  audience: null,
  usernameClaim: 'sub',
  staffRole: 'is_staff',
  superuserRole: 'is_superuser',
};

export class EmbeddedDescope implements OnApplicationShutdown {
  private constructor(
    readonly emulator: Emulator,
    /** The access key of the one machine there is. */
    readonly accessKey: string,
  ) {}

  /** Starts it on a free loopback port. Throws with `NODE_ENV=production`. */
  static async start(sessionSeconds: number): Promise<EmbeddedDescope> {
    const cleartext = `K${randomBytes(24).toString('hex')}`;
    const seed = { ...SEED, accessKeys: [{ ...ROBOT, cleartext }] };
    return new EmbeddedDescope(await startEmulator({ seed, sessionSeconds }), cleartext);
  }

  /** What `DescopeModule` must be told to use it; what the environment says of a project is not about this one. */
  get options(): DescopeOptions {
    const { projectId, url, clock } = this.emulator;
    return { ...OWN_RULES, projectId, baseUrl: url, clock: () => clock.now() };
  }

  /** Signs somebody in, without a password; with `seconds`, for a session that expires after them. */
  async signIn(person: Person, seconds?: number): Promise<SignInTokens> {
    const tokens = await this.emulator.signIn(person.email);
    if (seconds === undefined) return tokens;
    const { exp: _exp, ...claims } = tokens.claims;
    const sessionJwt = await this.emulator.signToken({ claims, expiresInSeconds: seconds });
    return { ...tokens, sessionJwt };
  }

  onApplicationShutdown(): Promise<void> {
    return this.emulator.close();
  }
}
