// User + demands → nothing, or an error: exact names, and an algebra in which more demands let fewer in.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TokenKind } from '#lib/core/token/claims.js';
import { assertAccess } from '#lib/core/user/authorize.js';
import type { Demand, GrantDemand, RequestValueSource } from '#lib/core/user/demands.js';
import { assertTokenAccepted } from '#lib/core/user/token-acceptance.js';
import { codeOf, NOW_MS, NOW_SECONDS } from '../../../support/tokens.js';
import { userOf } from '../../../support/users.js';

const roles = (match: 'any' | 'all', ...names: string[]): Demand => ({ kind: 'roles', names, match });
const permissions = (match: 'any' | 'all', ...names: string[]): Demand => ({
  kind: 'permissions',
  names,
  match,
});
const FACTS = { nowMs: NOW_MS, tenants: new Map<RequestValueSource, string>(), superuserBypass: false };
const judge = (members: Record<string, unknown>, ...demands: Demand[]) =>
  codeOf(() => assertAccess(userOf(members), demands, FACTS));

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

  it('accepts every user where nothing is demanded, and no user for an empty demand', () => {
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
      assertAccess(
        userOf({ roles: ['secret-role'], email: 'anna@example.com' }),
        [roles('any', 'admin')],
        FACTS,
      );
      throw new TypeError('It was accepted.');
    } catch (error) {
      expect(error).toMatchObject({ details: { wanted: ['admin'], match: 'any' } });
      expect(JSON.stringify(error) + String(error)).not.toMatch(/secret-role|anna/);
    }
  });
});

const IN_ROUTE: Demand = { kind: 'tenant', from: 'param:tenant' };
const judgeIn = (tenant: string | undefined, members: Record<string, unknown>, ...demands: Demand[]) => {
  const tenants = new Map<RequestValueSource, string>(tenant === undefined ? [] : [['param:tenant', tenant]]);
  return codeOf(() => assertAccess(userOf(members), demands, { ...FACTS, tenants }));
};

describe('assertAccess, in a tenant', () => {
  const admin = { tenants: { T1: { roles: ['admin'], permissions: ['read'] }, T2: {} } };
  const inTenant = (name: string): Demand => ({ kind: 'roles', names: [name], match: 'any', tenant: true });

  it('asks for membership in the tenant that the request names', () => {
    expect(judgeIn('T1', admin, IN_ROUTE)).toBe('accepted');
    expect(judgeIn('T2', admin, IN_ROUTE)).toBe('accepted');
    for (const other of ['T3', 't1', 'T1 ', 'constructor', '__proto__', 'toString'])
      expect(judgeIn(other, admin, IN_ROUTE)).toBe('ACCESS_TENANT_MISSING');
    expect(judgeIn(undefined, admin, IN_ROUTE)).toBe('ACCESS_TENANT_UNNAMED');
  });

  it('takes a tenant that is called like something inherited for what it is: a name', () => {
    const claims = JSON.parse('{"tenants":{"__proto__":{"roles":["admin"]},"constructor":{}}}') as object;
    expect(judgeIn('__proto__', { ...claims }, IN_ROUTE, inTenant('admin'))).toBe('accepted');
    expect(judgeIn('constructor', { ...claims }, IN_ROUTE, inTenant('admin'))).toBe('ACCESS_ROLE_MISSING');
  });

  it('asks for grants in that tenant alone', () => {
    expect(judgeIn('T1', admin, IN_ROUTE, inTenant('admin'))).toBe('accepted');
    expect(judgeIn('T2', admin, IN_ROUTE, inTenant('admin'))).toBe('ACCESS_ROLE_MISSING');
    expect(judgeIn('T3', admin, inTenant('admin'), IN_ROUTE)).toBe('ACCESS_TENANT_MISSING');
    const named: Demand = { kind: 'permissions', names: ['read'], match: 'all', tenant: 'param:tenant' };
    expect(judgeIn('T1', admin, named)).toBe('accepted');
    expect(judgeIn('T2', admin, named)).toBe('ACCESS_PERMISSION_MISSING');
  });

  it('lets no project grant stand in for a tenant’s, unless that is asked for', () => {
    const user = { roles: ['admin'], tenants: { T1: {} } };
    expect(judgeIn('T1', user, IN_ROUTE, inTenant('admin'))).toBe('ACCESS_ROLE_MISSING');
    const either: Demand = { kind: 'roles', names: ['admin'], match: 'any', tenant: true, orProject: true };
    expect(judgeIn('T1', user, IN_ROUTE, either)).toBe('accepted');
    expect(judgeIn('T2', user, IN_ROUTE, either)).toBe('ACCESS_TENANT_MISSING'); // a member all the same
    expect(judgeIn('T1', admin, IN_ROUTE, either)).toBe('accepted');
    expect(judgeIn('T1', { tenants: { T1: {} } }, IN_ROUTE, either)).toBe('ACCESS_ROLE_MISSING');
  });

  it('counts the top-level roles of a token with `dct` and no tenants for that tenant only', () => {
    const user = { roles: ['admin'], dct: 'T1' };
    expect(judgeIn('T1', user, IN_ROUTE, inTenant('admin'))).toBe('accepted');
    expect(judgeIn('T2', user, IN_ROUTE, inTenant('admin'))).toBe('ACCESS_TENANT_MISSING');
  });

  it('asks in every tenant where two are named, so that a second one opens nothing', () => {
    const both = new Map<RequestValueSource, string>([
      ['param:tenant', 'T1'],
      ['header:x-tenant', 'T2'],
    ]);
    const demands: Demand[] = [IN_ROUTE, { kind: 'tenant', from: 'header:x-tenant' }, inTenant('admin')];
    const judged = (members: Record<string, unknown>) =>
      codeOf(() => assertAccess(userOf(members), demands, { ...FACTS, tenants: both }));
    expect(judged(admin)).toBe('ACCESS_ROLE_MISSING');
    expect(judged({ tenants: { T1: { roles: ['admin'] }, T2: { roles: ['admin'] } } })).toBe('accepted');
  });

  it('rejects a grant in the tenant of a route that has none', () => {
    expect(judgeIn('T1', admin, inTenant('admin'))).toBe('ACCESS_TENANT_UNNAMED');
  });
});

