// The sample app's start page: who one is, signing in from it alone, and nothing in it that could run.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EmbeddedDescope } from '../../sample-app/src/embedded/embedded-descope.js';
import { startSample } from '../../sample-app/src/start/start-sample.js';
import type { Sample } from '../../sample-app/src/start/start-sample.js';
import { ADAPTERS, ask } from '../support/application.js';

describe.each(ADAPTERS)('The start page on %s', (adapter) => {
  let sample: Sample;

  beforeAll(async () => {
    sample = await startSample({ host: '127.0.0.1', port: 0, adapter, projectId: undefined });
  });
  afterAll(() => sample.app.close());

  const emulator = () => (sample.embedded as EmbeddedDescope).emulator;
  const page = (cookie = '') => ask(`${sample.url}/`, { headers: { cookie } });
  const post = (action: string, headers: Record<string, string>, body = 'person=ada') =>
    ask(`${sample.url}/embedded/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body,
    });

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
    expect(first.text).not.toMatch(/\son\w+=|\sstyle=|(?:src|href)="(?!data:)/);
  });

  it('signs in with a cookie that scripts cannot read, shows who one is, and signs out', async () => {
    const signedIn = await post('sign-in', { 'sec-fetch-site': 'same-origin', origin: sample.url });
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, '/']);
    const [cookie = '', ...attributes] = (signedIn.headers.getSetCookie()[0] ?? '').split('; ');
    expect(cookie).toMatch(/^DS=[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(attributes).toEqual(['Max-Age=3600', 'Path=/', 'HttpOnly', 'SameSite=Lax']);

    const { text } = await page(cookie);
    for (const shown of ['Ada Lovelace', 'ada@example.com', 'is_staff', 'reports:read', 'acme', 'Sign out'])
      expect(text).toContain(shown);
    expect(text).not.toContain(cookie.slice(3));

    const signedOut = await post('sign-out', { origin: sample.url });
    expect(signedOut.status).toBe(303);
    expect(signedOut.headers.getSetCookie()).toEqual(['DS=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling site', { 'sec-fetch-site': 'same-site' }],
    ['another site that names our origin', { 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['nowhere', {}],
  ])('refuses a form posted from %s, and sets no cookie', async (_where, headers) => {
    for (const action of ['sign-in', 'sign-out']) {
      const answer = await post(action, headers as Record<string, string>);
      expect([answer.status, answer.body['code']]).toEqual([403, 'REQUEST_CROSS_SITE']);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  });

  it('signs in seeded people only', async () => {
    for (const body of ['person=eve', 'person=__proto__', 'person[]=ada', ''])
      expect((await post('sign-in', { origin: sample.url }, body)).status).toBe(400);
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
