// A mistake of the application's developers: over each transport the caller learns nothing of it, and the log has it once.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator, NestFactory } from '@nestjs/core';
import { Args, Field, ID, ObjectType, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import type { ClientProxy, MicroserviceOptions } from '@nestjs/microservices';
import { ClientProxyFactory, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { DescopeClient, DescopeRule, RequestLike } from 'nestjs-descope';
import { AuthGuard, DescopeM2mClient, InjectDescope, Public } from 'nestjs-descope';
import { DescopeFga, DescopeFgaModule } from 'nestjs-descope/fga';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import { DescopeSockets } from 'nestjs-descope/websockets';
import { lastValueFrom } from 'rxjs';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { findFreePort } from '../../support/free-port.js';
import type { Engine, GraphqlSettings, Reply } from '../../support/graphql-application.js';
import { ENGINES, openSocket, send, startGraphql } from '../../support/graphql-application.js';
import { connect, createSocketAdapter, SOCKET_LIBRARIES } from '../../support/socket-client.js';

const descope = createTestDescope();
const ann = descope.as({ sub: 'ann' });
const INTERNAL = 'Internal server error';

/** Mistakes, and what only a developer may read of each. */
const MISTAKES = {
  credentials: 'clientId must be',
  origin: 'https://elsewhere.example',
  argument: 'as a non-empty string',
  context: 'as a plain object',
  method: 'has no method',
};
const CASES = Object.entries(MISTAKES) as [keyof typeof MISTAKES, string][];

@Injectable()
class Mistakes {
  constructor(
    private readonly machines: DescopeM2mClient,
    private readonly fga: DescopeFga,
    @InjectDescope() private readonly client: DescopeClient,
  ) {}

  async make(which: string): Promise<unknown> {
    if (which === 'foreign') throw new RangeError('not ours');
    const relation = { resourceType: 'doc', relation: 'owner' };
    if (which === 'credentials') return this.machines.getToken({} as never);
    if (which === 'origin') {
      const fetch = this.machines.createFetch({ accessKey: 'key' }, { origins: ['https://orders.example'] });
      return fetch('https://elsewhere.example');
    }
    if (which === 'argument') return this.fga.check('ann', { ...relation, relation: '', resource: '1' });
    if (which === 'context')
      return this.fga.check('ann', { ...relation, resource: '1', context: new Date() as never });
    return (this.client.management as unknown as { reload: () => unknown }).reload();
  }
}

let logger: CollectingLogger;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const listErrors = (): string[] => logger.entries.filter((entry) => /^(error|fatal)/.test(entry));
const expectLogged = (text: string): void => {
  expect(listErrors()).toHaveLength(1);
  expect(listErrors()[0]).toContain(text);
  logger.entries.length = 0;
};

const toMetadata = (own: ModuleMetadata): ModuleMetadata => ({
  ...own,
  imports: [
    DescopeTestingModule.forRoot(descope, { audience: null, managementKey: 'K2x' }),
    DescopeFgaModule,
    ...(own.imports ?? []),
  ],
  providers: [Mistakes, ...(own.providers ?? [])],
});

@Public()
@Controller()
class RouteController {
  constructor(private readonly mistakes: Mistakes) {}

  @Get('credentials') credentials() {
    return this.mistakes.make('credentials');
  }

  @Get('argument') argument() {
    return this.mistakes.make('argument');
  }
}

describe.each(ADAPTERS)('A mistake in a route, on %s', (adapter) => {
  it.each(['credentials', 'argument'] as const)('is a plain 500: %s', async (which) => {
    logger = new CollectingLogger();
    const application = await start(adapter, toMetadata({ controllers: [RouteController] }), { logger });
    closing.push(() => application.close());
    const { status, body } = await application.request(`/${which}`);
    expect([status, body]).toEqual([500, { statusCode: 500, message: INTERNAL }]);
    expectLogged(MISTAKES[which]);
  });
});

describe.each(ADAPTERS)('A mistake in a handler that a library calls itself, on %s', (adapter) => {
  it('reaches the library, which has no response, and the log', async () => {
    logger = new CollectingLogger();
    const application = await start(adapter, toMetadata({ controllers: [RouteController] }), { logger });
    closing.push(() => application.close());
    const controller = application.app.get(RouteController);
    const call = application.app
      .get(ExternalContextCreator)
      .create(controller, controller.argument.bind(controller), 'argument');
    await expect(call()).rejects.toThrow(MISTAKES.argument);
    expectLogged(MISTAKES.argument);
  });
});

@ObjectType()
class Shelf {
  @Field(() => ID) id!: string;
}

@Injectable()
class Unprovided implements DescopeRule {
  isAllowed() {
    return true;
  }
}

@Resolver(() => Shelf)
class ShelfResolver {
  constructor(private readonly mistakes: Mistakes) {}

  @Public()
  @Query(() => Shelf)
  shelf() {
    return { id: '1' };
  }

  @Public()
  @Query(() => String)
  async make(@Args('which') which: string) {
    return String(await this.mistakes.make(which));
  }

  @Public()
  @Subscription(() => String)
  async follow(@Args('which') which: string) {
    return (await this.mistakes.make(which)) as AsyncIterableIterator<unknown>;
  }

  @ResolveField(() => String)
  title() {
    return 'Tea';
  }

  @ResolveField(() => String)
  async stock() {
    return String(await this.mistakes.make('argument'));
  }
}

// Adds a rule that the boot does not see.
class RuledGuard extends AuthGuard {
  protected override getPolicy(...given: Parameters<AuthGuard['getPolicy']>) {
    return { ...super.getPolicy(...given), rules: [{ kind: 'rule' as const, rule: Unprovided }] };
  }
}

describe.each(ENGINES)('A mistake in GraphQL, on $name', (engine: Engine) => {
  const boot = async (settings: Partial<GraphqlSettings> = {}): Promise<RunningApplication> => {
    logger = new CollectingLogger();
    const { metadata } = settings;
    const application = await startGraphql(engine, descope, {
      resolvers: [ShelfResolver],
      descope: { audience: null, managementKey: 'K2x' },
      ...settings,
      metadata: {
        imports: [DescopeFgaModule],
        ...metadata,
        providers: [Mistakes, ...(metadata?.providers ?? [])],
      },
      configure: (app) => app.useLogger(logger),
    });
    closing.push(() => application.close());
    logger.entries.length = 0;
    return application;
  };
  const expectHidden = ({ errors = [] }: { errors?: Reply['errors'] }, path: readonly string[]): void => {
    const originalError = { statusCode: 500, message: INTERNAL };
    const extensions = { code: 'INTERNAL_SERVER_ERROR', status: 500, originalError };
    expect(errors).toMatchObject([{ message: INTERNAL, path, extensions }]);
  };

  it('tells the client nothing, and the log everything, once', async () => {
    const application = await boot();
    for (const [which, text] of CASES) {
      const reply = await send(application, `{ make(which: "${which}") }`);
      expectHidden(reply, ['make']);
      expect(reply.answer.text).not.toContain(text);
      expectLogged(text);
    }
  });

  it('tells a subscriber nothing', async () => {
    const application = await boot();
    const socket = openSocket(application);
    closing.push(() => socket.close());
    for (const [which, text] of CASES) {
      const [reply] = await socket.run(`subscription { follow(which: "${which}") }`);
      expect(reply?.errors).toMatchObject([{ message: INTERNAL }]);
      expect(JSON.stringify(reply)).not.toContain(text);
      expectLogged(text);
    }
  });

  it('leaves what is not of this package to Nest and the driver', async () => {
    const { errors } = await send(await boot(), '{ make(which: "foreign") }');
    expect(errors).toMatchObject([{ message: 'not ours' }]);
    expectLogged('not ours');
  });

  it("is hidden in what a field calls, with 'filters' among its enhancers", async () => {
    const application = await boot({ graphql: { fieldResolverEnhancers: ['filters'] } });
    expectHidden(await send(application, '{ shelf { stock } }'), ['shelf', 'stock']);
    expectLogged(MISTAKES.argument);
  });

  it('is hidden where the guard of a field meets it, before which no filter runs', async () => {
    const application = await boot({
      graphql: { fieldResolverEnhancers: ['guards'] },
      metadata: {
        providers: [
          { provide: AuthGuard, useClass: RuledGuard },
          { provide: APP_GUARD, useClass: RuledGuard },
        ],
      },
    });
    const reply = await send(application, '{ shelf { title } }', ann.bearer);
    expectHidden(reply, ['shelf', 'title']);
    expect(reply.answer.text).not.toContain('Unprovided');
    expectLogged('No module provides Unprovided');
  });
});

@Controller()
class MessageController {
  constructor(private readonly mistakes: Mistakes) {}

  @Public()
  @MessagePattern('make')
  make(@Payload() which: string) {
    return this.mistakes.make(which);
  }
}

describe('A mistake in a microservice', () => {
  const listen = async (kind: 'pure' | 'hybrid'): Promise<ClientProxy> => {
    logger = new CollectingLogger();
    const options = { host: '127.0.0.1', port: await findFreePort() };
    const transport: MicroserviceOptions = { transport: Transport.TCP, options };
    @Module(toMetadata({ controllers: [MessageController] }))
    class AppModule {}
    let app: INestApplicationContext;
    if (kind === 'pure') {
      const running = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
        ...transport,
        logger,
      });
      app = running;
      await running.listen();
    } else {
      const running = await NestFactory.create(AppModule, { logger });
      app = running;
      running.connectMicroservice(transport);
      await running.startAllMicroservices();
    }
    closing.push(() => app.close());
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    closing.push(() => client.close());
    return client;
  };

  it.each(['pure', 'hybrid'] as const)('tells the caller nothing: %s', async (kind) => {
    const client = await listen(kind);
    for (const [which, text] of CASES) {
      const reply = lastValueFrom(client.send('make', which));
      await expect(reply).rejects.toEqual({ status: 'error', message: INTERNAL });
      expectLogged(text);
    }
  });
});

