// A rejection that the application's own guards and handlers meet: over sockets, microservices and GraphQL it has its code, too.
import { afterEach, describe, expect, it } from '@jest/globals';
import type {
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  HttpException,
  INestApplicationContext,
} from '@nestjs/common';
import { Catch, Controller, Get, Injectable, Module, UseFilters, UseGuards } from '@nestjs/common';
import { ExternalContextCreator, NestFactory } from '@nestjs/core';
import { Args, Query, Resolver } from '@nestjs/graphql';
import type { ClientProxy, MicroserviceOptions } from '@nestjs/microservices';
import { ClientProxyFactory, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { DescopeCredentialError, DescopeService, Public } from 'nestjs-descope';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import { lastValueFrom } from 'rxjs';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { findFreePort } from '../../support/free-port.js';
import { ENGINES, send, startGraphql } from '../../support/graphql-application.js';
import { connect, createSocketAdapter, SOCKET_LIBRARIES } from '../../support/socket-client.js';

const descope = createTestDescope();
const ann = descope.as({ sub: 'ann' }).token;
const EXPIRED = { token: descope.expired().token };
const REFUSED = {
  status: 'error',
  statusCode: 401,
  error: 'Unauthorized',
  message: 'The session is not valid.',
  code: 'TOKEN_EXPIRED',
};

/** Takes tokens in the payload, as an application may choose to. */
@Injectable()
class TokenInPayload implements CanActivate {
  constructor(private readonly service: DescopeService) {}

  async canActivate(context: ExecutionContext) {
    const [first, second] = context.getArgs<{ token?: string }[]>();
    await this.service.validateSession((context.getType() === 'ws' ? second : first)?.token ?? '');
    return true;
  }
}

let app: INestApplicationContext | undefined;
let closing: (() => unknown)[] = [];
let logger: CollectingLogger;
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
  await app?.close();
  app = undefined;
});

const expectQuiet = (): void =>
  expect(logger.entries.filter((entry) => /^(error|fatal)/.test(entry))).toEqual([]);

function toModule(metadata: { controllers?: []; providers?: [] } | object) {
  const { providers = [], ...others } = metadata as { providers?: never[] };
  const imports = [DescopeTestingModule.forRoot(descope, { audience: null })];
  @Module({ imports, providers: [TokenInPayload, ...providers], ...others })
  class AppModule {}
  logger = new CollectingLogger();
  return AppModule;
}

@WebSocketGateway()
class Gateway {
  constructor(private readonly service: DescopeService) {}

  @Public()
  @UseGuards(TokenInPayload)
  @SubscribeMessage('guarded')
  guarded() {
    return { event: 'guarded', data: { open: true } };
  }

  @Public()
  @SubscribeMessage('handler')
  async handler(@MessageBody('token') token: string) {
    const { user } = await this.service.validateSession(token);
    return { event: 'handler', data: { id: user?.id } };
  }
}

@Catch(WsException, DescopeCredentialError)
class OwnFilter implements ExceptionFilter {
  catch(_error: unknown, host: ExecutionContext) {
    const client = host.switchToWs().getClient<{ emit: (name: string, data: object) => void }>();
    client.emit('own', { own: true });
  }
}

@UseFilters(OwnFilter)
@WebSocketGateway()
class FilteredGateway extends Gateway {}

describe.each(SOCKET_LIBRARIES)('A rejection in a gateway of %s, outside of our guard', (library) => {
  const open = async (gateway: typeof Gateway) => {
    const running = await NestFactory.create(toModule({ providers: [gateway] }), { logger });
    app = running;
    running.useWebSocketAdapter(await createSocketAdapter(library, running));
    await running.listen(0, '127.0.0.1');
    const client = await connect(library, await running.getUrl());
    closing.push(() => client.close());
    return client;
  };

  it('is sent to the client with its code', async () => {
    const client = await open(Gateway);
    for (const event of ['guarded', 'handler'])
      expect(await client.ask(event, EXPIRED)).toEqual({ event: 'exception', data: REFUSED });
    expect(await client.ask('handler', { token: ann })).toEqual({ event: 'handler', data: { id: 'ann' } });
    expectQuiet();
  });

  if (library === 'socket.io')
    it("is left to the gateway's own filter, where that catches it", async () => {
      const client = await open(FilteredGateway);
      expect(await client.ask('handler', EXPIRED)).toEqual({ event: 'own', data: { own: true } });
    });
});

