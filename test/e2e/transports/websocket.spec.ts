// Messages of WebSockets: judged one by one, by what their client showed when it connected.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Inject, Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { RequestLike } from 'nestjs-descope';
import {
  CurrentSession,
  CurrentTenant,
  CurrentUser,
  DescopeModule,
  DescopeService,
  DescopeSession,
  DescopeUser,
  OptionalAuth,
  Public,
  Roles,
  Tenant,
} from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { DescopeSockets } from 'nestjs-descope/websockets';
import type { Sessions } from '#lib/core/session/auto-refresh.js';
import type { RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';
import type { ShownAtConnect, SocketClient } from '../../support/socket-client.js';
import { connect, createSocketAdapter, SOCKET_LIBRARIES } from '../../support/socket-client.js';

const ORIGIN = 'https://app.example.com';
const TRUSTED = 'https://partner.example.com';

@WebSocketGateway()
class Gateway {
  constructor(@Inject(DescopeSockets) private readonly sockets: DescopeSockets) {}

  handleConnection(client: object, request?: RequestLike) {
    if (request?.headers['x-forget'] === undefined) this.sockets.remember(client, request);
  }

  @SubscribeMessage('who')
  who(@CurrentUser() user: DescopeUser, @CurrentSession() session: DescopeSession) {
    return { event: 'who', data: { id: user.id, sentByBrowser: session.sentByBrowser } };
  }

  @SubscribeMessage('late')
  async late(@MessageBody('waitMs') waitMs: number, @CurrentUser('id') id: string) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return { event: 'late', data: { id } };
  }

  @Roles('admin')
  @SubscribeMessage('remove')
  remove() {
    return { event: 'remove', data: {} };
  }

  @Tenant({ from: 'param:tenant' })
  @SubscribeMessage('tenant')
  tenant(@CurrentTenant() tenant: string) {
    return { event: 'tenant', data: { tenant } };
  }

  @OptionalAuth()
  @SubscribeMessage('optional')
  optional(@CurrentUser('id') id?: string) {
    return { event: 'optional', data: { id: id ?? null } };
  }

  @Public()
  @SubscribeMessage('open')
  open(@CurrentUser('id') id?: string) {
    return { event: 'open', data: { id: id ?? null } };
  }
}

@Injectable()
class Clock {
  static offsetMs = 0;
}

