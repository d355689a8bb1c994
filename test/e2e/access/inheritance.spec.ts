// Demands are inherited along the prototype chain; openness of an overridden method is not.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Delete, Get } from '@nestjs/common';
import { DescopeModule, OptionalAuth, Permissions, Public, Roles } from 'nestjs-descope';
import { describeAccess } from 'nestjs-descope/inspect';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Roles('staff')
abstract class CrudController {
  @Get('list')
  list() {}

  @Roles('admin')
  @Delete('item')
  remove() {}

  @Public()
  @Get('about')
  about() {}

  @Public()
  @Get('version')
  version() {}

  @Public(false)
  @Get('secret')
  secret() {}
}

@Controller('plain')
class PlainController extends CrudController {}

@Permissions('orders')
@Controller('strict')
class StrictController extends CrudController {
  @Delete('item')
  override remove() {}

  @Get('about')
  override about() {}
}

@Public()
@Controller('opened')
class OpenedController extends CrudController {
  @Delete('item')
  override remove() {}

  @Get('version')
  override version() {}

  @Get('secret')
  override secret() {}
}

@Public()
abstract class OpenBase {
  @Get('written')
  written() {}

  @Get('overridden')
  overridden() {}
}

@OptionalAuth()
abstract class OptionalBase {
  @Get('written')
  written() {}

  @Get('overridden')
  overridden() {}
}

abstract class OpenMethodBase {
  @Public()
  @Get('written')
  written() {}
}

@Controller('heir')
class HeirController extends OpenBase {
  @Get('overridden')
  override overridden() {}

  @Get('added')
  added() {}
}

@Controller('optional-heir')
class OptionalHeirController extends OptionalBase {
  @Get('overridden')
  override overridden() {}

  @Get('added')
  added() {}
}

@Roles('admin')
@Controller('demanding-heir')
class DemandingHeirController extends OpenBase {}

@Public(false)
@Controller('closing-heir')
class ClosingHeirController extends OpenBase {}

@Roles('admin')
@Controller('demanding-method-heir')
class DemandingMethodHeirController extends OpenMethodBase {}

@Public()
@Controller('reopened-heir')
class ReopenedHeirController extends DemandingHeirController {}

@Controller('silent-heir')
class SilentHeirController extends ReopenedHeirController {}

// As decorators do that wrap a class: what Nest sees is a subclass of what was written.
function Wrapped<Type extends new () => object>(type: Type): Type {
  const written: new () => object = type;
  return class extends written {} as Type;
}

@Wrapped
@Public()
@Controller('wrapped')
class WrappedController {
  @Get('written')
  written() {}
}

@Roles('admin')
@Controller('closed')
class ClosedController extends OpenBase {
  @Get()
  all() {}
}

@Controller('grandchild')
class GrandchildController extends StrictController {
  @Delete('item')
  override remove() {}
}