describe('assertAccess, beyond grants', () => {
  it('asks for scopes, as text or as a list, by their exact names', () => {
    const scopes = (match: 'any' | 'all', ...names: string[]): Demand => ({ kind: 'scopes', names, match });
    for (const scope of ['read write', ' read  write ', ['read', 'write']]) {
      expect(judge({ scope }, scopes('all', 'read', 'write'))).toBe('accepted');
      expect(judge({ scope }, scopes('all', 'read', 'delete'))).toBe('ACCESS_SCOPE_MISSING');
      expect(judge({ scope }, scopes('any', 'read', 'delete'))).toBe('accepted');
      expect(judge({ scope }, scopes('any', 'rea', 'READ', 'read write'))).toBe('ACCESS_SCOPE_MISSING');
    }
    for (const scope of [undefined, '', 7, { read: true }, ['read', 7], [['read']]])
      expect(judge({ scope }, scopes('any', 'read'))).toBe('ACCESS_SCOPE_MISSING');
    expect(judge({ scope: 'read' }, scopes('all'))).toBe('ACCESS_SCOPE_MISSING');
  });

  it('asks for a step-up, and for a recent one', () => {
    const stepUp = (maxAgeSeconds?: number): Demand => ({ kind: 'step-up', maxAgeSeconds });
    expect(judge({ su: true }, stepUp())).toBe('accepted');
    for (const su of [undefined, false, 'true', 1])
      expect(judge({ su }, stepUp())).toBe('AUTH_STEP_UP_REQUIRED');
    expect(judge({ su: true, iat: NOW_SECONDS - 60 }, stepUp(60))).toBe('accepted');
    expect(judge({ su: true, iat: NOW_SECONDS - 61 }, stepUp(60))).toBe('AUTH_STEP_UP_REQUIRED');
    expect(judge({ su: true, iat: undefined }, stepUp(60))).toBe('AUTH_STEP_UP_REQUIRED');
    expect(judge({ iat: NOW_SECONDS }, stepUp(60))).toBe('AUTH_STEP_UP_REQUIRED');
  });

  it('asks for two factors, or for a way of signing in', () => {
    const amr = (match: 'any' | 'all', ...names: string[]): Demand => ({ kind: 'amr', names, match });
    for (const methods of [['mfa'], ['pwd', 'totp'], ['pwd', 'mfa']])
      expect(judge({ amr: methods }, { kind: 'mfa' })).toBe('accepted');
    const written = [
      ['pwd', ''],
      ['pwd', 'PWD'],
      ['pwd', ' pwd '],
      ['', ' '],
      ['pwd', 'Pwd', 'pWD'],
      ['kba', '\u212aBA'], // the sign for Kelvin, which is a k
    ];
    for (const methods of [['pwd'], ['pwd', 'pwd'], [], undefined, 'mfa', ['MFA'], ...written])
      expect(judge({ amr: methods }, { kind: 'mfa' })).toBe('AUTH_MFA_REQUIRED');
    expect(judge({ amr: ['totp'] }, amr('any', 'totp', 'webauthn'))).toBe('accepted');
    expect(judge({ amr: ['totp'] }, amr('all', 'totp', 'webauthn'))).toBe('AUTH_METHOD_REQUIRED');
    expect(judge({ amr: ['totp', 'webauthn', 'pwd'] }, amr('all', 'totp', 'webauthn'))).toBe('accepted');
    expect(judge({ amr: ['pwd'] }, amr('any', 'totp'))).toBe('AUTH_METHOD_REQUIRED');
    expect(judge({ amr: ['pwd'] }, amr('all'))).toBe('AUTH_METHOD_REQUIRED');
  });

  it('asks for staff and superusers by their project role', () => {
    expect(judge({ roles: ['is_staff'] }, { kind: 'staff' })).toBe('accepted');
    expect(judge({ roles: ['is_superuser'] }, { kind: 'superuser' })).toBe('accepted');
    expect(judge({ roles: ['is_superuser'] }, { kind: 'staff' })).toBe('ACCESS_STAFF_MISSING');
    expect(judge({ roles: ['is_staff'] }, { kind: 'superuser' })).toBe('ACCESS_SUPERUSER_MISSING');
    expect(judge({ tenants: { T1: { roles: ['is_staff'] } } }, { kind: 'staff' })).toBe(
      'ACCESS_STAFF_MISSING',
    );
  });

  it('lets a superuser pass project grants where that is asked for, and nothing else', () => {
    const root = { roles: ['is_superuser'], tenants: { T1: {} } };
    const tenants = new Map<RequestValueSource, string>([['param:tenant', 'T1']]);
    const bypass = (members: Record<string, unknown>, ...demands: Demand[]) =>
      codeOf(() => assertAccess(userOf(members), demands, { nowMs: NOW_MS, tenants, superuserBypass: true }));
    expect(bypass(root, roles('all', 'a', 'b'), permissions('all', 'p'))).toBe('accepted');
    expect(judge(root, roles('any', 'a'))).toBe('ACCESS_ROLE_MISSING');
    expect(bypass({ roles: ['is_staff'] }, roles('any', 'a'))).toBe('ACCESS_ROLE_MISSING');
    expect(bypass(root, IN_ROUTE, { kind: 'roles', names: ['a'], match: 'any', tenant: true })).toBe(
      'ACCESS_ROLE_MISSING',
    );
    expect(bypass(root, { kind: 'scopes', names: ['s'], match: 'any' })).toBe('ACCESS_SCOPE_MISSING');
    expect(bypass(root, { kind: 'mfa' })).toBe('AUTH_MFA_REQUIRED');
  });

  it('says which step-up or way of signing in is asked for', () => {
    const detailsOf = (demand: Demand) => {
      try {
        assertAccess(userOf({ amr: ['pwd'] }), [demand], FACTS);
      } catch (error) {
        return (error as { readonly details: unknown }).details;
      }
      throw new TypeError('It was accepted.');
    };
    expect(detailsOf({ kind: 'step-up', maxAgeSeconds: 60 })).toEqual({ maxAgeSeconds: 60 });
    expect(detailsOf({ kind: 'mfa' })).toEqual({ wanted: ['mfa'] });
    expect(detailsOf({ kind: 'amr', names: ['totp'], match: 'any' })).toEqual({ wanted: ['totp'] });
  });

  it('rejects what it does not know: a newer copy of the package may have noted it', () => {
    for (const kind of ['weather', 'constructor', '__proto__'])
      expect(judge({}, { kind } as unknown as Demand)).toBe('ACCESS_DEMAND_UNKNOWN');
  });
});