@Controller()
class MessageController {
  constructor(private readonly service: DescopeService) {}

  @Public()
  @UseGuards(TokenInPayload)
  @MessagePattern('guarded')
  guarded() {
    return 'open';
  }

  @Public()
  @MessagePattern('handler')
  async handler(@Payload('token') token: string) {
    return (await this.service.validateSession(token)).user?.id;
  }
}

describe('A rejection in a microservice, outside of our guard', () => {
  const listen = async (kind: 'pure' | 'hybrid'): Promise<ClientProxy> => {
    const options = { host: '127.0.0.1', port: await findFreePort() };
    const transport: MicroserviceOptions = { transport: Transport.TCP, options };
    const module = toModule({ controllers: [MessageController] });
    if (kind === 'pure') {
      const running = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
        ...transport,
        logger,
      });
      app = running;
      await running.listen();
    } else {
      const running = await NestFactory.create(module, { logger });
      app = running;
      running.connectMicroservice(transport);
      await running.startAllMicroservices();
    }
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    closing.push(() => client.close());
    return client;
  };

  it.each(['pure', 'hybrid'] as const)('is sent to the caller with its code: %s', async (kind) => {
    const client = await listen(kind);
    for (const pattern of ['guarded', 'handler'])
      await expect(lastValueFrom(client.send(pattern, EXPIRED))).rejects.toEqual(REFUSED);
    expect(await lastValueFrom(client.send('handler', { token: ann }))).toBe('ann');
    expectQuiet();
  });
});

@Resolver()
class TokenResolver {
  constructor(private readonly service: DescopeService) {}

  @Public()
  @Query(() => String)
  async who(@Args('token') token: string) {
    return (await this.service.validateSession(token)).user?.id;
  }
}

describe.each(ENGINES)('A rejection in a resolver, outside of our guard, on $name', (engine) => {
  it('has the form that the rejections of the guard have', async () => {
    const running = await startGraphql(engine, descope, { resolvers: [TokenResolver] });
    closing.push(() => running.close());
    const { errors } = await send(running, `{ who(token: "${EXPIRED.token}") }`);
    const { status: _status, ...originalError } = REFUSED;
    expect(errors).toEqual([
      expect.objectContaining({
        message: 'The session is not valid.',
        path: ['who'],
        extensions: expect.objectContaining({ code: 'UNAUTHENTICATED', originalError }),
      }),
    ]);
  });
});

@Public()
@Controller()
class CheckController {
  constructor(private readonly service: DescopeService) {}

  @Get('check') check() {
    return this.service.validateSession(EXPIRED.token);
  }
}

describe.each(ADAPTERS)('A rejection in a handler that a library calls itself, on %s', (adapter) => {
  it('reaches the library, which has no response, as an exception of Nest with its code', async () => {
    const imports = [DescopeTestingModule.forRoot(descope, { audience: null })];
    const application = await start(adapter, { imports, controllers: [CheckController] });
    closing.push(() => application.close());
    const controller = application.app.get(CheckController);
    const call = application.app
      .get(ExternalContextCreator)
      .create(controller, controller.check.bind(controller), 'check');
    const thrown = await call().then(String, (error: unknown) => (error as HttpException).getResponse());
    expect(thrown).toMatchObject({ statusCode: 401, code: 'TOKEN_EXPIRED' });
  });
});
