// Claims → what they grant: exact names, exact types, and a tenant's grants for that tenant only.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DescopeClaims } from '#lib/core/token/claims.js';
import { readMatches, readTenantGrants } from '#lib/core/user/authorize.js';
import { readGrants, readGrantsByTenant } from '#lib/core/user/descope-user.js';
import { sessionClaims } from '../../../support/tokens.js';
import { userOf } from '../../../support/users.js';

const grantsOf = (claims: DescopeClaims) => ({ ...readGrants(claims), tenants: readGrantsByTenant(claims) });
const grants = (members: Record<string, unknown>) => grantsOf(sessionClaims(members) as DescopeClaims);
const parsed = (json: string) => grantsOf(JSON.parse(json) as DescopeClaims);
const NOTHING = { roles: [], permissions: [] };

describe('readGrants and readGrantsByTenant', () => {
  it('reads the project’s and each tenant’s, apart from each other', () => {
    const tenants = { T1: { roles: ['a'], permissions: ['p'] }, T2: { roles: ['b'] }, T3: {} };
    expect(grants({ roles: ['admin'], permissions: ['x'], tenants })).toEqual({
      roles: ['admin'],
      permissions: ['x'],
      tenants: {
        T1: { roles: ['a'], permissions: ['p'] },
        T2: { roles: ['b'], permissions: [] },
        T3: NOTHING,
      },
    });
  });

  it.each([
    'admin',
    'admin,editor',
    { 0: 'admin', length: 1 },
    { admin: true },
    7,
    true,
    null,
    [['admin']],
    ['admin', 7],
    ['admin', null],
    [{}],
  ])('reads nothing from roles %j', (roles) => {
    const tenants = { T1: { roles, permissions: roles } };
    expect(grants({ roles, permissions: roles, tenants })).toEqual({ ...NOTHING, tenants: { T1: NOTHING } });
  });

  it.each(['T1', ['T1'], 7, true, [{ T1: { roles: ['admin'] } }]])(
    'reads no tenant from tenants %j',
    (tenants) => {
      expect(grants({ tenants })).toEqual({ ...NOTHING, tenants: {} });
    },
  );

  it.each([null, [], 'admin', 7, true])(
    'knows a tenant whose grants are %j, and grants nothing in it',
    (T1) => {
      expect(grants({ tenants: { T1 } }).tenants).toEqual({ T1: NOTHING });
    },
  );

  it('gives the top-level grants to the current tenant only, where a token has no list of tenants', () => {
    const claims = { dct: 'T1', roles: ['admin'], permissions: ['p'] };
    const expected = { ...NOTHING, tenants: { T1: { roles: ['admin'], permissions: ['p'] } } };
    expect(grants(claims)).toEqual(expected);
    expect(grants({ ...claims, tenants: null })).toEqual(expected);
  });

  it('gives them to the project where there is a list, and never to a tenant then', () => {
    const claims = { dct: 'T1', roles: ['admin'] };
    expect(grants({ ...claims, tenants: {} })).toEqual({ roles: ['admin'], permissions: [], tenants: {} });
    expect(grants({ ...claims, tenants: { T1: {} } }).tenants).toEqual({ T1: NOTHING });
  });

  it('takes names of the language for names, and is changed by none of them', () => {
    const json =
      '{"__proto__":{"roles":["admin"]},"tenants":{"__proto__":{"roles":["a"]},"constructor":{"roles":["b"]}}}';
    const { roles, tenants } = parsed(json);
    expect(roles).toEqual([]);
    expect(Object.getPrototypeOf(tenants)).toBeNull();
    expect(Object.entries(tenants).map(([id, { roles: names }]) => [id, names])).toEqual([
      ['__proto__', ['a']],
      ['constructor', ['b']],
    ]);
    expect(parsed('{"tenants":{}}').tenants['constructor']).toBeUndefined();
    expect(parsed('{"dct":"__proto__","roles":["a"]}').tenants['__proto__']?.roles).toEqual(['a']);
    expect(({} as Record<string, unknown>)['roles']).toBeUndefined();
  });

  it('returns frozen lists, also where the token has none', () => {
    for (const claims of [{}, { roles: 'admin' }, { dct: 'T1' }, { tenants: { T1: {} } }, { tenants: 7 }]) {
      const all = grants(claims);
      for (const list of [all, ...Object.values(all.tenants)].flatMap((item) => [
        item.roles,
        item.permissions,
      ])) {
        expect(Object.isFrozen(list)).toBe(true);
      }
      expect(Object.isFrozen(all.tenants)).toBe(true);
    }
  });

  it('never throws, and grants only texts that stand in the claims', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (roles, tenants, dct) => {
        const all = grants({ roles, tenants, dct, permissions: tenants });
        const listed = new Set(Array.isArray(roles) ? roles : []);
        for (const name of all.roles) expect(listed.has(name)).toBe(true);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});

describe('readMatches', () => {
  it('gives the wanted names that are held, exactly as written', () => {
    expect(readMatches(['b', 'a'], ['a', 'x', 'b'])).toEqual(['a', 'b']);
    expect(readMatches(undefined, ['a'])).toEqual([]);
    expect(readMatches(['Admin', 'admin ', 'ａdmin', 'admin*', '*'], ['admin'])).toEqual([]);
    expect(readMatches([], ['constructor', '__proto__', 'length', '0'])).toEqual([]);
  });
});

describe('readTenantGrants', () => {
  it('gives those of a tenant that the user belongs to, and of no other', () => {
    const user = userOf({ roles: ['admin'], tenants: { T1: { roles: ['a'] } } });
    expect(readTenantGrants(user, 'T1')?.roles).toEqual(['a']);
    for (const tenant of ['T2', 't1', '', 'constructor', '__proto__', 'hasOwnProperty']) {
      expect(readTenantGrants(user, tenant)).toBeUndefined();
    }
    expect(readTenantGrants(undefined, 'T1')).toBeUndefined();
  });
});
