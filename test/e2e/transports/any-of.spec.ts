// @AnyOf() in GraphQL, on sockets and in microservices: the same decision, and a guard's caller in one field is in no other.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { CanActivate, ExecutionContext, INestMicroservice } from '@nestjs/common';
import { Controller, Inject, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Args, Field, ID, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ClientProxyFactory, MessagePattern, RpcException, Transport } from '@nestjs/microservices';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import type { RequestLike } from 'nestjs-descope';
import { Authorize, CurrentUser, DescopeModule, OptionalAuth, Roles, Tenant } from 'nestjs-descope';
import { AnyOf } from 'nestjs-descope/access';
import { microserviceTransport } from 'nestjs-descope/microservices';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import { DescopeSockets } from 'nestjs-descope/websockets';
import { catchError, firstValueFrom, of, timeout } from 'rxjs';
import type { RunningApplication } from '../../support/application.js';
import { start, toRootModule } from '../../support/application.js';
import { findFreePort } from '../../support/free-port.js';
import { ENGINES, readCodes, send, startGraphql } from '../../support/graphql-application.js';
import type { ShownAtConnect, SocketClient } from '../../support/socket-client.js';
import { connect, createSocketAdapter, SOCKET_LIBRARIES } from '../../support/socket-client.js';

const descope = createTestDescope();
const admin = descope.as({ sub: 'U2ada', roles: ['admin'] });
const plain = descope.as({ sub: 'U2bob', tenants: { acme: {} } });

interface Carrier {
  readonly req?: { readonly headers: Readonly<Record<string, string | undefined>> };
  readonly reply?: { readonly request: { readonly headers: Readonly<Record<string, string | undefined>> } };
}

@Injectable()
class FieldGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const { req, reply } = context.getArgs<[unknown, unknown, Carrier]>()[2];
    const { headers } = req ?? reply?.request ?? { headers: {} };
    return headers['authorization'] === 'Bearer opaque' || headers['x-api-token'] === 'good';
  }
}

// Its own: a field resolver belongs to the class, which specs of one process would share.
@ObjectType()
class Book {
  @Field(() => ID)
  readonly id!: string;
}

@Resolver(() => Book)
class AlternativesResolver {
  @AnyOf(Roles('admin'), FieldGuard)
  @Query(() => [Book])
  books(@CurrentUser('id') id?: string) {
    return [{ id: id ?? 'nobody' }];
  }

  @AnyOf(Roles('admin'), FieldGuard)
  @Query(() => String)
  open(@CurrentUser('id') id?: string) {
    return id ?? 'nobody';
  }

  @Query(() => String, { nullable: true })
  closed() {
    return 'closed';
  }

  @OptionalAuth()
  @Query(() => String, { nullable: true })
  maybe(@CurrentUser('id') id?: string) {
    return id ?? 'nobody';
  }

  @Tenant({ from: 'param:tenant' })
  @AnyOf(Roles('admin'), FieldGuard)
  @Query(() => String, { nullable: true })
  beside(@Args('tenant') tenant: string) {
    return tenant;
  }

  @AnyOf(Roles('admin'), Authorize(() => false))
  @ResolveField(() => String, { nullable: true })
  title() {
    return 'title';
  }
}

describe.each(ENGINES)('@AnyOf on fields behind $name', (engine) => {
  let application: RunningApplication;
  beforeAll(async () => {
    application = await startGraphql(engine, descope, {
      resolvers: [AlternativesResolver],
      graphql: { fieldResolverEnhancers: ['guards'] },
      metadata: { providers: [FieldGuard] },
    });
  });
  afterAll(() => application.close());

  const ask = async (query: string, headers: Record<string, string>) => {
    const reply = await send(application, query, headers);
    return { data: reply.data, codes: [...readCodes(reply)].sort() };
  };
  const opaque = { authorization: 'Bearer opaque' };

  it('accepts by a demand or by the guard, and rejects everybody else', async () => {
    expect((await ask('{ open }', admin.bearer)).data).toEqual({ open: 'U2ada' });
    expect((await ask('{ open }', opaque)).data).toEqual({ open: 'nobody' });
    expect((await ask('{ open }', { 'x-api-token': 'good' })).data).toEqual({ open: 'nobody' });
    expect((await ask('{ open }', plain.bearer)).codes).toEqual(['FORBIDDEN ACCESS_ALTERNATIVES_MISSING']);
    expect((await ask('{ open }', { authorization: 'Bearer other' })).codes).toEqual([
      'UNAUTHENTICATED TOKEN_MALFORMED',
    ]);
    expect((await ask('{ open }', {})).codes).toEqual(['UNAUTHENTICATED SESSION_MISSING']);
  });

  it.each(['{ closed maybe books { id } }', '{ books { id } maybe closed }'])(
    'opens no other field of the same request: %s',
    async (query) => {
      const { data, codes } = await ask(query, opaque);
      expect(data).toEqual({ books: [{ id: 'nobody' }], maybe: null, closed: null });
      expect(codes).toEqual(Array(2).fill('UNAUTHENTICATED TOKEN_MALFORMED'));
      const anonymous = await ask(query, { 'x-api-token': 'good' });
      expect(anonymous.data).toEqual({ books: [{ id: 'nobody' }], maybe: 'nobody', closed: null });
    },
  );

  it('never skips what stands beside it, and is judged for each field', async () => {
    const query = '{ beside(tenant: "acme") }';
    expect((await ask(query, opaque)).codes).toEqual(['UNAUTHENTICATED TOKEN_MALFORMED']);
    expect((await ask(query, admin.bearer)).codes).toEqual(['FORBIDDEN ACCESS_TENANT_MISSING']);
    expect((await ask(query, { ...plain.bearer, 'x-api-token': 'good' })).data).toEqual({ beside: 'acme' });
    const nested = await ask('{ books { id title } }', { ...plain.bearer, 'x-api-token': 'good' });
    expect(nested.data).toEqual({ books: [{ id: 'U2bob', title: null }] });
    expect(nested.codes).toEqual(['FORBIDDEN ACCESS_ALTERNATIVES_MISSING']);
  });
});

