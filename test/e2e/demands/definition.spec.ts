// A demand that cannot be meant is told where it is written, or at boot, and by name.
import { describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import {
  Accepts,
  Amr,
  Audience,
  Authorize,
  DescopeModule,
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
import type { AccessDecorator } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { start } from '../../support/application.js';

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
    ['@Roles', () => Roles({ tenant: true })],
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
    ['@Scopes()', () => Scopes('read write'), 'one by one'],
    ['@Scopes()', () => Scopes('read', 'a"b'), 'one by one'],
    ['@Scopes.any()', () => Scopes.any('a\\b'), 'one by one'],
    ['@Scopes.any()', () => Scopes.any('read', 'é'), 'one by one'],
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

function controllerOf(onMethod: readonly AccessDecorator[], onClass: readonly AccessDecorator[] = []): Type {
  class OrdersController {
    list() {}
  }
  const { prototype } = OrdersController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'list') as PropertyDescriptor;
  Get()(prototype, 'list', descriptor);
  for (const decorate of onMethod) decorate(prototype, 'list', descriptor);
  for (const decorate of onClass) decorate(OrdersController);
  Controller('orders')(OrdersController);
  return OrdersController;
}

const descope = createTestDescope();
const boot = async (controller: Type) => {
  const metadata = { imports: [DescopeModule.forRoot()], controllers: [controller] };
  return start('express', metadata, { override: (builder) => descope.override(builder) });
};
const statusOf = async (controller: Type, headers: Record<string, string> = {}) => {
  const application = await boot(controller);
  const { status } = await application.request('/orders', { headers });
  await application.close();
  return status;
};

describe('An openness beside a demand on one handler', () => {
  it.each([
    ["@Roles('admin', 'editor')", Roles('admin', 'editor')],
    ["@Roles.all('admin')", Roles.all('admin')],
    ["@Permissions('read')", Permissions('read')],
    ["@Permissions.any('read')", Permissions.any('read')],
    ["@Scopes('read')", Scopes('read')],
    ["@Scopes.any('read')", Scopes.any('read')],
    ["@Amr('totp')", Amr('totp')],
    ["@Amr.all('totp')", Amr.all('totp')],
    ['@StepUp()', StepUp()],
    ['@Mfa()', Mfa()],
    ['@Staff()', Staff()],
    ['@Superuser()', Superuser()],
    ['@Tenant()', Tenant({ from: 'dct' })],
    [
      '@Authorize(isOpen)',
      Authorize(function isOpen() {
        return true;
      }),
    ],
  ])('stops the boot and names both: %s', async (label, decorator) => {
    for (const [open, name] of [
      [Public(), '@Public()'],
      [OptionalAuth(), '@OptionalAuth()'],
    ] as const) {
      await expect(boot(controllerOf([open, decorator]))).rejects.toMatchObject({
        code: 'CONFIG_DEMAND_CONTRADICTED',
        message: expect.stringContaining(
          `${name} and ${label} contradict each other at OrdersController.list.`,
        ),
        details: { where: 'OrdersController.list', decorators: [name, label] },
      });
    }
  });

  it.each([
    ["@Audience('api')", Audience('api')],
    ["@Accepts('user')", Accepts('user')],
  ])(
    'stops it where the handler is public, and may be meant where a sign-in is optional: %s',
    async (label, decorator) => {
      await expect(boot(controllerOf([Public(), decorator]))).rejects.toMatchObject({
        code: 'CONFIG_DEMAND_CONTRADICTED',
        details: { decorators: ['@Public()', label] },
      });
      expect(await statusOf(controllerOf([OptionalAuth(), decorator]))).toBe(200);
    },
  );
});

describe('A rule of the application', () => {
  it('closes a handler of an open class, and is dropped by an open handler of its own class', async () => {
    const never = Authorize(() => false);
    const { bearer } = descope.as();
    expect(await statusOf(controllerOf([never], [Public()]))).toBe(401);
    expect(await statusOf(controllerOf([never], [OptionalAuth()]), bearer)).toBe(403);
    expect(await statusOf(controllerOf([Public()], [never]))).toBe(200);
    expect(await statusOf(controllerOf([OptionalAuth()], [never]), bearer)).toBe(200);
  });

  it('is a class or a function', () => {
    expect(failureOf(() => Authorize(wrong('OwnsOrder')))).toMatchObject({ code: 'CONFIG_DEMAND_INVALID' });
  });
});

describe('Demands of a handler and its class', () => {
  it('stop the boot where they leave nobody to call', async () => {
    for (const kinds of [
      [Accepts('user'), Accepts('access-key', 'app')],
      [Accepts('user', 'app'), Accepts('access-key', 'agent')],
    ] as const)
      await expect(boot(controllerOf([kinds[0]], [kinds[1]]))).rejects.toMatchObject({
        code: 'CONFIG_DEMAND_CONTRADICTED',
        message: expect.stringContaining('@Accepts of OrdersController.list'),
        details: { where: 'OrdersController.list' },
      });
    const controller = controllerOf([Accepts('user', 'app')], [Accepts('access-key', 'user')]);
    expect(await statusOf(controller, descope.as().bearer)).toBe(200);
    expect(await statusOf(controller, descope.as({ kind: 'access-key' }).bearer)).toBe(401);
  });

  it('stop it where a grant is asked for in the tenant of a route that has none', async () => {
    const inTenant = Roles('admin', { tenant: true });
    for (const others of [[], [Roles('staff')], [Roles('staff', { tenant: 'dct' })]])
      await expect(boot(controllerOf([inTenant, ...others]))).rejects.toMatchObject({
        code: 'CONFIG_DEMAND_TENANTLESS',
        message: expect.stringContaining('OrdersController.list'),
        details: { where: 'OrdersController.list' },
      });
    expect(await statusOf(controllerOf([inTenant], [Tenant({ from: 'dct' })]))).toBe(401);
    expect(await statusOf(controllerOf([Roles('admin', { tenant: 'dct' })]))).toBe(401);
  });

  it('of admission are kept where a sign-in is optional, and no other', async () => {
    const controller = controllerOf([OptionalAuth()], [Roles('admin'), Accepts('access-key')]);
    expect(await statusOf(controller)).toBe(200);
    expect(await statusOf(controller, descope.as({ kind: 'access-key' }).bearer)).toBe(200);
    expect(await statusOf(controller, descope.as().bearer)).toBe(401);
    expect(await statusOf(controllerOf([Public()], [Accepts('access-key')]), descope.as().bearer)).toBe(200);
  });
});
