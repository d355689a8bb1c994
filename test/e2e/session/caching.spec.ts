// What sets or uses a session is kept by no shared cache, whatever the handler says of caching.
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, Res, StreamableFile } from '@nestjs/common';
import { OptionalAuth, Public } from 'nestjs-descope';
import type { AdapterName } from '../../support/application.js';
import { ADAPTERS } from '../../support/application.js';
import { CookieJar } from '../../support/cookie-jar.js';
import { useServerSession, VisibleStore } from '../../support/server-session.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

const SHARED = 'public, max-age=60';
type RawResponse = ServerResponse & { readonly raw?: ServerResponse };

@Controller('cached')
class CachedController {
  @Public()
  @Header('Cache-Control', SHARED)
  @Get('public')
  shared() {
    return { ok: true };
  }

  @Public()
  @Header('Cache-Control', 'no-cache')
  @Get('stored')
  stored() {
    return { ok: true };
  }

  @Public()
  @Header('Cache-Control', SHARED)
  @Get('stream')
  stream() {
    return new StreamableFile(Buffer.from('{"ok":true}'));
  }

  @Public()
  @Get('object')
  object(@Res() response: RawResponse) {
    const headers = { 'cache-control': SHARED, vary: 'Accept', 'x-own': '1' };
    (response.raw ?? response).writeHead(200, 'Fine', headers).end('{}');
  }

  @Public()
  @Get('list')
  list(@Res() response: RawResponse) {
    const headers = ['Cache-Control', SHARED, 'X-Own', '1', 'Vary', 'Accept'];
    (response.raw ?? response).writeHead(200, headers).end('{}');
  }

  @Header('Cache-Control', SHARED)
  @Header('Vary', 'Accept')
  @Get('guarded')
  guarded() {
    return { ok: true };
  }

  @OptionalAuth()
  @Header('Cache-Control', SHARED)
  @Get('optional')
  optional() {
    return { ok: true };
  }

  @Header('Cache-Control', 'public, s-maxage=60')
  @Get('stream-guarded')
  guardedStream() {
    return new StreamableFile(Buffer.from('{"ok":true}'));
  }

  @Header('Cache-Control', 'private, public, max-age=60')
  @Get('private-and-public')
  privateAndPublic() {
    return { ok: true };
  }

  @Header('Cache-Control', 'private, s-maxage=60')
  @Get('private-and-shared')
  privateAndShared() {
    return { ok: true };
  }

  @Header('Cache-Control', 'max-age=60, must-revalidate')
  @Get('revalidated')
  revalidated() {
    return { ok: true };
  }

  @Header('Cache-Control', 'private="x-name", max-age=60')
  @Get('private-field')
  privateField() {
    return { ok: true };
  }

  @Header('CDN-Cache-Control', SHARED)
  @Header('Surrogate-Control', 'max-age=60')
  @Get('targeted')
  targeted() {
    return { ok: true };
  }

  @Header('Cache-Control', 'private, max-age=60')
  @Header('Vary', 'Accept')
  @Get('private')
  mine() {
    return { ok: true };
  }
}

const toVary = (headers: Headers) => headers.get('vary')?.split(/, */).sort();

async function start(adapter: AdapterName): Promise<SessionApplication> {
  return startWithSessions(adapter, { routes: {} }, { controllers: [CachedController] });
}

