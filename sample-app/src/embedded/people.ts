// Who is known to the embedded Descope: people who sign in, and a machine.
import type { EmulatorSeed, SeedMembership, SeedUser } from 'nestjs-descope/emulator';

/** Somebody to sign in as. */
export interface Person {
  /** How forms name them. */
  readonly key: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly tenants: readonly SeedMembership[];
}

export const PEOPLE: readonly Person[] = [
  {
    key: 'ada',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    roles: ['admin', 'is_staff'],
    tenants: [{ tenantId: 'acme', roles: ['admin'] }],
  },
  {
    key: 'bob',
    name: 'Bob Baker',
    email: 'bob@example.com',
    roles: ['editor'],
    tenants: [
      { tenantId: 'acme', roles: ['editor'] },
      { tenantId: 'globex', roles: [] },
    ],
  },
  { key: 'carol', name: 'Carol Clark', email: 'carol@example.com', roles: [], tenants: [] },
];

/** Finds somebody by their key, or by their e-mail address. */
export function findPerson(name: unknown): Person | undefined {
  return PEOPLE.find(({ key, email }) => key === name || email === name);
}

export const SEED: EmulatorSeed = {
  tenants: [
    { id: 'acme', name: 'Acme' },
    { id: 'globex', name: 'Globex' },
  ],
  roles: [
    { name: 'admin', permissions: ['reports:read', 'users:write'] },
    { name: 'editor', permissions: ['reports:read'] },
    { name: 'is_staff' },
  ],
  users: PEOPLE.map(toSeedUser),
};

/** A machine, which signs in nowhere: it sends its access key. */
export const ROBOT = { name: 'report-robot', roles: ['editor'] };

// Descope puts name and email into a token where the project's JWT template says so.
function toSeedUser({ name, email, roles, tenants }: Person): SeedUser {
  return { loginId: email, name, roles, tenants, customClaims: { name, email } };
}
