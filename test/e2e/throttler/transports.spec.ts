// DescopeThrottlerGuard before resolvers and messages: it counts as it does for routes, and rejects in their own form.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Provider } from '@nestjs/common';
import { Controller, Inject, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Query, Resolver, Subscription } from '@nestjs/graphql';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { ThrottlerModule } from '@nestjs/throttler';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { RequestLike } from 'nestjs-descope';
import { AuthGuard, CurrentUser, DescopeModule, Public } from 'nestjs-descope';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import { DescopeThrottlerGuard } from 'nestjs-descope/throttler';
import { DescopeSockets } from 'nestjs-descope/websockets';
import { catchError, firstValueFrom, of } from 'rxjs';
import type { RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';
import { findFreePort } from '../../support/free-port.js';
import { ENGINES, openSocket, send, startGraphql } from '../../support/graphql-application.js';
import { connect, createSocketAdapter, SOCKET_LIBRARIES } from '../../support/socket-client.js';

const guard: Provider = { provide: APP_GUARD, useClass: DescopeThrottlerGuard };
const descope = createTestDescope();
const ann = descope.as({ sub: 'U2ann' });
const ben = descope.as({ sub: 'U2ben' });
let trackers: string[] = [];
let application: RunningApplication | undefined;

const createLimits = () =>
  ThrottlerModule.forRoot({
    throttlers: [{ ttl: 60_000, limit: 2 }],
    generateKey: (context, tracker) => {
      trackers.push(tracker);
      return `${context.getHandler().name} ${tracker}`;
    },
  });

afterEach(async () => {
  await application?.close();
  application = undefined;
  trackers = [];
});

@Resolver()
class BookResolver {
  @Query(() => String)
  book(@CurrentUser('id') id: string) {
    return id;
  }

  @Public()
  @Query(() => String)
  open() {
    return 'open';
  }

  @Subscription(() => String)
  async *ticks() {
    yield { ticks: await Promise.resolve('tick') };
  }
}

describe.each(ENGINES)('DescopeThrottlerGuard behind $name', (engine) => {
  const boot = async () => {
    const metadata = { imports: [createLimits()], providers: [guard] };
    application = await startGraphql(engine, descope, { resolvers: [BookResolver], metadata });
    return application;
  };

  it('counts each field of an operation for its user, aliases and batches too', async () => {
    const app = await boot();
    const { data, errors, answer } = await send(app, '{ one: book two: book three: book }', ann.bearer);
    expect(data).toBeNull();
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.message).toBe('ThrottlerException: Too Many Requests');
    expect(errors?.[0]?.extensions).toMatchObject({ status: 429 });
    // Apollo's own context on Fastify has no response.
    if (engine.name !== 'Apollo on Fastify') expect(answer.headers.get('retry-after')).toBe('60');
    const batch = await send(app, ['{ book }', '{ book }', '{ book }'], ben.bearer);
    expect(batch.batch.map(({ data: found }) => found)).toEqual([{ book: 'U2ben' }, { book: 'U2ben' }, null]);
    expect(new Set(trackers)).toEqual(new Set(['user:U2ann', 'user:U2ben']));
  });

  it('counts anonymous and public operations by address', async () => {
    const app = await boot();
    await send(app, '{ book }');
    await send(app, '{ open }', ann.bearer);
    expect(trackers).toEqual(['address:127.0.0.1', 'address:127.0.0.1']);
  });

  it('counts operations over a socket', async () => {
    const app = await boot();
    const socket = openSocket(app, { headers: ann.bearer });
    const anonymous = openSocket(app);
    try {
      const run = async () => (await socket.run('subscription { ticks }')).map(({ data }) => data ?? null);
      expect([await run(), await run(), await run()]).toEqual([
        [{ ticks: 'tick' }],
        [{ ticks: 'tick' }],
        [null],
      ]);
      await anonymous.run('subscription { ticks }');
      expect([...new Set(trackers)]).toEqual(['user:U2ann', 'address:127.0.0.1']);
    } finally {
      socket.close();
      anonymous.close();
    }
  });
});