describe('Demands', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const names = fc.array(name, { maxLength: 4 });
  const demand: fc.Arbitrary<GrantDemand> = fc.record({
    kind: fc.constantFrom('roles' as const, 'permissions' as const),
    names,
    match: fc.constantFrom('any' as const, 'all' as const),
  });
  const isIn = (held: Record<string, unknown>, demands: Demand[]) => judge(held, ...demands) === 'accepted';
  const held = fc.record({ roles: names, permissions: names });
  const check = (property: fc.IProperty<unknown[]>) => fc.assert(property, { seed: 1, numRuns: 2000 });

  it('accept a user who meets each of them alone, in any order', () =>
    check(
      fc.property(held, fc.array(demand, { maxLength: 4 }), (user, demands) => {
        const each = demands.every((item) => isIn(user, [item]));
        expect(isIn(user, demands)).toBe(each);
        expect(isIn(user, [...demands].reverse())).toBe(each);
        expect(isIn(user, [...demands, ...demands])).toBe(each);
      }),
    ));

  it('never accept more users when one is added', () =>
    check(
      fc.property(held, fc.array(demand), demand, (user, demands, more) => {
        if (!isIn(user, demands)) expect(isIn(user, [...demands, more])).toBe(false);
        if (isIn(user, [...demands, more])) expect(isIn(user, demands)).toBe(true);
      }),
    ));

  it('of every kind add up: more of them accept fewer users, in any order', () => {
    const match = fc.constantFrom('any' as const, 'all' as const);
    const from = fc.constantFrom('param:tenant' as const, 'header:x-tenant' as const);
    const every: fc.Arbitrary<Demand> = fc.oneof(
      demand,
      fc.record({ kind: fc.constant('scopes' as const), names, match }),
      fc.record({ kind: fc.constant('amr' as const), names, match }),
      fc.record({
        kind: fc.constantFrom(
          'staff' as const,
          'superuser' as const,
          'mfa' as const,
          'no-impersonation' as const,
        ),
      }),
      fc.record({
        kind: fc.constant('step-up' as const),
        maxAgeSeconds: fc.constantFrom(undefined, 10, 1000),
      }),
      fc.record({ kind: fc.constant('tenant' as const), from }),
      fc.record({
        kind: fc.constant('roles' as const),
        names,
        match,
        tenant: fc.oneof(from, fc.constant(true as const)),
        orProject: fc.boolean(),
      }),
    );
    const grants = fc.record({ roles: names, permissions: names });
    const user = fc.record({
      roles: fc.array(fc.constantFrom('a', 'b', 'is_staff', 'is_superuser')),
      permissions: names,
      scope: fc.array(name).map((list) => list.join(' ')),
      amr: fc.array(fc.constantFrom('a', 'b', 'mfa')),
      su: fc.boolean(),
      act: fc.constantFrom(undefined, { sub: 'a' }),
      iat: fc.constantFrom(NOW_SECONDS, NOW_SECONDS - 100),
      tenants: fc.dictionary(fc.constantFrom('T1', 'T2'), grants),
    });
    const named = fc.record(
      { 'param:tenant': fc.constantFrom('T1', 'T3'), 'header:x-tenant': fc.constantFrom('T1', 'T2') },
      { requiredKeys: [] },
    );
    const property = fc.property(
      user,
      fc.array(every, { maxLength: 4 }),
      every,
      named,
      fc.boolean(),
      (members, few, more, where, superuserBypass) => {
        // A grant in the route's tenant is rejected at boot where the route has none: there is one here.
        const demands: Demand[] = [IN_ROUTE, ...few];
        const tenants = new Map(Object.entries(where) as [RequestValueSource, string][]);
        const facts = { nowMs: NOW_MS, tenants, superuserBypass };
        const isAllowed = (list: Demand[]) =>
          codeOf(() => assertAccess(userOf(members), list, facts)) === 'accepted';
        if (isAllowed([...demands, more])) expect(isAllowed(demands)).toBe(true);
        expect(isAllowed([...demands].reverse())).toBe(isAllowed(demands));
        expect(isAllowed([...demands, ...demands])).toBe(isAllowed(demands));
      },
    );
    fc.assert(property, { seed: 1, numRuns: 3000 });
  });

  it('never accept fewer users when a grant is added, and never more for `all` than for `any`', () =>
    check(
      fc.property(held, demand, name, (user, item, extra) => {
        const richer = { roles: [...user.roles, extra], permissions: [...user.permissions, extra] };
        if (isIn(user, [item])) expect(isIn(richer, [item])).toBe(true);
        if (isIn(user, [{ ...item, match: 'all' }]))
          expect(isIn(user, [{ ...item, match: 'any' }])).toBe(true);
      }),
    ));
});

