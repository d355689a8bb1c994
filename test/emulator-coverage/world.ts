// What each call of the coverage starts with: an emulator with its seed, and the vendor's client, which notes what it calls.
import DescopeClient from '@descope/node-sdk';
import type { Emulator, EmulatorSeed, SignInTokens } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';

/** The vendor's client, unmodified. */
export type Sdk = ReturnType<typeof DescopeClient>;

/** What a call of the coverage may use. */
export interface World {
  readonly emulator: Emulator;
  readonly sdk: Sdk;
  /** The management functions of the client. */
  readonly manage: Sdk['management'];
  /** The responses of the call that runs, in their order. */
  readonly responses: Response[];
}

export const ADA = 'ada@example.com';
export const PASSWORD = 'Correct-horse-1';
export const ACCESS_KEY = 'K2coverage-cleartext';

/** The key of the authenticator app of the seeded user, as in RFC 6238. */
export const TOTP_KEY = '12345678901234567890';

const SEED: EmulatorSeed = {
  users: [
    {
      loginId: ADA,
      password: PASSWORD,
      totpSeed: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', // in base32
      phone: '+12025550101',
      name: 'Ada',
      roles: ['admin'],
      permissions: ['write'],
      tenants: [{ tenantId: 'acme', roles: ['editor'] }],
    },
    { loginId: 'tester', test: true },
  ],
  tenants: [{ id: 'acme', sso: { domains: ['acme.example'] } }],
  roles: [{ name: 'admin', permissions: ['write'] }, { name: 'editor' }],
  accessKeys: [{ name: 'batch', cleartext: ACCESS_KEY, roles: ['admin'] }],
  inboundApps: [{ name: 'robot', clientSecret: 'robot-secret', scopes: ['orders:read'] }],
};

/** Starts the emulator of a coverage. */
export async function createWorld(): Promise<World> {
  const emulator = await startEmulator({ seed: SEED });
  const responses: Response[] = [];
  const sdk = DescopeClient({
    projectId: emulator.projectId,
    baseUrl: emulator.url,
    managementKey: emulator.managementKey,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      responses.push(response.clone());
      return response;
    },
  });
  return { emulator, sdk, manage: sdk.management, responses };
}

/** Signs the seeded user in. */
export function signIn({ emulator }: World): Promise<SignInTokens> {
  return emulator.signIn(ADA);
}

/** The latest code that was sent. */
export function sentCode({ emulator }: World): string {
  return emulator.outbox.last()?.code ?? '';
}

/** The token of the latest link that was sent. */
export function sentToken({ emulator }: World): string {
  return emulator.outbox.last()?.token ?? '';
}

/** A part of a coverage: one call for each name of a method. */
export function define<Calls extends Readonly<Record<string, (world: World) => unknown>>>(
  calls: Calls,
): Calls {
  return calls;
}
