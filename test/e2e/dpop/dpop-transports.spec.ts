// A bound token beyond handlers of HTTP: in GraphQL, on sockets, in microservices, and at the routes of the package.
import type { ServiceClientConstructor, ServiceError } from '@grpc/grpc-js';
import { credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { Controller, Inject } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { GrpcMethod, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { RequestLike } from 'nestjs-descope';
import { CurrentUser, DescopeModule, OptionalAuth, Roles } from 'nestjs-descope';
import { Dpop } from 'nestjs-descope/dpop';
import { microserviceTransport } from 'nestjs-descope/microservices';
import { createTestDescope } from 'nestjs-descope/testing';
import { DescopeSockets } from 'nestjs-descope/websockets';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { findFreePort } from '../../support/free-port.js';
import { ENGINES, readCodes, send, startGraphql } from '../../support/graphql-application.js';
import { connect, createSocketAdapter, SOCKET_LIBRARIES } from '../../support/socket-client.js';

const ORIGIN = 'https://api.example.com';
const OPTIONS = { publicOrigin: ORIGIN, audience: null, dpop: { replay: 'per-instance' } } as const;
const descope = createTestDescope();
const prove = (method: string, path: string) =>
  descope.asBound({ sub: 'U2ada' }).prove(method, ORIGIN + path);

@Resolver()
class OrdersResolver {
  @Query(() => String, { nullable: true }) who(@CurrentUser('id') id: string) {
    return id;
  }

  @Dpop() @Query(() => String, { nullable: true }) bound(@CurrentUser('id') id: string) {
    return id;
  }

  @OptionalAuth() @Query(() => String, { nullable: true }) maybe(@CurrentUser('id') id?: string) {
    return id ?? 'nobody';
  }

  @Roles('admin') @Query(() => String, { nullable: true }) admin() {
    return 'admin';
  }
}

describe.each(ENGINES)('A bound token in GraphQL, on $name,', (engine) => {
  let application: RunningApplication;
  beforeAll(async () => {
    application = await startGraphql(engine, descope, { resolvers: [OrdersResolver], descope: OPTIONS });
  });
  afterAll(() => application.close());

  it('needs one proof for the request, not one for each field', async () => {
    const headers = { ...prove('POST', '/graphql') };
    const query = '{ who bound maybe admin again: who }';
    const reply = await send(application, query, headers);
    expect(reply.data).toEqual({ who: 'U2ada', bound: 'U2ada', maybe: 'U2ada', admin: null, again: 'U2ada' });
    expect(readCodes(reply)).toEqual(['FORBIDDEN ACCESS_ROLE_MISSING']);
    const replay = await send(application, query, headers);
    expect(replay.data).toEqual({ who: null, bound: null, maybe: null, admin: null, again: null });
    expect(readCodes(replay)).toEqual(Array(5).fill('UNAUTHENTICATED DPOP_PROOF_REPLAYED'));
  });

  it('needs one proof for a batch of operations', async () => {
    const { batch } = await send(application, ['{ who }', '{ bound }'], { ...prove('POST', '/graphql') });
    expect(batch.map(({ data }) => data)).toEqual([{ who: 'U2ada' }, { bound: 'U2ada' }]);
  });

  it('is needed for a field that demands one, and for no other', async () => {
    const reply = await send(application, '{ who bound }', descope.as({ sub: 'U2bob' }).bearer);
    expect([reply.data, readCodes(reply)]).toEqual([
      { who: 'U2bob', bound: null },
      ['UNAUTHENTICATED DPOP_REQUIRED'],
    ]);
  });
});

@WebSocketGateway()
class WhoGateway {
  static isStrict = false;

  constructor(@Inject(DescopeSockets) private readonly sockets: DescopeSockets) {}

  async handleConnection(client: object, request?: RequestLike) {
    if (WhoGateway.isStrict) await this.sockets.accept(client, request);
    else this.sockets.remember(client, request);
  }

  @SubscribeMessage('who') who(@CurrentUser('id') id: string) {
    return { event: 'who', data: { id } };
  }
}

describe.each(SOCKET_LIBRARIES)('A bound token on a socket of %s', (library) => {
  let application: RunningApplication;
  beforeAll(async () => {
    application = await start(
      'express',
      { imports: [DescopeModule.forRoot(OPTIONS)], providers: [WhoGateway] },
      {
        override: (builder) => descope.override(builder),
        configure: async (app) => app.useWebSocketAdapter(await createSocketAdapter(library, app)),
      },
    );
  });
  afterAll(() => application.close());

  const ask = async (headers: Readonly<Record<string, string>>) => {
    const client = await connect(library, application.url, { headers });
    try {
      return await client.ask('who');
    } finally {
      client.close();
    }
  };

  it('does not open it where DescopeSockets.accept decides', async () => {
    WhoGateway.isStrict = true;
    try {
      const headers = prove('GET', library === 'ws' ? '/' : '/socket.io/');
      const client = await connect(library, application.url, { headers });
      const { reason } = await client.closed;
      expect(reason).toBe(library === 'ws' ? 'TOKEN_SENDER_CONSTRAINED' : 'io server disconnect');
    } finally {
      WhoGateway.isStrict = false;
    }
  });

  it('is rejected, also with a proof for the handshake, and other tokens are accepted', async () => {
    const rejected = { event: 'exception', data: { code: 'TOKEN_SENDER_CONSTRAINED' } };
    for (const path of ['/', '/socket.io/']) expect(await ask(prove('GET', path))).toMatchObject(rejected);
    expect(await ask({ authorization: `Bearer ${descope.asBound().token}` })).toMatchObject(rejected);
    expect(await ask(descope.as({ sub: 'U2bob' }).bearer)).toEqual({ event: 'who', data: { id: 'U2bob' } });
  });
});

const PROTO = 'test/e2e/transports/notes.proto';

@Controller()
class NotesController {
  @GrpcMethod('Notes') who(_question: object, _metadata: object, _call: object) {
    return { text: 'known' };
  }
}

type Who = (question: object, metadata: Metadata, done: (error: ServiceError | null) => void) => void;

describe('A bound token in a message of gRPC', () => {
  let app: INestMicroservice;
  let client: { readonly who: Who; close(): void };
  beforeAll(async () => {
    const url = `127.0.0.1:${await findFreePort()}`;
    const imports = [DescopeModule.forRoot({ ...OPTIONS, transports: [microserviceTransport] })];
    const builder = descope.override(Test.createTestingModule({ imports, controllers: [NotesController] }));
    app = (await builder.compile()).createNestMicroservice<MicroserviceOptions>({
      transport: Transport.GRPC,
      options: { url, package: 'notes', protoPath: PROTO },
      logger: false,
    });
    await app.listen();
    const { notes } = loadPackageDefinition(loadSync(PROTO)) as unknown as {
      readonly notes: { readonly Notes: ServiceClientConstructor };
    };
    client = new notes.Notes(url, credentials.createInsecure()) as unknown as typeof client;
  });
  afterAll(async () => {
    client.close();
    await app.close();
  });

  const ask = (headers: Readonly<Record<string, string>>) => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve) =>
      client.who({}, metadata, (error) => resolve(error?.details ?? 'accepted')),
    );
  };

  it('is rejected, also with a proof for the path of the call, and other tokens are accepted', async () => {
    const rejected = expect.stringMatching(/^TOKEN_SENDER_CONSTRAINED: /);
    expect(await ask(prove('POST', '/notes.Notes/Who'))).toEqual(rejected);
    expect(await ask({ authorization: `Bearer ${descope.asBound().token}` })).toEqual(rejected);
    expect(await ask(descope.as().bearer)).toBe('accepted');
  });
});

