// A demand that cannot be meant is told where it is written, and by name.
import { describe, expect, it } from '@jest/globals';
import type { AccessDecorator } from 'nestjs-descope';
import {
  Accepts,
  Amr,
  Audience,
  Authorize,
  Mfa,
  OptionalAuth,
  Permissions,
  Public,
  Roles,
  Scopes,
  Staff,
  StepUp,
  Superuser,
  Tenant,
} from 'nestjs-descope';
import { NoImpersonation } from 'nestjs-descope/access';
import { isRuleClass } from '#lib/auth/access/access-metadata.js';

const wrong = (value: unknown) => value as never;
const failureOf = (decorate: () => unknown) => {
  try {
    decorate();
  } catch (error) {
    const { code, details, message } = error as {
      readonly code: string;
      readonly details: { readonly decorator?: string };
      readonly message: string;
    };
    return { code, decorator: details.decorator, message };
  }
  throw new TypeError('It was accepted.');
};

describe('A demand without a name', () => {
  it.each([
    ['@Scopes', () => Scopes()],
    ['@Scopes.any', () => Scopes.any()],
    ['@Amr', () => Amr()],
    ['@Amr.all', () => Amr.all()],
    ['@Audience', () => Audience()],
    ['@Audience', () => Audience('api', '')],
    ['@Accepts', () => Accepts()],
    ['@Audience', () => Audience(wrong(7))],
    ['@Roles', () => Roles(wrong(undefined))],
    ['@Roles', () => Roles({ tenant: true })],
    ['@Roles', () => Roles(wrong(null))],
    ['@Roles.all', () => Roles.all('admin', wrong(['editor']))],
    ['@Permissions', () => Permissions()],
    ['@Permissions.any', () => Permissions.any('read', '', { tenant: true })],
  ])('throws when decorated: %s', (decorator, decorate) => {
    const { message, ...failure } = failureOf(decorate);
    expect(failure).toEqual({ code: 'CONFIG_DEMAND_EMPTY', decorator });
    expect(message).toContain(`${decorator}()`);
  });
});

describe('A demand for what cannot be', () => {
  it.each([
    ['@Accepts', () => Accepts(wrong('unknown')), "'user', 'access-key', 'app', 'agent'"],
    ['@Accepts', () => Accepts('user', wrong('admin')), "'user', 'access-key'"],
    ['@Scopes()', () => Scopes('read write'), 'one scope per argument'],
    ['@Scopes()', () => Scopes('read', 'a"b'), 'one scope per argument'],
    ['@Scopes.any()', () => Scopes.any('a\\b'), 'one scope per argument'],
    ['@Scopes.any()', () => Scopes.any('read', 'é'), 'one scope per argument'],
    ['@StepUp()', () => StepUp({ maxAgeSeconds: 0 }), 'above zero'],
    ['@StepUp()', () => StepUp({ maxAgeSeconds: -1 }), 'above zero'],
    ['@StepUp()', () => StepUp({ maxAgeSeconds: Number.NaN }), 'above zero'],
    ['@StepUp()', () => StepUp({ maxAgeSeconds: Number.POSITIVE_INFINITY }), 'above zero'],
    ['@StepUp()', () => StepUp({ maxAgeSeconds: wrong('60') }), 'above zero'],
    ['@StepUp()', () => StepUp(wrong({ maxAge: 60 })), 'maxAgeSeconds'],
    ['@StepUp()', () => StepUp(wrong({ maxAgeSeconds: 60, maxAge: 60 })), 'maxAgeSeconds'],
    ['@Tenant({ from })', () => Tenant({ from: wrong(undefined) }), "'param:<name>'"],
    ['@Tenant({ from })', () => Tenant({ from: wrong('tenantId') }), "'param:<name>'"],
    ['@Tenant({ from })', () => Tenant({ from: 'param:' }), "'header:<name>'"],
    ['@Tenant({ from })', () => Tenant({ from: 'header:x tenant' }), "'header:<name>'"],
    ['@Tenant({ from })', () => Tenant({ from: wrong('xdct') }), "'dct'"],
    ['@Tenant({ from })', () => Tenant({ from: wrong('subdomain.') }), "'subdomain'"],
    ['@Tenant({ from })', () => Tenant({ from: wrong({}) }), 'function'],
    ['@Tenant({ from })', () => Tenant({ from: wrong(['dct']) }), 'function'],
    ['@Authorize()', () => Authorize(wrong('OwnsOrder')), 'isAllowed'],
    ['@Roles(…, { tenant })', () => Roles('admin', wrong({})), "'param:<name>'"],
    ['@Roles.all(…, { tenant })', () => Roles.all('admin', { tenant: wrong(false) }), "'param:<name>'"],
    ['@Permissions(…, { tenant })', () => Permissions('read', { tenant: wrong('tenantId') }), "'dct'"],
    ['@Roles()', () => Roles('admin', { tenant: true, orProject: wrong('yes') }), 'orProject'],
    [
      '@Permissions.any()',
      () => Permissions.any('read', wrong({ tenant: true, role: 'admin' })),
      'orProject',
    ],
  ])('throws when decorated: %s', (decorator, decorate, hint) => {
    const { message, ...failure } = failureOf(decorate);
    expect(failure).toEqual({ code: 'CONFIG_DEMAND_INVALID', decorator });
    expect(message).toContain(decorator);
    expect(message).toContain(hint);
  });

  it('is not what may be: every place, every kind, a fraction of a second, every character of a scope', () => {
    for (const from of ['param:id', 'header:X-Tenant', 'subdomain', 'dct', () => 'T1'] as const)
      expect(() => Tenant({ from })).not.toThrow();
    expect(() => Accepts('user', 'access-key', 'app', 'agent')).not.toThrow();
    expect(() => [StepUp(), StepUp({}), StepUp({ maxAgeSeconds: 0.5 })]).not.toThrow();
    expect(() => Scopes('!', '#[', ']~', 'https://x.example/a.b:c')).not.toThrow();
  });
});