describe.each(ADAPTERS)('Inherited access decorators, on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;

  beforeAll(async () => {
    const controllers = [
      PlainController,
      StrictController,
      OpenedController,
      ClosedController,
      GrandchildController,
      HeirController,
      OptionalHeirController,
      DemandingHeirController,
      ClosingHeirController,
      DemandingMethodHeirController,
      ReopenedHeirController,
      SilentHeirController,
      WrappedController,
    ];
    application = await start(
      adapter,
      { imports: [DescopeModule.forRoot()], controllers },
      { override: (builder) => descope.override(builder) },
    );
  });
  afterAll(() => application.close());

  const status = async (
    method: string,
    path: string,
    identity?: { roles?: string[]; permissions?: string[] },
  ): Promise<number> => {
    const headers = identity === undefined ? {} : descope.as(identity).bearer;
    return (await application.request(path, { method, headers })).status;
  };
  const staff = { roles: ['staff'] };
  const admin = { roles: ['staff', 'admin'] };
  const adminOfOrders = { ...admin, permissions: ['orders'] };

  it("asks a parent class's demands of a subclass", async () => {
    expect([await status('GET', '/plain/list', {}), await status('GET', '/plain/list', staff)]).toEqual([
      403, 200,
    ]);
  });

  it("adds a subclass's demands to those of its parent", async () => {
    expect(await status('GET', '/strict/list', staff)).toBe(403);
    expect(await status('GET', '/strict/list', { permissions: ['orders'] })).toBe(403);
    expect(await status('GET', '/strict/list', { ...staff, permissions: ['orders'] })).toBe(200);
  });

  it("asks an inherited handler's demands", async () => {
    expect(await status('DELETE', '/plain/item', staff)).toBe(403);
    expect(await status('DELETE', '/plain/item', admin)).toBe(200);
  });

  it.each(['/strict/item', '/grandchild/item'])(
    'keeps the demands of the method that %s overrides',
    async (path) => {
      expect(await status('DELETE', path, { ...staff, permissions: ['orders'] })).toBe(403);
      expect(await status('DELETE', path, admin)).toBe(403);
      expect(await status('DELETE', path, adminOfOrders)).toBe(200);
    },
  );

  it('keeps an inherited handler public, and an overriding one not', async () => {
    expect(await status('GET', '/plain/about')).toBe(200);
    expect(await status('GET', '/strict/about')).toBe(401);
    expect(await status('GET', '/strict/about', adminOfOrders)).toBe(200);
  });

  it('opens a subclass by @Public() on it, but no method whose parent closed it', async () => {
    expect(await status('GET', '/opened/list')).toBe(200);
    expect(await status('GET', '/opened/version')).toBe(200);
    expect(await status('DELETE', '/opened/item')).toBe(401);
    expect(await status('DELETE', '/opened/item', admin)).toBe(200);
    expect(await status('GET', '/opened/secret')).toBe(401);
  });

  it('closes a subclass of a public class by a demand', async () => {
    expect([await status('GET', '/closed'), await status('GET', '/closed', {})]).toEqual([401, 403]);
    expect(await status('GET', '/closed', { roles: ['admin'] })).toBe(200);
  });

  it.each(['heir', 'optional-heir'])(
    'opens what a class wrote itself, and nothing that its subclass adds or overrides (%s)',
    async (path) => {
      expect(await status('GET', `/${path}/written`)).toBe(200);
      for (const name of ['overridden', 'added'])
        expect([
          await status('GET', `/${path}/${name}`),
          await status('GET', `/${path}/${name}`, {}),
        ]).toEqual([401, 200]);
    },
  );

  it.each(['demanding-heir', 'demanding-method-heir'])(
    "asks a subclass's demands of what it inherits, though its parent opened that (%s)",
    async (path) => {
      const answers = [undefined, {}, { roles: ['admin'] }].map((who) =>
        status('GET', `/${path}/written`, who),
      );
      expect(await Promise.all(answers)).toEqual([401, 403, 200]);
    },
  );

  it('lets a subclass close what its parent opened', async () => {
    expect(await status('GET', '/closing-heir/written')).toBe(401);
    expect(await status('GET', '/closing-heir/written', {})).toBe(200);
  });

  it('lets a subclass open what it inherits, for itself and not for its own subclass', async () => {
    expect(await status('GET', '/reopened-heir/written')).toBe(200);
    expect(await status('GET', '/silent-heir/written')).toBe(401);
    expect(await status('GET', '/silent-heir/written', { roles: ['admin'] })).toBe(200);
  });

  it('keeps a class open that a decorator wraps', async () => {
    expect(await status('GET', '/wrapped/written')).toBe(200);
  });

  it('says the same in the access map as the guard does', async () => {
    for (const { path, method, access } of describeAccess(application.app)) {
      const answered = await status(method, path);
      expect([path, method, answered === 200]).toEqual([path, method, access !== 'required']);
    }
  });
});
