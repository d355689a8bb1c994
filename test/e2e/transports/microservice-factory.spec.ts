// A microservice as NestFactory.createMicroservice makes it: there is no HTTP adapter, and nothing may count on one.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestMicroservice, Type } from '@nestjs/common';
import { Controller, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import type { DescopeOptions } from 'nestjs-descope';
import { AuthGuard, DescopeHealthIndicator, DescopeService, Public, Roles } from 'nestjs-descope';
import { describeAccess } from 'nestjs-descope/inspect';
import { microserviceTransport } from 'nestjs-descope/microservices';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import { catchError, firstValueFrom, of, timeout } from 'rxjs';
import { start, toRootModule } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { findFreePort } from '../../support/free-port.js';

@Controller()
class NotesController {
  @Public()
  @MessagePattern('open')
  open() {
    return 'open';
  }

  @MessagePattern('list')
  list() {
    return 'list';
  }

  @Roles('admin')
  @MessagePattern('remove')
  remove() {
    return 'removed';
  }
}

@UseGuards(AuthGuard)
@Controller()
class GuardedController extends NotesController {}

const descope = createTestDescope();

describe('A microservice made by NestFactory.createMicroservice', () => {
  let app: INestMicroservice | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  const boot = async (
    options: Parameters<typeof DescopeTestingModule.forRoot>[1],
    logger?: CollectingLogger,
  ) => {
    const port = await findFreePort();
    const imports = [DescopeTestingModule.forRoot(descope, options)];
    app = await NestFactory.createMicroservice<MicroserviceOptions>(
      toRootModule({ imports, controllers: [NotesController] }),
      {
        transport: Transport.TCP,
        options: { host: '127.0.0.1', port },
        logger: logger ?? false,
        abortOnError: false,
      },
    );
    await app.listen();
    return port;
  };
  const session: DescopeOptions['session'] = { refresh: true };

  it.each([
    ['with nothing but a project', {}],
    ['with its transport', { transports: [microserviceTransport] }],
    ['with sessions for browsers', { transports: [microserviceTransport], session }],
    [
      'with routes and a login page',
      { transports: [microserviceTransport], routes: { loginRedirect: true } },
    ],
  ])('boots %s, and its demands are judged', async (_what, options) => {
    const port = await boot(options);
    expect(await ask(port, 'open')).toBe('open');
    const rejection = 'transports' in options ? { code: 'SESSION_MISSING' } : { status: 'error' };
    expect([await ask(port, 'list'), await ask(port, 'remove')]).toMatchObject([rejection, rejection]);
  });

  it('says nothing at boot of what only HTTP has, and hands out its services', async () => {
    const logger = new CollectingLogger();
    await boot({ audience: null, transports: [microserviceTransport] }, logger);
    expect(logger.entries.filter((entry) => /^(?:warn|error|fatal)/.test(entry))).toEqual([]);
    const { token } = descope.as({ sub: 'U2anna' });
    expect((await app?.get(DescopeService).validateSession(token))?.user?.id).toBe('U2anna');
    expect(await app?.get(DescopeHealthIndicator).isHealthy()).toMatchObject({ descope: { status: 'up' } });
  });

  it('is described with its patterns', async () => {
    await boot({ transports: [microserviceTransport] });
    if (app === undefined) throw new Error('It did not boot.');
    expect(describeAccess(app).map(({ method, path, access }) => [method, path, access])).toEqual([
      ['MESSAGE', 'list', 'required'],
      ['MESSAGE', 'open', 'public'],
      ['MESSAGE', 'remove', 'required'],
    ]);
  });

  it('does not boot when a demand has no guard', async () => {
    await expect(boot({ globalGuard: false })).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_UNGUARDED',
      message: expect.stringMatching(/^NotesController\.remove /) as unknown,
    });
  });
});

describe('A hybrid application made by NestFactory.create', () => {
  const boot = async (controller: Type, inheritAppConfig: boolean) => {
    const port = await findFreePort();
    const imports = [DescopeTestingModule.forRoot(descope, { transports: [microserviceTransport] })];
    const application = await start(
      'express',
      { imports, controllers: [controller] },
      {
        configure: async (app) => {
          const options = { host: '127.0.0.1', port };
          app.connectMicroservice<MicroserviceOptions>(
            { transport: Transport.TCP, options },
            { inheritAppConfig },
          );
          await app.startAllMicroservices();
        },
      },
    );
    return { port, close: () => application.close() };
  };

  it('does not boot when only the global guard covers a demand of messages', async () => {
    await expect(boot(NotesController, true)).rejects.toMatchObject({ code: 'CONFIG_DEMAND_UNGUARDED' });
  });

  it.each([true, false])(
    'judges by @UseGuards(AuthGuard), whether it inherits (%s) or not',
    async (inherits) => {
      const { port, close } = await boot(GuardedController, inherits);
      expect(await ask(port, 'open')).toBe('open');
      expect([await ask(port, 'list'), await ask(port, 'remove')]).toMatchObject([
        { code: 'SESSION_MISSING' },
        { code: 'SESSION_MISSING' },
      ]);
      await close();
    },
  );
});

async function ask(port: number, pattern: string): Promise<unknown> {
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  const answer = client.send<unknown>(pattern, {}).pipe(
    timeout(2000),
    catchError((error: unknown) => of(error)),
  );
  return firstValueFrom(answer).finally(() => client.close());
}