@Injectable()
class MessageGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const { token } = context.switchToWs().getData<{ token?: string }>();
    if (token === 'none') throw new WsException('No token of ours.');
    return token === 'good';
  }
}

@WebSocketGateway()
class Gateway {
  constructor(@Inject(DescopeSockets) private readonly sockets: DescopeSockets) {}

  handleConnection(client: object, request?: RequestLike) {
    this.sockets.remember(client, request);
  }

  @AnyOf(MessageGuard, Roles('admin'))
  @SubscribeMessage('export')
  export(@MessageBody() _body: unknown, @CurrentUser('id') id?: string) {
    return { event: 'export', data: { id: id ?? null } };
  }

  @AnyOf(MessageGuard, Authorize(() => true))
  @SubscribeMessage('next')
  next(@CurrentUser('id') id?: string) {
    return { event: 'next', data: { id: id ?? null } };
  }

  @SubscribeMessage('closed')
  closed() {
    return { event: 'closed', data: {} };
  }
}

describe.each(SOCKET_LIBRARIES)('@AnyOf before messages of %s', (library) => {
  let application: RunningApplication;
  let clients: SocketClient[] = [];
  beforeAll(async () => {
    application = await start(
      'express',
      { imports: [DescopeModule.forRoot()], providers: [Gateway, MessageGuard] },
      {
        override: (builder) => descope.override(builder),
        configure: async (app) => app.useWebSocketAdapter(await createSocketAdapter(library, app)),
      },
    );
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
    clients = [];
  });
  afterAll(() => application.close());
  const open = async (shown: ShownAtConnect = {}) => {
    const client = await connect(library, application.url, shown);
    clients.push(client);
    return client;
  };
  const rejection = (code: string) => ({ event: 'exception', data: expect.objectContaining({ code }) });

  it('accepts by a demand or by the guard, message by message', async () => {
    const nobody = await open();
    expect(await nobody.ask('export', { token: 'good' })).toEqual({ event: 'export', data: { id: null } });
    expect(await nobody.ask('export', { token: 'bad' })).toEqual(rejection('SESSION_MISSING'));
    expect(await nobody.ask('export', { token: 'none' })).toEqual(rejection('SESSION_MISSING'));
    expect(await nobody.ask('closed', { token: 'good' })).toEqual(rejection('SESSION_MISSING'));
    const ada = await open({ headers: admin.bearer });
    expect(await ada.ask('export', { token: 'none' })).toEqual({ event: 'export', data: { id: 'U2ada' } });
    const bob = await open({ headers: plain.bearer });
    expect(await bob.ask('export', { token: 'none' })).toEqual(rejection('ACCESS_ALTERNATIVES_MISSING'));
    expect(await bob.ask('next', { token: 'none' })).toEqual({ event: 'next', data: { id: 'U2bob' } });
  });
});

@Injectable()
class PayloadGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const { token } = context.switchToRpc().getData<{ token?: string }>();
    if (token === 'none') throw new RpcException('No token of ours.');
    return token === 'good';
  }
}

@Controller()
class NotesController {
  @AnyOf(Roles('admin'), PayloadGuard)
  @MessagePattern('export')
  export() {
    return 'export';
  }

  @Roles('editor')
  @AnyOf(Roles('admin'), PayloadGuard)
  @MessagePattern('beside')
  beside() {
    return 'beside';
  }
}

describe('@AnyOf before messages of a microservice', () => {
  let app: INestMicroservice | undefined;
  afterEach(() => app?.close());
  const boot = async (options: Parameters<typeof DescopeTestingModule.forRoot>[1]) => {
    const port = await findFreePort();
    const imports = [DescopeTestingModule.forRoot(descope, options)];
    app = await NestFactory.createMicroservice<MicroserviceOptions>(
      toRootModule({ imports, controllers: [NotesController], providers: [PayloadGuard] }),
      { transport: Transport.TCP, options: { host: '127.0.0.1', port }, logger: false, abortOnError: false },
    );
    await app.listen();
    return (pattern: string, token: string) => ask(port, pattern, { token });
  };

  it('accepts by the guard, and never skips what stands beside it', async () => {
    const say = await boot({ transports: [microserviceTransport] });
    expect(await say('export', 'good')).toBe('export');
    for (const token of ['bad', 'none'])
      expect(await say('export', token)).toMatchObject({ code: 'SESSION_MISSING' });
    expect(await say('beside', 'good')).toMatchObject({ code: 'SESSION_MISSING' });
  });

  it('rejects without a transport, whatever the guard would say', async () => {
    const say = await boot({});
    expect(await say('export', 'good')).toMatchObject({ status: 'error' });
  });
});

async function ask(port: number, pattern: string, payload: object): Promise<unknown> {
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  const answer = client.send<unknown>(pattern, payload).pipe(
    timeout(2000),
    catchError((error: unknown) => of(error)),
  );
  return firstValueFrom(answer).finally(() => client.close());
}
