// A class or method that something else was put in place of keeps its demands, or stops the boot.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Controller, Get, Post, Scope } from '@nestjs/common';
import { DescopeModule, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Controller()
class BoundController {
  constructor() {
    this.admin = this.admin.bind(this);
    this.open = this.open.bind(this);
  }

  @Roles('admin') @Get('admin') admin() {}

  @Public() @Get('open') open() {}
}

@Controller({ scope: Scope.REQUEST })
class BoundPerRequestController extends BoundController {}

@Controller()
class TracedController {
  constructor() {
    const { admin } = this;
    this.admin = () => admin.call(this);
  }

  @Roles('admin') @Get('admin') admin() {}

  @Public() @Get('open') open() {}
}

@Controller()
class OverridingController extends TracedController {
  @Get('admin') override admin() {}
}

function proxied(type: Type): Type {
  return new Proxy(type, {});
}

function wrapped(type: Type): Type {
  const wrapper = function (...args: unknown[]): unknown {
    return new type(...args);
  };
  wrapper.prototype = type.prototype as object;
  return wrapper as unknown as Type;
}

function decoratedAs(replace: (type: Type) => Type): Type {
  class ReplacedController {
    admin() {}

    open() {}
  }
  const { prototype } = ReplacedController;
  const decorate = (name: 'admin' | 'open', decorator: MethodDecorator) =>
    decorator(prototype, name, Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor);
  decorate('admin', Get('admin'));
  decorate('open', Get('open'));
  decorate('open', Public());
  const replaced = replace(ReplacedController);
  Controller()(replaced);
  Roles('admin')(replaced);
  return replaced;
}

// The pattern of TypeScript's handbook, in the form that copies "constructor" too.
function mix(type: Type, source: Type): Type {
  const members = Object.getOwnPropertyDescriptors(source.prototype as object);
  Object.defineProperties(type.prototype, members);
  return type;
}

class Pages {
  page() {}
}

@Public()
class OpenPages extends Pages {
  override page() {}
}

function mixed(source: Type, decorate: (type: Type) => void = () => undefined): Type {
  @Controller()
  class MixedController {
    @Get('admin') admin() {}

    @Post('page') page() {}
  }
  decorate(MixedController);
  return mix(MixedController, source);
}

describe.each(ADAPTERS)('What stands in for a handler, on %s', (adapter) => {
  const descope = createTestDescope();
  const admin = descope.as({ roles: ['admin'] }).bearer;
  const plain = descope.as().bearer;
  let application: RunningApplication | undefined;

  afterEach(async () => {
    await application?.close();
    application = undefined;
  });

  const boot = async (controller: Type) => {
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [controller] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  };
  const statuses = (path: string) =>
    Promise.all(
      [{}, plain, admin].map(async (headers) => (await application?.request(path, { headers }))?.status),
    );

  it.each([
    ['a method bound in the constructor', BoundController],
    ['one bound for each request', BoundPerRequestController],
    ['a class decorator that returns a proxy', decoratedAs(proxied)],
    ['a class decorator that returns a function', decoratedAs(wrapped)],
  ])('keeps its demand, and its neighbour open: %s', async (_what, controller) => {
    await boot(controller);
    expect(await statuses('/admin')).toEqual([401, 403, 200]);
    expect(await statuses('/open')).toEqual([200, 200, 200]);
  });

  it.each([
    ['a function in its place', TracedController],
    ['a function in the place of one that overrides it', OverridingController],
  ])('is asked whatever its class asks: %s', async (_what, controller) => {
    await boot(controller);
    expect(await statuses('/admin')).toEqual([401, 403, 200]);
  });

  it.each([
    ['a demand of its class', () => mixed(Pages, Roles('admin'))],
    ['a sign-in, by a public class', () => mixed(OpenPages)],
  ])('stops the boot where a mixin hides %s', async (_what, build) => {
    await expect(boot(build())).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_UNGUARDED',
      message: expect.stringMatching(/MixedController\.\w+ .*constructor/),
    });
  });

  it('boots where a mixin hides nothing', async () => {
    await boot(mixed(Pages));
    expect(await statuses('/admin')).toEqual([401, 200, 200]);
  });
});
