// User + demands → nothing, or an error: exact names, and an algebra in which more demands let fewer in.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DescopeClaims } from '../../../../lib/core/token/claims.js';
import type { TokenKind } from '../../../../lib/core/token/token-kind.js';
import { assertAccess, assertAdmitted } from '../../../../lib/core/user/access.js';
import type { Demand } from '../../../../lib/core/user/access.js';
import { DescopeUser } from '../../../../lib/core/user/descope-user.js';
import { codeOf, sessionClaims } from '../../../support/tokens.js';

const userOf = (members: Record<string, unknown>, kind: TokenKind = 'user') =>
  new DescopeUser({ claims: sessionClaims(members) as DescopeClaims, kind }, 'anna', {
    staffRole: 'is_staff',
    superuserRole: 'is_superuser',
  });
const roles = (match: 'any' | 'all', ...names: string[]): Demand => ({ kind: 'roles', names, match });
const permissions = (match: 'any' | 'all', ...names: string[]): Demand => ({
  kind: 'permissions',
  names,
  match,
});
const judge = (members: Record<string, unknown>, ...demands: Demand[]) =>
  codeOf(() => assertAccess(userOf(members), demands));

describe('assertAccess', () => {
  it('asks for any or for all of the names', () => {
    const held = { roles: ['a', 'b'], permissions: ['p', 'q'] };
    expect(judge(held, roles('any', 'x', 'b'))).toBe('accepted');
    expect(judge(held, roles('all', 'a', 'b'))).toBe('accepted');
    expect(judge(held, roles('any', 'x', 'y'))).toBe('ACCESS_ROLE_MISSING');
    expect(judge(held, roles('all', 'a', 'x'))).toBe('ACCESS_ROLE_MISSING');
    expect(judge(held, permissions('any', 'x', 'p'))).toBe('accepted');
    expect(judge(held, permissions('all', 'p', 'x'))).toBe('ACCESS_PERMISSION_MISSING');
    expect(judge(held, roles('any', 'p'))).toBe('ACCESS_ROLE_MISSING');
    expect(judge(held, permissions('any', 'a'))).toBe('ACCESS_PERMISSION_MISSING');
  });

  it('lets everybody through who is asked nothing, and nobody through an empty demand', () => {
    expect(judge({})).toBe('accepted');
    for (const match of ['any', 'all'] as const) {
      expect(judge({ roles: ['a'] }, roles(match))).toBe('ACCESS_ROLE_MISSING');
      expect(judge({ permissions: ['a'] }, permissions(match))).toBe('ACCESS_PERMISSION_MISSING');
    }
  });

  it.each([
    'Admin',
    'ADMIN',
    ' admin',
    'admin ',
    'admin\u0000',
    'admin\u200b',
    'ａdmin',
    'аdmin',
    'adm',
    'administrator',
    '*',
    'admin*',
    '.*',
    '',
  ])('does not take the role %j for "admin"', (held) =>
    expect(judge({ roles: [held] }, roles('any', 'admin'))).toBe('ACCESS_ROLE_MISSING'),
  );

  it('does not normalise Unicode: two spellings of é are two names', () => {
    expect(judge({ roles: ['caf\u00e9'] }, roles('any', 'cafe\u0301'))).toBe('ACCESS_ROLE_MISSING');
    expect(judge({ roles: ['caf\u00e9'] }, roles('any', 'caf\u00e9'))).toBe('accepted');
  });

  it.each(['constructor', '__proto__', 'toString', 'length', '0'])(
    'finds no role %j that is not there',
    (name) => {
      expect(judge({ roles: ['a'] }, roles('any', name))).toBe('ACCESS_ROLE_MISSING');
      expect(judge({ roles: [name] }, roles('any', name))).toBe('accepted');
    },
  );

  it('counts a tenant’s grants for no project demand', () => {
    expect(judge({ tenants: { T1: { roles: ['admin'] } }, dct: 'T1' }, roles('any', 'admin'))).toBe(
      'ACCESS_ROLE_MISSING',
    );
    expect(judge({ roles: ['admin'], dct: 'T1' }, roles('any', 'admin'))).toBe('ACCESS_ROLE_MISSING');
  });

  it('counts nothing that the caller supplied', () => {
    expect(judge({ nsec: { roles: ['admin'] }, scope: 'admin' }, roles('any', 'admin'))).toBe(
      'ACCESS_ROLE_MISSING',
    );
  });

  it('says what was asked for, and not what the user has', () => {
    try {
      assertAccess(userOf({ roles: ['secret-role'], email: 'anna@example.com' }), [roles('any', 'admin')]);
      throw new TypeError('It was accepted.');
    } catch (error) {
      expect(error).toMatchObject({ details: { wanted: ['admin'], match: 'any' } });
      expect(JSON.stringify(error) + String(error)).not.toMatch(/secret-role|anna/);
    }
  });
});