const grant = (
  kind: string,
  names: readonly string[],
  match: string,
  { tenant, orProject }: { tenant?: unknown; orProject?: boolean } = {},
) => ({ kind, names, match, tenant, orProject });

describe('A demand', () => {
  it.each<[string, AccessDecorator, object]>([
    ['@Tenant()', Tenant({ from: 'param:id' }), { kind: 'tenant', from: 'param:id' }],
    ["@Scopes('a', 'b')", Scopes('a', 'b'), { kind: 'scopes', names: ['a', 'b'], match: 'all' }],
    ["@Scopes.any('a')", Scopes.any('a'), { kind: 'scopes', names: ['a'], match: 'any' }],
    ['@StepUp()', StepUp(), { kind: 'step-up', maxAgeSeconds: undefined }],
    ['@StepUp()', StepUp({ maxAgeSeconds: 60 }), { kind: 'step-up', maxAgeSeconds: 60 }],
    ['@Mfa()', Mfa(), { kind: 'mfa' }],
    ["@Amr('totp')", Amr('totp'), { kind: 'amr', names: ['totp'], match: 'any' }],
    ["@Amr.all('totp')", Amr.all('totp'), { kind: 'amr', names: ['totp'], match: 'all' }],
    ["@Audience('api')", Audience('api'), { kind: 'audience', names: ['api'] }],
    ["@Accepts('user', 'app')", Accepts('user', 'app'), { kind: 'accepts', kinds: ['user', 'app'] }],
    ['@Staff()', Staff(), { kind: 'staff' }],
    ['@NoImpersonation()', NoImpersonation(), { kind: 'no-impersonation' }],
    ['@Superuser()', Superuser(), { kind: 'superuser' }],
    ["@Roles('a', 'b')", Roles('a', 'b'), grant('roles', ['a', 'b'], 'any')],
    ["@Roles.all('a')", Roles.all('a'), grant('roles', ['a'], 'all')],
    ["@Permissions('a', 'b')", Permissions('a', 'b'), grant('permissions', ['a', 'b'], 'all')],
    ["@Permissions.any('a')", Permissions.any('a'), grant('permissions', ['a'], 'any')],
    [
      "@Roles('a', 'b', 'c')",
      Roles('a', 'b', 'c', { tenant: true }),
      grant('roles', ['a', 'b', 'c'], 'any', { tenant: true, orProject: false }),
    ],
    [
      "@Permissions('a')",
      Permissions('a', { tenant: 'param:id', orProject: true }),
      grant('permissions', ['a'], 'all', { tenant: 'param:id', orProject: true }),
    ],
  ])('is noted as it was written: %s', (label, decorate, demand) => {
    class Orders {}
    decorate(Orders);
    expect(Reflect.getOwnMetadata('nestjs-descope:access', Orders)).toStrictEqual([{ demand, label }]);
  });
});

describe('Openness', () => {
  it.each<[string, string, AccessDecorator]>([
    ['@Public()', 'public', Public()],
    ['@Public()', 'public', Public(true)],
    ['@Public(false)', 'required', Public(false)],
    ['@Public(false)', 'required', Public(undefined)],
    ['@Public(false)', 'required', Public(wrong('true'))],
    ['@OptionalAuth()', 'optional', OptionalAuth()],
  ])('is noted as it was written: %s is %s', (label, mode, decorate) => {
    class Orders {}
    decorate(Orders);
    expect(Reflect.getOwnMetadata('nestjs-descope:access', Orders)).toStrictEqual([{ mode, label }]);
  });
});

describe('isRuleClass', () => {
  it('tells a class with isAllowed, which Nest injects, from a function that is the rule itself', () => {
    class OwnsOrder {
      isAllowed() {
        return true;
      }
    }
    const Transpiled = function () {} as never;
    (Transpiled as { prototype: object }).prototype = { isAllowed: () => true };
    expect([OwnsOrder, Transpiled].map(isRuleClass)).toEqual([true, true]);
    expect([() => true, function isAllowed() {} as never].map(isRuleClass)).toEqual([false, false]);
  });
});