describe('assertTokenAccepted', () => {
  const accept = (aud: unknown, audience: string[] | undefined, kind: TokenKind = 'user') =>
    codeOf(() => assertTokenAccepted(userOf({ aud }, kind), { accepts: ['user', 'access-key'], audience }));

  it('asks for one of the audiences, element by element', () => {
    expect(accept('api', ['api'])).toBe('accepted');
    expect(accept(['other', 'api'], ['web', 'api'])).toBe('accepted');
    expect(accept(undefined, undefined)).toBe('accepted');
    expect(accept('anything', undefined)).toBe('accepted');
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
      expect(accept(aud, ['api', 'web'])).toBe('TOKEN_AUDIENCE_MISMATCH');
    }
  });

  it('says which kind or audience it found, and which it wanted', () => {
    const reject = (aud: unknown, audience: string[] | undefined, kind: TokenKind) => () =>
      assertTokenAccepted(userOf({ aud }, kind), { accepts: ['user', 'app'], audience });
    const rejection = (details: object) => expect.objectContaining({ details });
    expect(reject('a', ['b'], 'agent')).toThrow(rejection({ kind: 'agent' }));
    expect(reject('a', ['b', 'c'], 'user')).toThrow(rejection({ expected: ['b', 'c'], actual: ['a'] }));
    expect(reject(undefined, ['b'], 'user')).toThrow(rejection({ expected: ['b'], actual: [] }));
    expect(reject(['a'], undefined, 'app')).toThrow(rejection({ expected: [], actual: ['a'] }));
  });

  const route = (kind: TokenKind, aud: unknown, demands: Demand[], audience?: string[]) =>
    codeOf(() =>
      assertTokenAccepted(userOf({ aud }, kind), { accepts: ['user', 'access-key'], audience }, demands),
    );
  const accepts = (...kinds: TokenKind[]): Demand => ({ kind: 'accepts', kinds });
  const audience = (...list: string[]): Demand => ({ kind: 'audience', names: list });

  it('takes the lists of the route in place of the module’s, and all of them where there are several', () => {
    expect(route('app', 'api', [accepts('app')], ['api'])).toBe('accepted');
    expect(route('user', 'api', [accepts('app')], ['api'])).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(route('user', 'orders', [audience('orders')], ['api'])).toBe('accepted');
    expect(route('user', 'api', [audience('orders')], ['api'])).toBe('TOKEN_AUDIENCE_MISMATCH');
    expect(route('user', ['a', 'b'], [audience('a', 'x'), audience('b')])).toBe('accepted');
    expect(route('user', ['a'], [audience('a', 'x'), audience('b')])).toBe('TOKEN_AUDIENCE_MISMATCH');
    expect(route('app', 'api', [accepts('app'), accepts('user')], ['api'])).toBe('TOKEN_KIND_NOT_ACCEPTED');
  });

  it('accepts the token of an app or agent only where an audience is required', () => {
    for (const kind of ['app', 'agent'] as const) {
      expect(route(kind, 'api', [accepts(kind)])).toBe('TOKEN_AUDIENCE_MISMATCH');
      expect(route(kind, 'api', [accepts(kind), audience('api')])).toBe('accepted');
      expect(route(kind, undefined, [accepts(kind)], ['api'])).toBe('TOKEN_AUDIENCE_MISMATCH');
    }
    expect(route('user', undefined, [accepts('user')])).toBe('accepted');
  });

  it('takes a caller who may be a user or an access key only where both may come', () => {
    expect(route('unknown', undefined, [accepts('user', 'access-key')])).toBe('accepted');
    for (const kind of ['user', 'access-key'] as const)
      expect(route('unknown', undefined, [accepts(kind)])).toBe('TOKEN_KIND_NOT_ACCEPTED');
  });

  it('rejects a kind that is not accepted, whatever its audience', () => {
    expect(accept('api', ['api'], 'app')).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(accept('api', ['api'], 'agent')).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(accept('api', ['api'], 'access-key')).toBe('accepted');
    expect(accept('api', ['api'], 'unknown')).toBe('accepted');
  });
});
