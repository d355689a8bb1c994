// The sample app's start page: who one is, signing in from it alone, and nothing in it that could run but its own.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EmbeddedDescope } from '../../../sample-app/src/embedded/embedded-descope.js';
import { readSettings } from '../../../sample-app/src/start/settings.js';
import type { Sample } from '../../../sample-app/src/start/start-sample.js';
import { startSample } from '../../../sample-app/src/start/start-sample.js';
import { ADAPTERS, ask } from '../../support/application.js';
import { sendRaw } from '../../support/raw-request.js';
import { readSources } from '../../support/source-graph.js';

type Paths = Record<string, Record<string, { security?: readonly object[]; responses?: object }>>;

const unescape = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

/** Six times as the user, five times among the claims, and two buttons that name the user. */
const HOSTILE_PLACES = 13;

describe.each(ADAPTERS)('The start page on %s', (adapter) => {
  let sample: Sample;

  beforeAll(async () => {
    sample = await startSample(readSettings({ PORT: '0', HTTP_ADAPTER: adapter }));
  });
  afterAll(() => sample.app.close());

  const emulator = () => (sample.embedded as EmbeddedDescope).emulator;
  const page = (cookie = '') => ask(`${sample.url}/`, { headers: { cookie } });
  const outbox = (headers: Record<string, string> = {}) => ask(`${sample.url}/embedded/outbox`, { headers });
  const own = () => ({ origin: sample.url });
  const post = (path: string, headers: Record<string, string>, body: unknown = {}) =>
    ask(sample.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  // What the page's script does; gives the cookies.
  async function signIn(): Promise<string> {
    const tokens = await post('/embedded/tokens', own(), { person: 'ada' });
    const stored = await post('/auth/store_jwt', own(), tokens.body);
    expect([tokens.status, stored.status]).toEqual([201, 200]);
    for (const line of stored.headers.getSetCookie())
      expect(line).toMatch(/^DSR?=[\w.-]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/);
    return stored.headers
      .getSetCookie()
      .map((line) => line.split(';', 1)[0])
      .join('; ');
  }

  it('offers to sign in as each seeded person', async () => {
    const { status, headers, text } = await page();
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('Nobody is signed in');
    for (const name of ['Ada Lovelace', 'Bob Baker', 'Carol Clark'])
      expect(text).toMatch(new RegExp(`Sign in as </span\\s*>${name}`));
  });

  it('allows its own style and scripts, and nothing else', async () => {
    const { headers, text } = await page();
    const policy = headers.get('content-security-policy') ?? '';
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"])
      expect(policy).toContain(rule);
    expect(policy).not.toMatch(/unsafe|https?:/);
    expect(text).not.toMatch(/\son\w+=|\sstyle=|<style|<script(?![^>]* src="\/assets\/)/);
    expect(text).not.toMatch(/(?:src|href)="(?!data:|\/|#)/);
  });

  it('serves the files that a page names, and no other', async () => {
    const named = [...(await page()).text.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThanOrEqual(3);
    for (const path of named) {
      const { status, headers, text } = await ask(sample.url + path);
      expect([path, status, headers.get('x-content-type-options')]).toEqual([path, 200, 'nosniff']);
      expect(headers.get('content-type')).toBe(
        path.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
      );
      expect(text).toBe(readFileSync(`sample-app/public/${path.slice('/assets/'.length)}`, 'utf8'));
    }
    for (const name of ['tsconfig.json', 'none.js', '..%2Ftsconfig.json', '__proto__', 'base.css%00'])
      expect([name, (await ask(`${sample.url}/assets/${name}`)).status]).toEqual([name, 404]);
  });

  it('shows what each route demands, as the access map says', async () => {
    const { text } = await page();
    const rows = [...text.matchAll(/class="path">([^<]*)<\/span>\s*<span class="demand">([^<]*)</g)];
    const demands = new Map(rows.map(([, path = '', demand = '']) => [path, demand] as const).reverse());
    for (const [path, demand] of [
      ['/public', 'anybody'],
      ['/maybe', 'anybody, signed in or not'],
      ['/notes', 'any signed-in user'],
      ['/reports', 'permission reports:read'],
      ['/admin', 'role admin'],
      ['/tenants/globex/admin', 'role admin in this tenant'],
      ['{ products }', 'anybody'],
      ['{ cancelOrder(id: 1) }', 'role admin'],
      ['/auth/me', 'any signed-in user'],
    ] as const)
      expect([path, demands.get(path)]).toEqual([path, demand]);
  });

  it('shows code that stands in the sources of the application', async () => {
    const sources = readSources('sample-app/src').filter(({ path }) => !path.includes('/steps/'));
    const lines = sources.flatMap(({ text }) => text.split('\n'));
    const written = new Set(lines.map((line) => line.replace(/ \/\/ .*/, '').trim()));
    const { text } = await page();
    const shown = [...text.matchAll(/aria-label="Code: [^"]*"\s*><code>([^<]*)<\/code>/g)];
    expect(shown.length).toBeGreaterThanOrEqual(8);
    for (const line of shown.flatMap(([, code = '']) => unescape(code).split('\n')))
      expect(written).toContain(line.trim());
  });

  it('offers the sign-in page, which runs the real web component without a library of a CDN', async () => {
    expect((await page()).text).toContain('href="/auth/login"');
    const login = await ask(`${sample.url}/auth/login`);
    expect(login.text).toContain('<descope-wc');
    expect(login.headers.get('content-security-policy')).not.toMatch(/unsafe|descope/);
    const sent = await ask(`${sample.url}/me`, { headers: { accept: 'text/html' } });
    expect([sent.status, sent.headers.get('location')]).toEqual([302, '/auth/login?next=%2Fme']);
  });

  it('signs in with cookies that scripts cannot read, shows who one is, and signs out for good', async () => {
    const browser = await signIn();
    const { text } = await page(browser);
    for (const shown of ['Ada Lovelace', 'ada@example.com', 'is_staff', 'reports:read', 'acme', 'Sign out'])
      expect(text).toContain(shown);
    for (const token of browser.split('; ')) expect(text).not.toContain(token.split('=')[1]);

    const signedOut = await post('/auth/logout', { ...own(), cookie: browser });
    expect(signedOut.status).toBe(204);
    const gone = 'Max-Age=0; Path=/; HttpOnly; SameSite=Lax';
    expect(signedOut.headers.getSetCookie()).toEqual([`DS=; ${gone}`, `DSR=; ${gone}`]);
    const back = await page(browser);
    expect(back.text).toContain('Nobody is signed in');
    expect(back.text).toContain('SESSION_SIGNED_OUT');
  });

  it('refreshes a session that has lapsed', async () => {
    const browser = await signIn();
    emulator().clock.advance(3700 * 1000);
    const { text, headers } = await page(browser);
    expect(text).toContain('Ada Lovelace');
    expect(headers.getSetCookie()[0]).toMatch(/^DS=[\w-]+\.[\w-]+\.[\w-]+; Max-Age=3(?:600|59\d);/);
    emulator().clock.reset();
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling site', { 'sec-fetch-site': 'same-site' }],
    ['another site that names our origin', { 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['nowhere', {}],
  ])('gives no token to a request from %s', async (_where, headers) => {
    const answer = await post('/embedded/tokens', headers, { person: 'ada' });
    expect([answer.status, answer.body['code']]).toEqual([403, 'REQUEST_CROSS_SITE']);
    expect(answer.text).not.toContain('Jwt');
  });

  it('signs in seeded people only, and for seconds that are a number of them', async () => {
    const seconds = [0, 61, 1.5, '5', null].map((value) => ({ person: 'ada', seconds: value }));
    for (const body of [{ person: 'eve' }, { person: '__proto__' }, { person: ['ada'] }, {}, ...seconds])
      expect([body, (await post('/embedded/tokens', own(), body)).status]).toEqual([body, 400]);
  });

  it('gives a session of seconds, which is refreshed for a session of the usual length', async () => {
    const { body } = await post('/embedded/tokens', own(), { person: 'bob', seconds: 1 });
    const stored = await post('/auth/store_jwt', own(), body);
    expect(Date.parse(String(stored.body['expiresAt'])) - Date.now()).toBeLessThanOrEqual(1000);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const cookie = stored.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
    const me = await ask(`${sample.url}/auth/me`, { headers: { cookie: cookie.join('; ') } });
    expect(me.body['user']).toMatchObject({ email: 'bob@example.com', roles: ['editor'] });
    expect(Date.parse(String(me.body['expiresAt'])) - Date.now()).toBeGreaterThan(3_500_000);
  });

  it('gives tokens as text to a terminal of this machine alone', async () => {
    for (const path of ['/embedded/tokens/ada', '/embedded/access-key']) {
      const { status, headers, text } = await ask(sample.url + path);
      expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
      expect(headers.has('access-control-allow-origin')).toBe(false);
      const credential = path.endsWith('key') ? { 'x-api-key': text } : { authorization: `Bearer ${text}` };
      expect((await ask(`${sample.url}/reports`, { headers: credential })).status).toBe(200);
      expect((await ask(sample.url + path, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status).toBe(
        404,
      );
      expect((await sendRaw(sample.url, `GET ${path}`, ['Host: evil.example'])).status).toBe(404);
    }
    expect((await ask(`${sample.url}/embedded/tokens/eve`)).status).toBe(404);
  });

  it('gives the access key to its own pages only', async () => {
    const { status, body } = await post('/embedded/access-key', own());
    expect([status, body]).toEqual([201, { accessKey: (sample.embedded as EmbeddedDescope).accessKey }]);
    const foreign = await post('/embedded/access-key', { origin: 'https://evil.example' });
    expect([foreign.status, foreign.body['code']]).toEqual([403, 'REQUEST_CROSS_SITE']);
  });

  it('leads to Swagger UI, whose document says what the access map says', async () => {
    const docs = await ask(`${sample.url}/docs`);
    expect([docs.status, docs.text.includes('swagger-ui')]).toEqual([200, true]);
    expect(docs.headers.get('content-security-policy')).toContain("script-src 'self';");
    const { paths } = (await ask(`${sample.url}/docs-json`)).body as { paths: Paths };
    expect(
      Object.keys(paths)
        .filter((path) => !path.startsWith('/auth/'))
        .sort(),
    ).toEqual(['/admin', '/maybe', '/me', '/notes', '/public', '/reports', '/tenants/{tenantId}/admin']);
    const toFacts = (path: string) => {
      const { security, responses } = paths[path]?.['get'] ?? {};
      return [security?.length, Object.keys(responses ?? {})];
    };
    expect(toFacts('/public')).toEqual([0, ['200']]);
    expect(toFacts('/admin')).toEqual([2, ['200', '401', '403', '503']]);
  });

  it('shows the newest code in the outbox, to this machine alone', async () => {
    const empty = await outbox();
    expect([empty.status, empty.headers.get('refresh')]).toEqual([200, '2']);
    expect(empty.text).toContain('Nothing yet');
    const message = { loginId: '<b>@example.com', deliveryMethod: 'email', atMs: Date.now() };
    emulator().outbox.add({ ...message, code: '111111' });
    emulator().outbox.add({ ...message, code: '222222' });
    const { text, headers } = await outbox();
    expect(text.indexOf('222222')).toBeLessThan(text.indexOf('111111'));
    expect(text).toContain('To &#60;b&#62;@example.com');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await outbox({ 'x-forwarded-for': '192.0.2.1' })).status).toBe(404);
    const rebound = await sendRaw(sample.url, 'GET /embedded/outbox', ['Host: evil.example']);
    expect(rebound.status).toBe(404);
  });

  it('escapes what the token says', async () => {
    const hostile = '"><script>alert(1)</script>';
    const claims = {
      name: hostile,
      email: hostile,
      roles: [hostile],
      tenants: { [hostile]: { roles: [hostile] } },
    };
    const { sessionJwt } = await emulator().signIn('carol@example.com', { claims });
    const { text } = await page(`DS=${sessionJwt}`);
    expect(text).not.toContain('<script>alert');
    expect(text.match(/&#60;script&#62;alert/g)).toHaveLength(HOSTILE_PLACES);
  });

  it('says that a stale cookie does not count, and lets one sign in again', async () => {
    const stale = await emulator().signToken({ expiresInSeconds: -60 });
    const { status, text } = await page(`DS=${stale}`);
    expect(status).toBe(200);
    expect(text).toContain('TOKEN_EXPIRED');
    expect(text).toMatch(/Sign in as <\/span\s*>Ada Lovelace/);
  });
});
