// What stands open because no guard was put there is said once, at boot, unless it is said to be meant.
import { describe, expect, it } from '@jest/globals';
import type { CanActivate, Provider, Type } from '@nestjs/common';
import { Controller, Get, Injectable, Scope, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AuthGuard, DescopeModule, OptionalAuth, Public } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { StartOptions } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';

@Injectable()
class OwnGuard implements CanActivate {
  canActivate() {
    return true;
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedGuard extends OwnGuard {}

@Controller('open')
class OpenController {
  @Get() all() {}
}

@UseGuards(OwnGuard)
@Controller('own')
class GuardedController {
  @Get() all() {}
}

@Controller('public')
class PublicController {
  @Public() @Get() all() {}
  @OptionalAuth() @Get('optional') optional() {}
  helper() {}
}

@Controller()
class MessageController {
  @MessagePattern('list') list() {}
}

@WebSocketGateway()
class ChatGateway {
  @SubscribeMessage('send') send() {}
  @SubscribeMessage('read') read() {}
}

@WebSocketGateway()
class NewsGateway {
  @Public() @SubscribeMessage('read') read() {}
  @SubscribeMessage('write') write() {}
}

@WebSocketGateway()
class GuardedGateway {
  @UseGuards(AuthGuard) @SubscribeMessage('send') send() {}
}

@WebSocketGateway()
class OwnGuardedGateway {
  @UseGuards(OwnGuard) @SubscribeMessage('send') send() {}
}

@Public()
@WebSocketGateway()
class PublicGateway {
  @SubscribeMessage('send') send() {}
}

describe.each(ADAPTERS)('At boot, on %s,', (adapter) => {
  const descope = createTestDescope();
  const readWarnings = async (
    { controllers = [], providers = [] }: { controllers?: Type[]; providers?: Provider[] },
    globalGuard = false,
    options: StartOptions = {},
  ) => {
    const logger = new CollectingLogger();
    const imports = [DescopeModule.forRoot({ globalGuard, audience: null, routes: {} })];
    const application = await start(
      adapter,
      { imports, controllers, providers },
      { override: (builder) => descope.override(builder), logger, ...options },
    );
    await application.close();
    return logger.find('GATEWAY_UNGUARDED').concat(logger.find('GUARD_MISSING'));
  };
  const MISSING = [expect.stringMatching(/^warn: GUARD_MISSING: .*@UseGuards\(AuthGuard\).*@Public\(\)/)];
  const ofGateways = (names: string) => [
    expect.stringMatching(
      new RegExp(`^warn: GATEWAY_UNGUARDED: .* of ${names}: .*@UseGuards\\(AuthGuard\\).*@Public\\(\\)`),
    ),
  ];

  it('an application without any guard is reported once', async () => {
    expect(await readWarnings({ controllers: [OpenController] })).toEqual(MISSING);
    expect(await readWarnings({ controllers: [MessageController] })).toEqual(MISSING);
    expect(await readWarnings({ controllers: [OpenController], providers: [ChatGateway] })).toEqual(MISSING);
  });

  it('one that has a guard somewhere is not', async () => {
    const controllers = [OpenController];
    expect(await readWarnings({ controllers }, true)).toEqual([]);
    expect(await readWarnings({ controllers: [OpenController, GuardedController] })).toEqual([]);
    for (const useClass of [OwnGuard, ScopedGuard, AuthGuard])
      expect(await readWarnings({ controllers, providers: [{ provide: APP_GUARD, useClass }] })).toEqual([]);
    const configure: StartOptions['configure'] = (app) => app.useGlobalGuards(new OwnGuard());
    expect(await readWarnings({ controllers }, false, { configure })).toEqual([]);
  });

  it('one whose handlers are all said to be open is not, nor one without handlers', async () => {
    expect(await readWarnings({ controllers: [PublicController], providers: [PublicGateway] })).toEqual([]);
    expect(await readWarnings({})).toEqual([]);
  });

  it('gateways that nothing guards are told of by name', async () => {
    const providers = [ChatGateway, NewsGateway, GuardedGateway, OwnGuardedGateway, PublicGateway];
    expect(await readWarnings({ providers })).toEqual(ofGateways('ChatGateway, NewsGateway'));
    expect(await readWarnings({ controllers: [GuardedController], providers: [ChatGateway] })).toEqual(
      ofGateways('ChatGateway'),
    );
  });

  it('gateways under a global guard of Nest 12 are not', async () => {
    expect(await readWarnings({ providers: [ChatGateway] }, true)).toEqual([]);
    const own = { provide: APP_GUARD, useClass: OwnGuard };
    expect(await readWarnings({ providers: [ChatGateway, own] })).toEqual([]);
  });
});
