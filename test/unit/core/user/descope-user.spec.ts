// Claims → the user that handlers see: built from the token alone, and unchangeable.
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { DescopeClaims, TokenKind } from '#lib/core/token/claims.js';
import { freezeDeep } from '#lib/core/token/claims.js';
import { DescopeUser } from '#lib/core/user/descope-user.js';
import { sessionClaims } from '../../../support/tokens.js';

const RULES = { staffRole: 'is_staff', superuserRole: 'is_superuser', actorClaim: 'act' };
const frozen = <T extends object>(value: T): T => {
  freezeDeep(value);
  return value;
};
const userOf = (members: Record<string, unknown> = {}, rules = RULES, kind: TokenKind = 'user') =>
  new DescopeUser({ claims: frozen(sessionClaims(members)) as DescopeClaims, kind }, 'anna', rules);

describe('DescopeUser', () => {
  it('reads who calls from the claims', () => {
    const user = userOf({
      sub: 'x',
      dsub: 'U2anna',
      email: 'a@example.com',
      name: 'Anna',
      dct: 'T1',
      tenants: { T1: { roles: ['a'] } },
    });
    expect(user).toMatchObject({
      id: 'U2anna',
      username: 'anna',
      kind: 'user',
      email: 'a@example.com',
      name: 'Anna',
      tenant: 'T1',
    });
    expect(user.tenants['T1']?.roles).toEqual(['a']);
    expect(user.claims['dsub']).toBe('U2anna');
  });

  it('has no email, name or tenant where the claim is no text', () => {
    const user = userOf({ email: ['a@example.com'], name: '', dct: 7 });
    expect([user.email, user.name, user.tenant]).toEqual([undefined, undefined, undefined]);
  });

  it('reads scopes from a text or a list, and none from anything else', () => {
    for (const scope of ['read write', ' read  write ', ['read', 'write']]) {
      const { scopes } = userOf({ scope });
      expect([scopes, Object.isFrozen(scopes)]).toEqual([['read', 'write'], true]);
    }
    for (const scope of [undefined, '', 7, { read: true }, ['read', 7]])
      expect(userOf({ scope }).scopes).toEqual([]);
  });

  it('has the claims as the schema returns them, else the token’s own, and shows neither', () => {
    const claims = frozen(sessionClaims({ plan: 'hush' })) as DescopeClaims;
    const customClaims = { plan: 'hush', seats: 3 };
    const checked = new DescopeUser({ claims, kind: 'user', customClaims }, 'anna', RULES);
    const plain = new DescopeUser({ claims, kind: 'user' }, 'anna', RULES);
    expect([checked.customClaims, plain.customClaims]).toEqual([customClaims, claims]);
    for (const user of [checked, plain]) expect(JSON.stringify(user) + inspect(user)).not.toContain('hush');
  });

  it('is staff or superuser by the configured project role only', () => {
    const flags = ({ isStaff, isSuperuser }: DescopeUser) => [isStaff, isSuperuser];
    expect(flags(userOf({ roles: ['is_staff'] }))).toEqual([true, false]);
    expect(flags(userOf({ roles: ['is_superuser'] }))).toEqual([false, true]);
    expect(
      flags(userOf({ roles: ['is_staff'] }, { ...RULES, staffRole: 'staff', superuserRole: 'root' })),
    ).toEqual([false, false]);
    expect(
      flags(userOf({ roles: ['staff', 'root'] }, { ...RULES, staffRole: 'staff', superuserRole: 'root' })),
    ).toEqual([true, true]);
    const elsewhere = {
      permissions: ['is_staff'],
      tenants: { T1: { roles: ['is_superuser'] } },
      is_staff: true,
      isSuperuser: true,
    };
    expect(flags(userOf(elsewhere))).toEqual([false, false]);
    expect(flags(userOf({ roles: 'is_staff' }))).toEqual([false, false]);
    expect(flags(userOf({ roles: ['is_superuser'], dct: 'T1' }))).toEqual([false, false]);
  });

  it('answers for roles like @Roles and for permissions like @Permissions', () => {
    const user = userOf({ roles: ['a', 'b'], permissions: ['p', 'q'] });
    expect([user.hasRole('x', 'a'), user.hasRole('x'), user.hasRole()]).toEqual([true, false, false]);
    expect([user.hasPermission('p', 'q'), user.hasPermission('p', 'x'), user.hasPermission()]).toEqual([
      true,
      false,
      false,
    ]);
    expect(user.hasRole('A') || user.hasRole('length') || user.hasPermission('constructor')).toBe(false);
  });

  it('keeps its claims out of JSON, logs and copies', () => {
    const user = userOf({ email: 'a@example.com', secret: 'hush' });
    const shown = [
      JSON.stringify(user),
      inspect(user),
      String(user),
      JSON.stringify({ ...user }),
      JSON.stringify(structuredClone(user)),
    ];
    for (const text of shown) expect(text).not.toMatch(/hush/);
    expect(JSON.parse(JSON.stringify(user))).toMatchObject({ id: 'U2anna', email: 'a@example.com' });
  });

  it('shows its tenants wherever its other properties show, and in a proxy too', () => {
    const user = userOf({ tenants: { T1: { roles: ['lead'], permissions: [] } } });
    const tenants = { T1: { roles: ['lead'], permissions: [] } };
    expect(Object.keys(user)).toContain('tenants');
    expect(JSON.parse(JSON.stringify(user))).toMatchObject({ tenants });
    expect({ ...user }).toMatchObject({ tenants });
    expect(structuredClone(user)).toMatchObject({ tenants });
    expect(inspect(user, { depth: 5 })).toMatch(/^DescopeUser \{[^]*T1: \{ roles: \[ 'lead' \]/);
    expect(inspect({ user }, { depth: null })).toContain("'lead'");
    for (const depth of [0, 2]) expect(inspect(user, { depth })).not.toContain('lead');
    expect(user.tenants).toBe(user.tenants);
    expect(new Proxy(user, {}).tenants).toEqual(tenants);
  });

  it('cannot be changed by a handler, in itself or in anything it holds', () => {
    const user = userOf({ tenants: { T1: {} } });
    const changes: (() => unknown)[] = [
      () => Object.assign(user, { isSuperuser: true }),
      () => Object.assign(user, { extra: 1 }),
      () => Object.defineProperty(user, 'claims', { value: {} }),
      () => (user.roles as string[]).push('admin'),
      () => (user.permissions as string[]).push('p'),
      () => Object.assign(user.tenants, { T2: {} }),
      () => (user.tenants['T1']?.roles as string[]).push('admin'),
      () => Object.assign(user.claims, { sub: 'U2eve' }),
      () => (user.claims['amr'] as string[]).push('mfa'),
      () => delete (user as { id?: string }).id,
    ];
    for (const change of changes) expect(change).toThrow(TypeError);
  });
});
