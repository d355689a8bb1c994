// What contradicts a protected resource stops the boot, with an error that says where and why.
import { describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Controller, Get, Injectable, SetMetadata } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { Accepts, Audience, DescopeModule, ProtectedResource, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { StartOptions } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

const url = 'https://api.example.com';

/** A controller at a path, with decorators of its class and of its only handler. */
function at(path: string | string[], ofClass: ClassDecorator[], ofHandler: MethodDecorator[] = []): Type {
  class FoundController {
    list() {}
  }
  const { prototype } = FoundController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'list') ?? {};
  for (const decorate of [Get(), ...ofHandler]) decorate(prototype, 'list', descriptor);
  for (const decorate of [Controller(path), ...ofClass]) decorate(FoundController);
  return FoundController;
}

describe.each(ADAPTERS)('The boot on %s', (adapter) => {
  const boot = async (
    controllers: Type[],
    options: DescopeModuleOptions = { resource: { url } },
    more: Pick<StartOptions, 'configure'> & { readonly providers?: Type[] } = {},
  ): Promise<string> => {
    const descope = createTestDescope();
    const { configure = () => undefined, providers = [] } = more;
    const parts = { imports: [DescopeModule.forRoot(options)], controllers, providers };
    try {
      const { close } = await start(adapter, parts, {
        override: (builder) => descope.override(builder),
        configure,
      });
      await close();
      return 'booted';
    } catch (error) {
      const { code = '', message } = error as Error & { readonly code?: string };
      return `${code} ${message}`;
    }
  };
  const INVALID = 'CONFIG_RESOURCE_INVALID FoundController is a @ProtectedResource, ';

  it('refuses a resource without the option', async () => {
    expect(await boot([at('mcp', [ProtectedResource()])], {})).toMatch(
      `${INVALID}but the option resource is not set`,
    );
    expect(await boot([at('mcp', [])], {})).toBe('booted');
  });

  it('refuses a class that is public', async () => {
    expect(await boot([at('mcp', [ProtectedResource(), Public()])])).toMatch(/^CONFIG_DEMAND_CONTRADICTED/);
    expect(await boot([at('mcp', [ProtectedResource()], [Public()])])).toBe('booted');
  });

  it('refuses a class without routes of its own', async () => {
    @ProtectedResource()
    @Injectable()
    class FoundController {
      list() {}
    }
    const providers = [FoundController];
    expect(await boot([], { resource: { url } }, { providers })).toMatch(
      /^CONFIG_DEMAND_UNGUARDED FoundController/,
    );
  });

  it('refuses a class that another framework calls', async () => {
    @ProtectedResource()
    @Injectable()
    class FoundController {
      @SetMetadata('framework', 'calls it') list() {}
    }
    const providers = [FoundController];
    expect(await boot([], { resource: { url } }, { providers })).toMatch(
      `${INVALID}but has no routes of its own`,
    );
  });

  it('refuses another audience than its own URL', async () => {
    const resource = ProtectedResource();
    const message = `${INVALID}so its audience is "${url}/mcp", but FoundController.list has an @Audience with another ("x")`;
    expect(await boot([at('mcp', [resource, Audience('x')])])).toMatch(message);
    expect(await boot([at('mcp', [resource], [Audience(`${url}/mcp`, 'x')])])).toMatch(message);
    expect(await boot([at('mcp', [resource], [Audience(`${url}/mcp`)])])).toBe('booted');
  });

  it('refuses a path that is not that of the routes, with the global prefix', async () => {
    const mcp = at('mcp', [ProtectedResource({ path: '/mcp' })]);
    const wrong = `${INVALID}with the path "/mcp", but its routes are served at`;
    expect(await boot([mcp])).toBe('booted');
    expect(await boot([at('mcp/v1', [ProtectedResource({ path: 'mcp/' })])])).toBe('booted');
    expect(await boot([at('other', [ProtectedResource({ path: '/mcp' })])])).toMatch(`${wrong} /other`);
    expect(await boot([at('mcp2', [ProtectedResource({ path: '/mcp' })])])).toMatch(`${wrong} /mcp2`);
    const prefixed = {
      configure: (app: { setGlobalPrefix(prefix: string): unknown }) => app.setGlobalPrefix('api'),
    };
    expect(await boot([mcp], { resource: { url } }, prefixed)).toMatch(`${wrong} /api/mcp`);
    expect(await boot([mcp], { resource: { url: `${url}/api` } }, prefixed)).toBe('booted');
    const full = at('mcp', [ProtectedResource({ path: '/api/mcp' })]);
    expect(await boot([full], { resource: { url } }, prefixed)).toBe('booted');
  });

  it('refuses a path that is not one URL', async () => {
    const message = `${INVALID}but its routes have several paths, or one with parameters`;
    expect(await boot([at(['a', 'b'], [ProtectedResource()])])).toMatch(message);
    expect(await boot([at(':tenant/mcp', [ProtectedResource()])])).toMatch(message);
    expect(await boot([at(['mcp/a', 'mcp/b'], [ProtectedResource({ path: 'mcp' })])])).toBe('booted');
  });

  it('refuses two descriptions of one resource', async () => {
    const read = () => ProtectedResource({ path: '/mcp', scopes: ['read', 'write'] });
    expect(
      await boot([
        at('mcp/a', [read()]),
        at('mcp/b', [ProtectedResource({ path: '/mcp', scopes: ['read'] })]),
      ]),
    ).toMatch(`${INVALID}with the same path as FoundController ("/mcp"), but with other scopes`);
    expect(await boot([at('mcp/a', [read()]), at('mcp/b', [read()])])).toBe('booted');
  });

  it('needs no further audience for apps and agents, and keeps `audience: null` of the module', async () => {
    const resource = at('mcp', [ProtectedResource(), Accepts('agent')]);
    expect(await boot([resource, at('other', [])], { resource: { url }, audience: null })).toBe('booted');
  });

  it('reports wrong arguments where the class is defined', () => {
    for (const wrong of [
      { path: ':id' },
      { path: 'a?b' },
      { path: '/..' },
      { path: 7 },
      { scopes: ['a b'] },
      { x: 1 },
    ])
      expect(() => ProtectedResource(wrong as never)).toThrow(/@ProtectedResource\(\) expects/);
    expect(() => Roles()).toThrow();
  });
});