@WebSocketGateway()
class Gateway {
  constructor(
    private readonly mistakes: Mistakes,
    private readonly sockets: DescopeSockets,
  ) {}

  handleConnection(client: object, request?: RequestLike) {
    return this.sockets.accept(client, request);
  }

  @SubscribeMessage('make')
  make(@MessageBody() which: string) {
    return this.mistakes.make(which);
  }
}

describe.each(SOCKET_LIBRARIES)('A mistake over a socket of %s', (library) => {
  const open = async (loadUser?: () => unknown) => {
    logger = new CollectingLogger();
    const options = { audience: null, managementKey: 'K2x', ...(loadUser && { loadUser }) };
    const imports = [DescopeTestingModule.forRoot(descope, options), DescopeFgaModule];
    const application = await start(
      'express',
      { imports, providers: [Mistakes, Gateway] },
      {
        logger,
        configure: async (app) => app.useWebSocketAdapter(await createSocketAdapter(library, app)),
      },
    );
    closing.push(() => application.close());
    const client = await connect(library, application.url, { headers: ann.bearer });
    closing.push(() => client.close());
    return client;
  };

  it('tells the client nothing', async () => {
    const client = await open();
    for (const [which, text] of CASES) {
      const { event, data } = await client.ask('make', which);
      expect([event, data['status'], data['message']]).toEqual(['exception', 'error', INTERNAL]);
      expect(JSON.stringify(data)).not.toContain(text);
      expectLogged(text);
    }
  });

  it('stands in the log, too, where accept() meets it', async () => {
    const client = await open(() => {
      throw new RangeError('the table is missing');
    });
    expect(await client.closed).toEqual(
      library === 'ws' ? { code: 1011, reason: '' } : { reason: 'io server disconnect' },
    );
    expectLogged('the table is missing');
  });
});