describe.each(SOCKET_LIBRARIES)('AuthGuard before messages of %s', (library) => {
  const descope = createTestDescope();
  const ann = descope.as({ sub: 'ann', tenants: { acme: {} } });
  let application: RunningApplication;
  let clients: SocketClient[] = [];

  beforeAll(async () => {
    const options = {
      publicOrigin: ORIGIN,
      trustedOrigins: [TRUSTED],
      clock: () => Date.now() + Clock.offsetMs,
    };
    application = await start(
      'express',
      { imports: [DescopeModule.forRoot(options)], providers: [Gateway] },
      {
        override: (builder) => descope.override(builder),
        configure: async (app) => app.useWebSocketAdapter(await createSocketAdapter(library, app)),
      },
    );
  });
  afterEach(() => {
    for (const client of clients) client.close();
    clients = [];
    Clock.offsetMs = 0;
  });
  afterAll(() => application.close());

  const open = async (shown: ShownAtConnect = {}) => {
    const client = await connect(library, application.url, shown);
    clients.push(client);
    return client;
  };
  const rejection = (code: string) => ({
    event: 'exception',
    data: expect.objectContaining({ status: 'error', code }),
  });
  const withCookie = (origin?: string) => ({
    headers: { ...ann.cookie, ...(origin === undefined ? {} : { origin }) },
  });

  it('accepts a bearer token, from anywhere', async () => {
    for (const headers of [ann.bearer, { ...ann.bearer, origin: 'https://evil.example' }]) {
      const client = await open({ headers });
      expect(await client.ask('who')).toEqual({ event: 'who', data: { id: 'ann', sentByBrowser: false } });
    }
  });

  it('rejects nobody, a bad token and a missing role with the code of HTTP', async () => {
    const nobody = await open();
    expect(await nobody.ask('who')).toEqual({
      event: 'exception',
      data: {
        status: 'error',
        statusCode: 401,
        error: 'Unauthorized',
        message: 'A session is required.',
        code: 'SESSION_MISSING',
      },
    });
    const bad = await open({ headers: descope.tampered().bearer });
    expect(await bad.ask('who')).toEqual(rejection('TOKEN_SIGNATURE_INVALID'));
    const plain = await open({ headers: ann.bearer });
    expect(await plain.ask('remove')).toEqual(rejection('ACCESS_ROLE_MISSING'));
    const admin = await open({ headers: descope.as({ roles: ['admin'] }).bearer });
    expect(await admin.ask('remove')).toEqual({ event: 'remove', data: {} });
  });

  it('reads a parameter from the message', async () => {
    const client = await open({ headers: ann.bearer });
    expect(await client.ask('tenant', { tenant: 'acme' })).toEqual({
      event: 'tenant',
      data: { tenant: 'acme' },
    });
    expect(await client.ask('tenant', { tenant: 'other' })).toEqual(rejection('ACCESS_TENANT_MISSING'));
    expect(await client.ask('tenant', 'acme')).toEqual(rejection('ACCESS_TENANT_UNNAMED'));
  });

  it('takes no token from a message', async () => {
    const client = await open();
    const data = { token: ann.token, headers: ann.bearer, handshake: { headers: ann.bearer }, ...ann.bearer };
    expect(await client.ask('who', data)).toEqual(rejection('SESSION_MISSING'));
  });

  it('counts a cookie where the page that opened the connection is ours or trusted', async () => {
    for (const origin of [ORIGIN, TRUSTED]) {
      const client = await open(withCookie(origin));
      expect(await client.ask('who')).toEqual({ event: 'who', data: { id: 'ann', sentByBrowser: true } });
    }
  });

  it.each([
    ['a foreign origin', 'https://evil.example'],
    ['no origin', undefined],
    ['the origin of a sandbox', 'null'],
    ['an origin that begins like ours', `${ORIGIN}.evil.example`],
    ['our host by plain http', 'http://app.example.com'],
  ])('rejects a cookie with %s, on optional handlers too', async (_what, origin) => {
    const client = await open(withCookie(origin));
    expect(await client.ask('who')).toEqual(rejection('REQUEST_CROSS_SITE'));
    expect(await client.ask('optional')).toEqual(rejection('REQUEST_CROSS_SITE'));
    expect(await client.ask('open')).toEqual({ event: 'open', data: { id: null } });
  });

  it('lets a bearer token decide alone', async () => {
    const headers = { ...ann.cookie, origin: ORIGIN, ...descope.expired().bearer };
    expect(await (await open({ headers })).ask('who')).toEqual(rejection('TOKEN_EXPIRED'));
  });

  it('looks at the end of the token with each message', async () => {
    const client = await open({ headers: ann.bearer });
    expect((await client.ask('who')).event).toBe('who');
    Clock.offsetMs += 2 * 3600_000;
    expect(await client.ask('who')).toEqual(rejection('TOKEN_EXPIRED'));
    expect(await client.ask('optional')).toEqual(rejection('TOKEN_EXPIRED'));
  });

  it('gives a public handler no user, also after messages that were checked', async () => {
    const client = await open({ headers: ann.bearer });
    expect((await client.ask('who')).event).toBe('who');
    expect(await client.ask('open')).toEqual({ event: 'open', data: { id: null } });
  });

  it('rejects messages after a sign-out', async () => {
    const bea = descope.as({ sub: 'bea' });
    const client = await open({ headers: bea.bearer });
    expect((await client.ask('who')).event).toBe('who');
    const session = await application.app.get(DescopeService).validateSession(bea.token);
    const { revocations } = application.app.get<Sessions>('nestjs-descope:sessions', { strict: false });
    await revocations.revokeToken(bea.token, session.user?.claims as never);
    expect(await client.ask('who')).toEqual(rejection('SESSION_SIGNED_OUT'));
    if (library === 'ws') return;
    // Only headers are held to a byte a character: what Socket.IO is given as `auth` can be spelled otherwise.
    const respelled = `${String.fromCharCode(bea.token.charCodeAt(0) + 0x100)}${bea.token.slice(1)}`;
    const again = await open({ auth: { token: respelled } });
    expect(await again.ask('who')).toEqual(rejection('TOKEN_MALFORMED'));
  });

  it('keeps two users apart, also when their messages overlap', async () => {
    const [first, second] = await Promise.all(
      ['ann', 'bob'].map((sub) => open({ headers: descope.as({ sub }).bearer })),
    );
    const answers = await Promise.all([
      first?.ask('late', { waitMs: 40 }),
      second?.ask('late', { waitMs: 10 }),
    ]);
    expect(answers.map((answer) => answer?.data)).toEqual([{ id: 'ann' }, { id: 'bob' }]);
  });
});

describe('A client of ws whose request nobody remembered', () => {
  it('is rejected, and the reason names what remembers it', async () => {
    const descope = createTestDescope();
    const seen: unknown[] = [];
    const application = await start(
      'express',
      { imports: [DescopeModule.forRoot()], providers: [Gateway] },
      {
        override: (builder) => descope.override(builder),
        configure: async (app) => app.useWebSocketAdapter(await createSocketAdapter('ws', app)),
      },
    );
    const client = await connect('ws', application.url, {
      headers: { ...descope.as().bearer, 'x-forget': '1' },
    });
    seen.push(await client.ask('who'), await client.ask('open'));
    client.close();
    await application.close();
    expect(seen).toEqual([
      { event: 'exception', data: expect.objectContaining({ code: 'TRANSPORT_UNKNOWN', statusCode: 403 }) },
      { event: 'open', data: { id: null } },
    ]);
  });
});