describe('Demands', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const names = fc.array(name, { maxLength: 4 });
  const demand: fc.Arbitrary<Demand> = fc.record({
    kind: fc.constantFrom('roles' as const, 'permissions' as const),
    names,
    match: fc.constantFrom('any' as const, 'all' as const),
  });
  const isIn = (held: Record<string, unknown>, demands: Demand[]) => judge(held, ...demands) === 'accepted';
  const held = fc.record({ roles: names, permissions: names });
  const check = (property: fc.IProperty<unknown[]>) => fc.assert(property, { seed: 1, numRuns: 2000 });

  it('let in who meets each of them alone, in any order', () =>
    check(
      fc.property(held, fc.array(demand, { maxLength: 4 }), (user, demands) => {
        const each = demands.every((item) => isIn(user, [item]));
        expect(isIn(user, demands)).toBe(each);
        expect(isIn(user, [...demands].reverse())).toBe(each);
        expect(isIn(user, [...demands, ...demands])).toBe(each);
      }) as never,
    ));

  it('never let more in when one is added', () =>
    check(
      fc.property(held, fc.array(demand), demand, (user, demands, more) => {
        if (!isIn(user, demands)) expect(isIn(user, [...demands, more])).toBe(false);
        if (isIn(user, [...demands, more])) expect(isIn(user, demands)).toBe(true);
      }) as never,
    ));

  it('never let fewer in when a grant is added, and never more for `all` than for `any`', () =>
    check(
      fc.property(held, demand, name, (user, item, extra) => {
        const richer = { roles: [...user.roles, extra], permissions: [...user.permissions, extra] };
        if (isIn(user, [item])) expect(isIn(richer, [item])).toBe(true);
        if (isIn(user, [{ ...item, match: 'all' }]))
          expect(isIn(user, [{ ...item, match: 'any' }])).toBe(true);
      }) as never,
    ));
});

describe('assertAdmitted', () => {
  const admit = (aud: unknown, audience: string[] | undefined, kind: TokenKind = 'user') =>
    codeOf(() => assertAdmitted(userOf({ aud }, kind), { accepts: ['user', 'access-key'], audience }));

  it('asks for one of the audiences, element by element', () => {
    expect(admit('api', ['api'])).toBe('accepted');
    expect(admit(['other', 'api'], ['web', 'api'])).toBe('accepted');
    expect(admit(undefined, undefined)).toBe('accepted');
    expect(admit('anything', undefined)).toBe('accepted');
    for (const aud of [
      'api2',
      'ap',
      'API',
      ' api',
      'api,web',
      'api web',
      '',
      [],
      ['apiweb'],
      ['api,web'],
      undefined,
    ]) {
      expect(admit(aud, ['api', 'web'])).toBe('TOKEN_AUDIENCE_MISMATCH');
    }
  });

  it('refuses a kind that is not accepted, whatever its audience', () => {
    expect(admit('api', ['api'], 'app')).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(admit('api', ['api'], 'agent')).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(admit('api', ['api'], 'access-key')).toBe('accepted');
    expect(admit('api', ['api'], 'unknown')).toBe('accepted');
  });
});
