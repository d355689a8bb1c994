// Who may stay connected, and how Socket.IO's own ways to show a token count.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Inject } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { DescopeOptions, DescopeSession, RequestLike } from 'nestjs-descope';
import { CurrentUser, DescopeModule } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { DescopeSockets } from 'nestjs-descope/websockets';
import type { RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';
import type { ShownAtConnect, SocketClient, SocketLibrary } from '../../support/socket-client.js';
import { connect, createSocketAdapter, SOCKET_LIBRARIES } from '../../support/socket-client.js';

const ORIGIN = 'https://app.example.com';

@WebSocketGateway()
class AdmittingGateway {
  static accepted: (string | undefined)[] = [];

  constructor(@Inject(DescopeSockets) private readonly sockets: DescopeSockets) {}

  async handleConnection(client: object, request?: RequestLike) {
    const session = await this.sockets.accept(client, request);
    AdmittingGateway.accepted.push(session?.user?.id);
  }

  @SubscribeMessage('who')
  who(@CurrentUser('id') id: string) {
    return { event: 'who', data: { id } };
  }
}

@WebSocketGateway()
class SilentGateway {
  @SubscribeMessage('who')
  who(@CurrentUser('id') id: string) {
    return { event: 'who', data: { id } };
  }
}

function useGateway(
  library: SocketLibrary,
  gateway: typeof AdmittingGateway | typeof SilentGateway,
  options: DescopeOptions = {},
) {
  const descope = createTestDescope();
  let application: RunningApplication;
  let clients: SocketClient[] = [];
  beforeAll(async () => {
    application = await start(
      'express',
      { imports: [DescopeModule.forRoot({ publicOrigin: ORIGIN, ...options })], providers: [gateway] },
      {
        override: (builder) => descope.override(builder),
        configure: async (app) => app.useWebSocketAdapter(await createSocketAdapter(library, app)),
      },
    );
  });
  afterEach(() => {
    for (const client of clients) client.close();
    clients = [];
    AdmittingGateway.accepted = [];
    descope.keysAvailable();
  });
  afterAll(() => application.close());
  const open = async (shown: ShownAtConnect = {}) => {
    const client = await connect(library, application.url, shown);
    clients.push(client);
    return client;
  };
  return { descope, open };
}

describe.each(SOCKET_LIBRARIES)('DescopeSockets.accept() on %s', (library) => {
  const { descope, open } = useGateway(library, AdmittingGateway);

  it('lets a client with a session stay, and its messages be judged', async () => {
    const client = await open({ headers: descope.as({ sub: 'ann' }).bearer });
    expect(await client.ask('who')).toEqual({ event: 'who', data: { id: 'ann' } });
    expect(AdmittingGateway.accepted).toEqual(['ann']);
  });

  it.each([
    ['SESSION_MISSING', () => ({})],
    ['TOKEN_EXPIRED', () => descope.expired().bearer],
    ['TOKEN_EXPIRED', () => descope.as({ exp: Math.floor(Date.now() / 1000) - 2 }).bearer], // in its leeway
    ['REQUEST_CROSS_SITE', () => ({ ...descope.as().cookie, origin: 'https://evil.example' })],
    ['REQUEST_CROSS_SITE', () => descope.as().cookie],
    ['CREDENTIAL_MALFORMED', () => ({ authorization: 'Bearer' })],
    ['TOKEN_KIND_NOT_ACCEPTED', () => descope.as({ kind: 'app' }).bearer],
  ])('closes a client that is rejected with %s', async (code, toHeaders) => {
    const client = await open({ headers: toHeaders() });
    if (library === 'ws') expect(await client.closed).toEqual({ code: 1008, reason: code });
    else {
      expect(await client.next()).toMatchObject({ event: 'exception', data: { status: 'error', code } });
      expect(await client.closed).toEqual({ reason: 'io server disconnect' });
    }
    expect(AdmittingGateway.accepted).toEqual([undefined]);
  });

  it('asks a client to come again while keys are missing', async () => {
    descope.keysUnavailable();
    const client = await open({ headers: descope.as().bearer });
    if (library === 'ws') expect(await client.closed).toEqual({ code: 1013, reason: 'KEYS_UNAVAILABLE' });
    else expect(await client.next()).toMatchObject({ data: { code: 'KEYS_UNAVAILABLE', statusCode: 503 } });
  });

  it('closes a client when its session ends', async () => {
    const exp = Math.floor(Date.now() / 1000) + 1;
    const client = await open({ headers: descope.as({ exp }).bearer });
    const { code } = await client.closed;
    expect(code).toBe(library === 'ws' ? 1008 : undefined);
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
  });
});

describe.each(SOCKET_LIBRARIES)('DescopeSockets.accept() with loadUser, on %s', (library) => {
  const loadUser = ({ user }: DescopeSession) => (user?.id === 'banned' ? null : { id: user?.id });
  const { descope, open } = useGateway(library, AdmittingGateway, { loadUser });

  it('closes a client whose user the application does not know', async () => {
    const client = await open({ headers: descope.as({ sub: 'banned' }).bearer });
    await client.closed;
    expect(AdmittingGateway.accepted).toEqual([undefined]);
  });

  it('lets any other stay', async () => {
    const client = await open({ headers: descope.as({ sub: 'ann' }).bearer });
    expect(await client.ask('who')).toEqual({ event: 'who', data: { id: 'ann' } });
    expect(AdmittingGateway.accepted).toEqual(['ann']);
  });
});

describe('Socket.IO', () => {
  const { descope, open } = useGateway('socket.io', SilentGateway);
  const { token, bearer } = descope.as({ sub: 'ann' });
  const rejected = (code: string) => ({ event: 'exception', data: expect.objectContaining({ code }) });
  const answered = { event: 'who', data: { id: 'ann' } };

  it('needs no handleConnection, and takes a token as auth.token, from anywhere', async () => {
    const client = await open({ auth: { token }, headers: { origin: 'https://evil.example' } });
    expect(await client.ask('who')).toEqual(answered);
  });

  it('takes the same token twice for one', async () => {
    const client = await open({ auth: { token }, headers: bearer });
    expect(await client.ask('who')).toEqual(answered);
  });

  it.each([
    ['two tokens that differ', () => ({ auth: { token }, headers: descope.as({ sub: 'eve' }).bearer })],
    ['a token that is no text', () => ({ auth: { token: [token] } })],
    ['a token with its scheme', () => ({ auth: { token: `Bearer ${token}` } })],
  ])('calls %s malformed', async (_what, toShown) => {
    expect(await (await open(toShown())).ask('who')).toEqual(rejected('CREDENTIAL_MALFORMED'));
  });

  it.each([
    ['an empty one', { token: '' }],
    ['none', { token: null }],
    ['another name', { authorization: bearer.authorization, cookie: `DS=${token}` }],
  ])('takes %s for no token', async (_what, auth) => {
    expect(await (await open({ auth })).ask('who')).toEqual(rejected('SESSION_MISSING'));
  });

  it('lets auth.token go before a cookie, and never takes it for one', async () => {
    const headers = { ...descope.as({ sub: 'eve' }).cookie, origin: 'https://evil.example' };
    expect(await (await open({ auth: { token }, headers })).ask('who')).toEqual(answered);
    const stale = {
      auth: { token: descope.expired().token },
      headers: { ...descope.as().cookie, origin: ORIGIN },
    };
    expect(await (await open(stale)).ask('who')).toEqual(rejected('TOKEN_EXPIRED'));
  });

  // Browsers say nothing of the origin where a page asks its own host by GET, but that it is the same site.
  it('counts a cookie over polling where the browser says that the page is ours', async () => {
    const transports = ['polling'] as const;
    const ours = await open({
      transports,
      headers: { ...descope.as({ sub: 'ann' }).cookie, 'sec-fetch-site': 'same-origin' },
    });
    expect(await ours.ask('who')).toEqual(answered);
    for (const said of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, {}]) {
      const other = await open({ transports, headers: { ...descope.as().cookie, ...said } });
      expect(await other.ask('who')).toEqual(rejected('REQUEST_CROSS_SITE'));
    }
  });
});