@WebSocketGateway()
class NewsGateway {
  constructor(@Inject(DescopeSockets) private readonly sockets: DescopeSockets) {}

  handleConnection(client: object, request?: RequestLike) {
    this.sockets.remember(client, request);
  }

  @SubscribeMessage('read')
  read(@CurrentUser('id') id: string) {
    return { event: 'read', data: { id } };
  }
}

@UseGuards(DescopeThrottlerGuard, AuthGuard)
@WebSocketGateway()
class PlacedGateway extends NewsGateway {}

const PLACES = [
  ['APP_GUARD, which Nest 12 runs for messages', true, [NewsGateway, guard]],
  ['@UseGuards()', false, [PlacedGateway]],
] as const;

describe.each(SOCKET_LIBRARIES)('DescopeThrottlerGuard before messages of %s', (library) => {
  it.each(PLACES)(
    'counts by user and address, in the form of sockets: by %s',
    async (_how, globalGuard, parts) => {
      const imports = [DescopeTestingModule.forRoot(descope, { globalGuard }), createLimits()];
      application = await start(
        'express',
        { imports, providers: [...parts] },
        { configure: async (app) => app.useWebSocketAdapter(await createSocketAdapter(library, app)) },
      );
      const client = await connect(library, application.url, { headers: ann.bearer });
      const anonymous = await connect(library, application.url);
      const answer = { event: 'read', data: { id: 'U2ann' } };
      const limited = { status: 'error', statusCode: 429, message: 'ThrottlerException: Too Many Requests' };
      try {
        expect([await client.ask('read'), await client.ask('read')]).toEqual([answer, answer]);
        expect(await client.ask('read')).toMatchObject({ event: 'exception', data: limited });
        const codes = [await anonymous.ask('read'), await anonymous.ask('read')].map(
          ({ data }) => data['code'],
        );
        expect(codes).toEqual(['SESSION_MISSING', 'SESSION_MISSING']);
        expect(await anonymous.ask('read')).toMatchObject({ event: 'exception', data: limited });
        expect([...new Set(trackers)]).toEqual(['user:U2ann', 'address:127.0.0.1']);
      } finally {
        client.close();
        anonymous.close();
      }
    },
  );
});

@Controller()
class NotesController {
  @MessagePattern('list')
  list() {
    return 'list';
  }

  @Public()
  @MessagePattern('open')
  open() {
    return 'open';
  }
}

describe('DescopeThrottlerGuard before messages of a microservice', () => {
  it('counts all that have no address together, never by what a payload claims, and rejects in their form', async () => {
    const port = await findFreePort();
    application = await start(
      'express',
      {
        imports: [DescopeModule.forRoot(), createLimits()],
        controllers: [NotesController],
        providers: [guard],
      },
      {
        override: (builder) => descope.override(builder),
        configure: async (app) => {
          const options = { host: '127.0.0.1', port };
          app.connectMicroservice<MicroserviceOptions>(
            { transport: Transport.TCP, options },
            { inheritAppConfig: true },
          );
          await app.startAllMicroservices();
        },
      },
    );
    const options = { host: '127.0.0.1', port };
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    const ask = (pattern: string, data: object) =>
      firstValueFrom(client.send<unknown>(pattern, data).pipe(catchError((error: unknown) => of(error))));
    try {
      expect(await ask('open', { ip: '192.0.2.1', user: { id: 'U2ann' } })).toBe('open');
      expect(await ask('open', { ip: '192.0.2.2', headers: ann.bearer })).toBe('open');
      expect(await ask('open', { ip: '192.0.2.3' })).toMatchObject({ statusCode: 429 });
      expect(await ask('list', {})).not.toMatchObject({ statusCode: 429 });
      expect(new Set(trackers)).toEqual(new Set(['address:unknown']));
    } finally {
      await client.close();
    }
  });
});
