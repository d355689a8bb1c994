// Open sockets and streams whose session is revoked: closed at once, at whichever instance they are, and no others.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Sse } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import type { DescopeModuleOptions, DescopeSession, RequestLike } from 'nestjs-descope';
import { CurrentSession, DescopeModule, DescopeRevocations } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { DescopeSockets, untilSessionEnds } from 'nestjs-descope/websockets';
import { concat, NEVER, of } from 'rxjs';
import type { Sessions } from '#lib/core/session/auto-refresh.js';
import type { AdapterName, RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { MemoryServer } from '../../support/memory-channel.js';
import type { SocketClient, SocketLibrary } from '../../support/socket-client.js';
import { connect, createSocketAdapter, SOCKET_LIBRARIES } from '../../support/socket-client.js';

@WebSocketGateway()
class LiveGateway {
  static accepted: (string | undefined)[] = [];

  constructor(@Inject(DescopeSockets) private readonly sockets: DescopeSockets) {}

  async handleConnection(client: object, request?: RequestLike) {
    const session = await this.sockets.accept(client, request);
    LiveGateway.accepted.push(session?.user?.id);
  }
}

@Controller()
class NewsController {
  @Sse('news')
  news(@CurrentSession() session: DescopeSession) {
    return concat(of({ data: session.user?.id }), NEVER).pipe(untilSessionEnds(session));
  }
}

const descope = createTestDescope();
const [ann, bob] = [descope.as({ sub: 'ann' }), descope.as({ sub: 'bob' })];
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  LiveGateway.accepted = [];
});

interface Stage extends RunningApplication {
  readonly revocations: DescopeRevocations;
  watchedCount(): number;
}

async function boot(
  adapter: AdapterName,
  library: SocketLibrary,
  options: DescopeModuleOptions = {},
): Promise<Stage> {
  const module = DescopeModule.forRoot({ audience: null, routes: {}, ...options });
  const application = await start(
    adapter,
    { imports: [module], providers: [LiveGateway], controllers: [NewsController] },
    {
      override: (builder) => descope.override(builder),
      configure: async (app) => app.useWebSocketAdapter(await createSocketAdapter(library, app)),
    },
  );
  stops.push(() => application.close());
  const { revocations } = application.app.get<Sessions>('nestjs-descope:sessions');
  return {
    ...application,
    revocations: application.app.get(DescopeRevocations),
    watchedCount: () => revocations.watchedCount,
  };
}

const until = async (check: () => boolean | Promise<boolean>): Promise<void> =>
  expect(await askUntil(async () => check(), Boolean)).toBe(true);

const open = async (
  library: SocketLibrary,
  { url }: Stage,
  { bearer }: typeof ann,
): Promise<SocketClient> => {
  const client = await connect(library, url, { headers: bearer });
  stops.push(() => client.close());
  return client;
};

const expectSignedOut = async (library: SocketLibrary, client: SocketClient): Promise<void> => {
  const code = 'SESSION_SIGNED_OUT';
  if (library === 'ws') {
    expect(await client.closed).toEqual({ code: 1008, reason: code });
    return;
  }
  expect(await client.next()).toMatchObject({ event: 'exception', data: { status: 'error', code } });
  expect(await client.closed).toEqual({ reason: 'io server disconnect' });
};

const isOpen = async (client: SocketClient): Promise<boolean> =>
  (await Promise.race([client.closed, new Promise((resolve) => setTimeout(resolve, 50))])) === undefined;

describe.each(SOCKET_LIBRARIES)('A connection over %s', (library) => {
  it('is closed when its user is revoked, and another user’s stays', async () => {
    const stage = await boot('express', library);
    const [hers, his] = [await open(library, stage, ann), await open(library, stage, bob)];
    await until(() => LiveGateway.accepted.length === 2);
    expect(stage.watchedCount()).toBe(2);
    await stage.revocations.revokeUser('ann');
    await expectSignedOut(library, hers);
    expect([await isOpen(his), stage.watchedCount()]).toEqual([true, 1]);
    his.close();
    await until(() => stage.watchedCount() === 0);
  });

  it('is closed by a sign-out at another instance that shares a channel', async () => {
    const server = new MemoryServer();
    const one = await boot('express', library, { shared: { channel: server.connect() } });
    const two = await boot('fastify', library, { shared: { channel: server.connect() } });
    await until(async () => (await one.request('/auth/me', { headers: ann.bearer })).status === 200);
    await until(async () => (await two.request('/auth/me', { headers: ann.bearer })).status === 200);
    const [hers, his] = [await open(library, two, ann), await open(library, two, bob)];
    await until(() => LiveGateway.accepted.length === 2);
    const signOut = { method: 'POST', headers: { ...ann.bearer } };
    expect((await one.request('/auth/logout', signOut)).status).toBe(204);
    await expectSignedOut(library, hers);
    expect([await isOpen(his), two.watchedCount()]).toEqual([true, 1]);
  });

  it('is closed if its session was revoked while its user was loaded', async () => {
    const holder: { revocations?: DescopeRevocations } = {};
    const loadUser = async (session: DescopeSession) => {
      await holder.revocations?.revokeSession(session);
      return { id: session.user?.id };
    };
    const stage = await boot('express', library, { loadUser });
    holder.revocations = stage.revocations;
    await expectSignedOut(library, await open(library, stage, ann));
    expect([LiveGateway.accepted, stage.watchedCount()]).toEqual([[undefined], 0]);
  });
});

describe.each(ADAPTERS)('A stream of server-sent events, on %s', (adapter) => {
  const read = async ({ url }: Stage, { bearer }: typeof ann) => {
    const leave = new AbortController();
    stops.push(() => leave.abort());
    const headers = { ...bearer, accept: 'text/event-stream' };
    const response = await fetch(`${url}/news`, { headers, signal: leave.signal });
    const ended = response.text().catch(() => 'aborted');
    return { ended, leave: () => leave.abort() };
  };

  it('is over when its user is revoked, and another user’s goes on', async () => {
    const stage = await boot(adapter, 'ws');
    const [hers, his] = [await read(stage, ann), await read(stage, bob)];
    await until(() => stage.watchedCount() === 2);
    await stage.revocations.revokeUser('ann');
    expect(await hers.ended).toContain('data: ann');
    const race = Promise.race([his.ended, new Promise((resolve) => setTimeout(resolve, 50))]);
    expect([await race, stage.watchedCount()]).toEqual([undefined, 1]);
    his.leave();
    await until(() => stage.watchedCount() === 0);
    expect(await his.ended).toBe('aborted');
  });

  it('is over after a revocation at another instance that shares a channel', async () => {
    const server = new MemoryServer();
    const one = await boot(adapter, 'ws', { shared: { channel: server.connect() } });
    const two = await boot(adapter, 'ws', { shared: { channel: server.connect() } });
    await until(async () => (await two.request('/auth/me', { headers: ann.bearer })).status === 200);
    const hers = await read(two, ann);
    expect(await one.revocations.revokeAll()).toMatchObject({ reach: 'shared' });
    expect(await hers.ended).toContain('data: ann');
    expect([one.watchedCount(), two.watchedCount()]).toEqual([0, 0]);
  });
});