describe.each(ADAPTERS)('Caching, on %s', (adapter) => {
  let app: SessionApplication;
  beforeEach(async () => {
    app = await start(adapter);
  });
  afterEach(() => app.stop());
  const get = (path: string, browser = new CookieJar()) => app.request(path, { headers: browser.headers });

  it.each(['public', 'stored', 'stream', 'object', 'list'])(
    'keeps a refresh out of shared caches, on a public route that allows them (%s)',
    async (path) => {
      const browser = await app.signIn();
      app.emulator.clock.advance(TEN_MINUTES + 6_000);
      const answer = await get(`/cached/${path}`, browser);
      const isRaw = ['object', 'list'].includes(path);
      // Who writes past Fastify's reply leaves all of its headers out; the memory of refreshes still has the session.
      const cookies = isRaw && adapter === 'fastify' ? 0 : 1;
      expect([answer.status, answer.headers.getSetCookie().length]).toEqual([200, cookies]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(toVary(answer.headers)).toContain('Cookie');
      if (!isRaw) return;
      expect([answer.headers.get('x-own'), toVary(answer.headers)]).toEqual(['1', ['Accept', 'Cookie']]);
    },
  );

  it('keeps cookies that go out of shared caches', async () => {
    const browser = await app.signIn();
    app.emulator.reset();
    app.emulator.clock.advance(3 * TEN_MINUTES);
    const answer = await get('/cached/public', browser);
    expect([answer.status, answer.headers.getSetCookie().length]).toEqual([200, 2]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('leaves a public route alone that neither sets nor uses a session', async () => {
    for (const browser of [new CookieJar(), await app.signIn()]) {
      const { headers } = await get('/cached/public', browser);
      expect([headers.get('cache-control'), toVary(headers) ?? []]).toEqual([SHARED, []]);
    }
  });

  it('keeps an answer out of shared caches that a cookie let in, or would change', async () => {
    const guarded = await get('/cached/guarded', await app.signIn());
    expect([guarded.status, guarded.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(toVary(guarded.headers)).toEqual(['Accept', 'Cookie']);
    const optional = await get('/cached/optional');
    expect([optional.status, optional.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(toVary(optional.headers)).toEqual(['Cookie']);
  });

  it.each([
    'guarded',
    'optional',
    'stream-guarded',
    'private-and-public',
    'private-and-shared',
    'revalidated',
    'private-field',
  ])('keeps an answer to a bearer token out of shared caches, as one to a cookie (%s)', async (path) => {
    const browser = await app.signIn();
    const token = /DS=([^;]+)/.exec(browser.headers.cookie ?? '')?.[1] ?? '';
    for (const headers of [{ authorization: `Bearer ${token}` }, browser.headers]) {
      const answer = await app.request(`/cached/${path}`, { headers: { ...headers } });
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    }
  });

  it('tells caches that have a header of their own the same', async () => {
    const { headers } = await get('/cached/targeted', await app.signIn());
    const names = ['cache-control', 'cdn-cache-control', 'surrogate-control'];
    expect(names.map((name) => headers.get(name))).toEqual(['no-store', 'no-store', 'no-store']);
  });

  it('lets a handler keep an answer to a bearer token with its caller', async () => {
    const token = /DS=([^;]+)/.exec((await app.signIn()).headers.cookie ?? '')?.[1] ?? '';
    const headers = { authorization: `Bearer ${token}` };
    const answer = await app.request('/cached/private', { headers });
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, max-age=60']);
  });

  it('lets a handler keep its answer in the browser', async () => {
    const browser = await app.signIn();
    for (const turn of ['at once', 'refreshed']) {
      const { headers } = await get('/cached/private', browser);
      expect([turn, headers.get('cache-control')]).toEqual([turn, 'private, max-age=60']);
      expect(toVary(headers)).toEqual(['Accept', 'Cookie']);
      app.emulator.clock.advance(TEN_MINUTES + 6_000);
    }
  });

  it('lets the script of the login page be kept, but not beside a refresh', async () => {
    const browser = await app.signIn();
    expect((await get('/auth/descope-wc.js', browser)).headers.get('cache-control')).toContain('public');
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const refreshed = await get('/auth/descope-wc.js', browser);
    expect([refreshed.headers.getSetCookie().length, refreshed.headers.get('cache-control')]).toEqual([
      1,
      'no-store',
    ]);
  });
});

describe.each(ADAPTERS)('Caching beside a server-side session, on %s', (adapter) => {
  it('keeps a refresh out of shared caches', async () => {
    const session = { store: 'request-session', refresh: true } as const;
    const setup = {
      controllers: [CachedController],
      configure: useServerSession(adapter, new VisibleStore()),
    };
    const app = await startWithSessions(adapter, { session, routes: {} }, setup);
    const headers = { 'content-type': 'application/json', origin: app.url };
    const body = JSON.stringify(await app.emulator.signIn(ANNA));
    const signedIn = await app.request('/auth/store_jwt', { method: 'POST', headers, body });
    const browser = new CookieJar().take(signedIn.headers);
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const answer = await app.request('/cached/public', { headers: browser.headers });
    expect(app.emulator.requests.count('/v1/auth/refresh')).toBe(1);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(toVary(answer.headers)).toContain('Cookie');
    await app.stop();
  });
});