describe.each(ADAPTERS)('A bound token at the routes of the package, on %s,', (adapter) => {
  let application: RunningApplication;
  beforeAll(async () => {
    const routes = { path: 'auth', check: true } as const;
    const imports = [DescopeModule.forRoot({ ...OPTIONS, session: { refresh: true }, routes })];
    application = await start(adapter, { imports }, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  const ask = async (method: string, path: string, more: Readonly<Record<string, string>> = {}) => {
    const headers = { ...prove(method, path), ...more };
    const { status, body, headers: answered } = await application.request(path, { method, headers });
    return { verdict: [status, body['code'] ?? ''].join(' ').trim(), cookies: answered.getSetCookie() };
  };

  it('is accepted by me, and rejected by check, refresh and logout, which clear nothing', async () => {
    expect((await ask('GET', '/auth/me')).verdict).toBe('200');
    for (const [method, path] of [
      ['GET', '/auth/check'],
      ['POST', '/auth/refresh'],
      ['POST', '/auth/logout'],
      ['POST', '/auth/logout-all'],
    ] as const)
      expect([path, await ask(method, path)]).toEqual([
        path,
        { verdict: '401 TOKEN_SENDER_CONSTRAINED', cookies: [] },
      ]);
  });

  it('decides there alone, too: the session of a browser beside it is not checked, refreshed or ended', async () => {
    const { cookie } = descope.as();
    const beside = { ...cookie, 'sec-fetch-site': 'same-origin' };
    for (const [method, path] of [
      ['GET', '/auth/check'],
      ['POST', '/auth/logout'],
      ['POST', '/auth/refresh'],
    ] as const)
      expect([path, await ask(method, path, beside)]).toEqual([
        path,
        { verdict: '401 TOKEN_SENDER_CONSTRAINED', cookies: [] },
      ]);
    expect((await ask('GET', '/auth/me', { ...beside, dpop: 'x' })).verdict).toBe('401 DPOP_PROOF_INVALID');
  });
});
