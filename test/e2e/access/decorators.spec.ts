// Demands of class and handler add up, the nearest openness wins, and no decorator beside them loses a demand.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { DescopeModule, OptionalAuth, Permissions, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

// Replaces the method, as decorators of tracing and caching libraries do, and copies no metadata.
function Wrapped(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
    const wrapper = function (this: unknown, ...args: unknown[]): unknown {
      return method.apply(this, args);
    };
    Object.defineProperty(descriptor, 'value', { value: wrapper });
  };
}

@Roles('staff')
@Controller('class')
class DemandingController {
  @Get('inherits') inherits() {}

  @Roles('admin') @Get('adds') adds() {}

  @Permissions('read') @Get('mixes') mixes() {}

  @Roles('admin') @Roles('auditor') @Get('repeats') repeats() {}

  @Public() @Get('public') open() {}

  @OptionalAuth() @Get('optional') optional() {}
}

@Public()
@Controller('public')
class OpenController {
  @Get('inherits') inherits() {}

  @Roles('admin') @Get('demands') demands() {}

  @Public(false) @Get('closed') closed() {}

  @OptionalAuth() @Get('optional') optional() {}
}

@OptionalAuth()
@Controller('optional')
class OptionalController {
  @Get('inherits') inherits() {}

  @Permissions('read') @Get('demands') demands() {}

  @Public() @Get('public') open() {}
}

@Controller('wrapped')
class WrappedController {
  @Roles('admin') @Get('outside') @Wrapped() outside() {}

  @Get('inside') @Wrapped() @Roles('admin') inside() {}
}

describe.each(ADAPTERS)('Access decorators, on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;

  beforeAll(async () => {
    const controllers = [DemandingController, OpenController, OptionalController, WrappedController];
    application = await start(
      adapter,
      { imports: [DescopeModule.forRoot()], controllers },
      { override: (builder) => descope.override(builder) },
    );
  });
  afterAll(() => application.close());

  const statuses = (
    path: string,
    identities: readonly ({ roles?: string[]; permissions?: string[] } | null)[],
  ) =>
    Promise.all(
      identities.map(async (identity) => {
        const headers = identity === null ? {} : descope.as(identity).bearer;
        return (await application.request(path, { headers })).status;
      }),
    );
  const nobody = null;
  const plain = {};
  const staff = { roles: ['staff'] };
  const admin = { roles: ['admin'] };
  const both = { roles: ['staff', 'admin'] };

  it("asks a class's demand of every handler", async () => {
    expect(await statuses('/class/inherits', [nobody, plain, staff])).toEqual([401, 403, 200]);
  });

  it("adds a handler's demand to its class's, of the same kind and of another", async () => {
    expect(await statuses('/class/adds', [staff, admin, both])).toEqual([403, 403, 200]);
    const reader = { roles: ['staff'], permissions: ['read'] };
    expect(await statuses('/class/mixes', [staff, { permissions: ['read'] }, reader])).toEqual([
      403, 403, 200,
    ]);
  });

  it('adds up a decorator that is repeated', async () => {
    const all = { roles: ['staff', 'admin', 'auditor'] };
    expect(await statuses('/class/repeats', [both, { roles: ['staff', 'auditor'] }, all])).toEqual([
      403, 403, 200,
    ]);
  });

  it('opens a handler of a demanding class by @Public() and @OptionalAuth()', async () => {
    expect(await statuses('/class/public', [nobody, plain])).toEqual([200, 200]);
    expect(await statuses('/class/optional', [nobody, plain])).toEqual([200, 200]);
  });

  it('opens every handler of a public class that does not say otherwise', async () => {
    expect(await statuses('/public/inherits', [nobody])).toEqual([200]);
  });

  it('closes a handler of a public class by a demand, and by @Public(false)', async () => {
    expect(await statuses('/public/demands', [nobody, plain, admin])).toEqual([401, 403, 200]);
    expect(await statuses('/public/closed', [nobody, plain])).toEqual([401, 200]);
  });

  it('closes a handler of an optional class by a demand', async () => {
    expect(await statuses('/optional/inherits', [nobody, plain])).toEqual([200, 200]);
    expect(await statuses('/optional/demands', [nobody, plain, { permissions: ['read'] }])).toEqual([
      401, 403, 200,
    ]);
  });

  it('lets the nearest of @Public() and @OptionalAuth() decide about a bad token', async () => {
    const bad = async (path: string) =>
      (await application.request(path, { headers: descope.tampered().bearer })).status;
    expect([await bad('/public/optional'), await bad('/optional/public')]).toEqual([401, 200]);
  });

  it.each(['outside', 'inside'])('keeps a demand %s a decorator that replaces the method', async (path) => {
    expect(await statuses(`/wrapped/${path}`, [nobody, plain, admin])).toEqual([401, 403, 200]);
  });
});

@Controller()
class FlaggedController {
  @Public(...([undefined] as unknown as [boolean])) @Get('undefined') missing() {}

  @Public(null as unknown as boolean) @Get('null') none() {}

  @Public('no' as unknown as boolean) @Get('text') text() {}

  @Public(true) @Get('true') open() {}
}

describe.each(ADAPTERS)('@Public() with a value, on %s', (adapter) => {
  const descope = createTestDescope();

  it('opens for nothing but true', async () => {
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [FlaggedController] };
    const application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
    const status = async (path: string) => (await application.request(path)).status;
    expect(await Promise.all(['/undefined', '/null', '/text', '/true'].map(status))).toEqual([
      401, 401, 401, 200,
    ]);
    await application.close();
  });
});
