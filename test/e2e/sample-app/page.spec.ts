// The sample app's start page: who one is, signing in from it alone, and nothing in it that could run.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EmbeddedDescope } from '../../../sample-app/src/embedded/embedded-descope.js';
import { readSettings } from '../../../sample-app/src/start/settings.js';
import type { Sample } from '../../../sample-app/src/start/start-sample.js';
import { startSample } from '../../../sample-app/src/start/start-sample.js';
import { ADAPTERS, ask } from '../../support/application.js';
import { sendRaw } from '../../support/raw-request.js';

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
      expect(text).toContain(`Sign in as ${name}`);
  });

  it('allows by a fresh nonce its own style and script, and nothing else', async () => {
    const [first, second] = await Promise.all([page(), page()]);
    const policy = first.headers.get('content-security-policy') ?? '';
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:/);
    expect(second.headers.get('content-security-policy')).not.toContain(nonce);
    const inline = [...first.text.matchAll(/<(?:script|style)\b([^>]*)>/g)].map(
      ([, attributes]) => attributes,
    );
    expect(inline).toEqual([` nonce="${nonce}"`, ` nonce="${nonce}"`]);
    expect(first.text).not.toMatch(/\son\w+=|\sstyle=|(?:src|href)="(?!data:|\/\w)/);
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

  it('signs in seeded people only', async () => {
    for (const body of [{ person: 'eve' }, { person: '__proto__' }, { person: ['ada'] }, {}])
      expect((await post('/embedded/tokens', own(), body)).status).toBe(400);
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
    expect(text.match(/&#60;script&#62;alert/g)).toHaveLength(5);
  });

  it('says that a stale cookie does not count, and lets one sign in again', async () => {
    const stale = await emulator().signToken({ expiresInSeconds: -60 });
    const { status, text } = await page(`DS=${stale}`);
    expect(status).toBe(200);
    expect(text).toContain('TOKEN_EXPIRED');
    expect(text).toContain('Sign in as Ada Lovelace');
  });
});
