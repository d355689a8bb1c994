// Where the application's own route has the address of one of the package's, the boot names both.
import { describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { All, Controller, Get, Module, Post } from '@nestjs/common';
import { DescopeModule, Public } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { StartOptions } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';

@Public()
@Controller('auth')
class SignInController {
  @Get('login') login() {
    return 'own page';
  }
  @Post('me') other() {}
}

@Public()
@Controller('AUTH')
class UpperController {
  @Get('Login/') login() {
    return 'own page';
  }
}

@Public()
@Controller()
class PageController {
  @Get('*') page() {
    return 'page of all';
  }
}

@Public()
@Controller(':area')
class AreaController {
  @All('login') page() {
    return 'own page';
  }
}

@Controller('author')
class FarController {
  @Get('login') login() {}
  @Get('*') rest() {}
}

@Module({})
class Own {}

const DUPLICATE = /Duplicate|already declared/;

describe.each(ADAPTERS)('On %s, a route of the application', (adapter) => {
  const descope = createTestDescope();
  const isExpress = adapter === 'express';

  // Boots with the application's module first or last, and tells who answered `GET auth/login`.
  const boot = async (
    controllers: Type[],
    { isFirst = true, routes = {}, configure = undefined as StartOptions['configure'] } = {},
  ) => {
    const logger = new CollectingLogger();
    const own = { module: Own, controllers };
    const ours = DescopeModule.forRoot({ audience: null, routes });
    const imports = isFirst ? [own, ours] : [ours, own];
    const application = await start(
      adapter,
      { imports },
      {
        logger,
        override: (builder) => descope.override(builder),
        ...(configure && { configure }),
      },
    );
    const { text } = await application.request('/auth/login');
    await application.close();
    return { told: logger.find('ROUTE_SHADOWED'), isOurs: text.includes('<descope-wc') };
  };

  it('at the path of a mounted route is reported in a notice that names the one that responds', async () => {
    if (!isExpress) return expect(boot([SignInController])).rejects.toThrow(DUPLICATE); // Fastify takes no two
    for (const isFirst of [true, false]) {
      const { told, isOurs } = await boot([SignInController], { isFirst });
      const winner = isFirst ? 'SignInController\\.login' : 'DescopeModule';
      expect(isOurs).toBe(!isFirst);
      expect(told).toEqual([
        expect.stringMatching(
          new RegExp(
            `^warn: ROUTE_SHADOWED: GET /auth/login is a route of DescopeModule, and GET /auth/login is a route of SignInController\\.login: ${winner} is registered first`,
          ),
        ),
      ]);
      expect(told[0]).not.toContain('SignInController.other'); // another method
    }
    expect((await boot([UpperController])).told).toEqual([expect.stringContaining('GET /AUTH/Login')]);
  });

  it('that matches any path is reported where it responds in place of a mounted route', async () => {
    for (const controller of [PageController, AreaController]) {
      const { told, isOurs } = await boot([controller]);
      expect(isOurs).toBe(!isExpress); // Fastify prefers what is more exact
      expect(told).toEqual(isExpress ? [expect.stringContaining(`a route of ${controller.name}.page`)] : []);
      const behind = await boot([controller], { isFirst: false });
      expect(behind).toEqual({ told: [], isOurs: true });
    }
  });

  it('is not reported at another path, or where the mounted route is switched off or elsewhere', async () => {
    expect(await boot([FarController])).toEqual({ told: [], isOurs: true });
    expect((await boot([SignInController], { routes: { login: false } })).told).toEqual([]);
    expect((await boot([SignInController], { routes: { path: 'session' } })).told).toEqual([]);
    const configure: StartOptions['configure'] = (app) =>
      app.setGlobalPrefix('api', { exclude: ['auth/{*rest}'] });
    expect(await boot([FarController], { configure })).toEqual({ told: [], isOurs: true });
  });
});
