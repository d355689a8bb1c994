// Attacks on the emulator's authorization endpoint, its consent page and its token endpoint.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import * as oauth from 'oauth4webapi';
import { consent, openConsent, readInput, submitConsent } from '../../support/consent.js';
import { CookieJar } from '../../support/cookie-jar.js';
import type { OAuthParty, Started } from '../../support/oauth-flow.js';
import { discover, INSECURE, postToken, redeem, signIn, start } from '../../support/oauth-flow.js';
import { useEmulator } from '../../support/use-emulator.js';

const CALLBACK = 'https://shop.example.com/callback';
const NAME = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`;
const SEED = {
  users: [{ loginId: 'ada@example.com' }, { loginId: '"><b>eve' }],
  inboundApps: [
    { name: 'shop', clientId: 'shop', clientSecret: 's', redirectUris: [CALLBACK], scopes: ['read'] },
    { name: 'other', clientId: 'other', clientSecret: 'o', redirectUris: [CALLBACK], scopes: ['read'] },
    { name: 'spa', clientId: 'spa', redirectUris: [CALLBACK, 'http://127.0.0.1:4000/cb'], scopes: ['read'] },
    { name: NAME, clientId: 'xss', redirectUris: ['myapp://callback'], scopes: ['"><script>'.slice(2)] },
  ],
};
const bed = useEmulator({ seed: SEED });

const toParty = async (clientId: string, secret?: string, emulator: Emulator = bed.emulator) => ({
  as: await discover(`${emulator.url}/v1/apps/${emulator.projectId}`),
  client: { client_id: clientId },
  auth: secret === undefined ? oauth.None() : oauth.ClientSecretPost(secret),
  redirectUri: CALLBACK,
});
const shop = () => toParty('shop', 's');

const errorOf = async (party: OAuthParty, parameters: Record<string, string | undefined>) => {
  const { location } = await openConsent((await start(party, parameters)).url);
  return location === undefined ? 'page' : location.searchParams.get('error');
};

describe('An authorization request', () => {
  it.each([
    ['without a challenge', { code_challenge: undefined }, 'invalid_request'],
    ['with a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['without a method, which is a plain challenge', { code_challenge_method: undefined }, 'invalid_request'],
    ['with a challenge that is no SHA-256', { code_challenge: 'x'.repeat(42) }, 'invalid_request'],
    ['for a token in the URL', { response_type: 'token' }, 'unsupported_response_type'],
    ['for an ID token in the URL', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['for a fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['for a scope that is not the app’s', { scope: 'read admin' }, 'invalid_scope'],
    ['for a relative resource', { resource: '/mcp' }, 'invalid_target'],
    ['for a resource with a fragment', { resource: 'https://a.example.com/#x' }, 'invalid_target'],
    ['with a request object', { request: 'e30.e30.' }, 'request_not_supported'],
    ['without a page', { prompt: 'none' }, 'interaction_required'],
    ['with what would silently change nothing', { claims: '{}' }, 'invalid_request'],
  ])('%s is rejected at the redirect URI', async (_what, parameters, error) => {
    expect(await errorOf(await shop(), parameters)).toBe(error);
  });

  it.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['no client', { client_id: undefined }],
    ['no redirect URI', { redirect_uri: undefined }],
    ['another host', { redirect_uri: 'https://evil.example.com/callback' }],
    ['a longer host', { redirect_uri: 'https://shop.example.com.evil.example/callback' }],
    ['a user name before another host', { redirect_uri: 'https://shop.example.com@evil.example/callback' }],
    ['a backslash', { redirect_uri: 'https://evil.example\\@shop.example.com/callback' }],
    ['a deeper path', { redirect_uri: `${CALLBACK}/deeper` }],
    ['a path that climbs', { redirect_uri: 'https://shop.example.com/x/../callback' }],
    ['a query', { redirect_uri: `${CALLBACK}?next=https://evil.example.com` }],
    ['a fragment', { redirect_uri: `${CALLBACK}#x` }],
    ['a slash at the end', { redirect_uri: `${CALLBACK}/` }],
    ['upper case', { redirect_uri: 'https://SHOP.example.com/callback' }],
    ['an encoded letter', { redirect_uri: 'https://shop.example.com/%63allback' }],
    ['another port', { redirect_uri: 'https://shop.example.com:8443/callback' }],
    ['http', { redirect_uri: 'http://shop.example.com/callback' }],
    ['a script', { redirect_uri: 'javascript:alert(1)//' }],
    ['a relative URI', { redirect_uri: '//evil.example.com/callback' }],
    ['a line break', { redirect_uri: `${CALLBACK}\r\nset-cookie: a=b` }],
  ])('is never redirected for %s', async (_what, parameters) => {
    const page = await openConsent((await start(await shop(), parameters)).url);
    expect([page.status, page.location]).toEqual([400, undefined]);
    expect(page.html).toContain('The request was rejected');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('is not redirected where a parameter of the redirect stands twice, and rejected for any other', async () => {
    const party = await shop();
    for (const [name, value] of [
      ['redirect_uri', 'https://evil.example.com/'],
      ['client_id', 'other'],
    ] as const) {
      const { url } = await start(party);
      url.searchParams.append(name, value);
      expect((await openConsent(url)).location).toBeUndefined();
    }
    const { url } = await start(party);
    url.searchParams.append('state', 'second');
    const location = (await openConsent(url)).location;
    expect(location?.href).toMatch(/^https:\/\/shop\.example\.com\/callback\?error=invalid_request/);
    expect(location?.searchParams.has('state')).toBe(false);
  });

  it('is described in the characters of RFC 6749', async () => {
    const { location } = await openConsent((await start(await shop(), { scope: 'r\u00e9"\\\n' })).url);
    expect(location?.searchParams.get('error_description')).toMatch(/the scope r\?\?\?\?$/);
  });

  it("takes an inbound app's loopback port as it is registered", async () => {
    const party = { ...(await toParty('spa')), redirectUri: 'http://127.0.0.1:4000/cb' };
    expect((await openConsent((await start(party)).url)).status).toBe(200);
    const other = await start({ ...party, redirectUri: 'http://127.0.0.1:4001/cb' });
    expect((await openConsent(other.url)).status).toBe(400);
  });
});

describe('The consent page', () => {
  it('is not stored, framed or scripted, and opens from a link of another site', async () => {
    const { url } = await start(await shop());
    const response = await fetch(url, {
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    });
    const { headers } = response;
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'content-type': 'text/html; charset=utf-8',
    });
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]+=*'; form-action 'self' https:\/\/shop/,
    );
    expect(policy).toContain("frame-ancestors 'none'; base-uri 'none'");
    expect(headers.has('access-control-allow-origin')).toBe(false);
    expect(await response.text()).not.toContain('<script');
  });

  it.each(['https://evil.example.com', 'http://localhost:3000'])(
    'is not read by a page of %s',
    async (origin) => {
      const { url } = await start(await shop());
      const response = await fetch(url, { headers: { origin } });
      expect([response.status, response.headers.has('access-control-allow-origin')]).toEqual([403, false]);
      expect(await response.text()).not.toContain('ticket');
    },
  );

  it('shows names, scopes and users as text', async () => {
    const party = { ...(await toParty('xss')), redirectUri: 'myapp://callback' };
    const page = await openConsent((await start(party, { resource: 'https://a.example.com/?"><i>' })).url);
    expect(page.status).toBe(200);
    expect(page.html).not.toMatch(/<script|<img|<b>|<i>/);
    expect(page.html).toContain('&#60;script&#62;alert(1)');
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self' myapp:;");
    const hinted = await start(party, { login_hint: '"autofocus onfocus="alert(1)' });
    const { html } = await openConsent(hinted.url);
    expect(readInput(html, 'loginId')).toBe('"autofocus onfocus="alert(1)');
    const wrong = await submitConsent(await openConsent(hinted.url), { loginId: '<script>' });
    expect([wrong.status, wrong.html.includes('<script')]).toEqual([400, false]);
  });

  it.each([
    ['from another origin', 403, { origin: 'https://evil.example.com' }],
    ['from another page of this machine', 403, { origin: 'http://localhost:3000' }],
    ['from a sandboxed frame', 403, { origin: 'null' }],
    ['from another site', 403, { 'sec-fetch-site': 'cross-site' }],
    ['from a sibling', 403, { 'sec-fetch-site': 'same-site' }],
    ['without its cookie', 400, { cookie: '' }],
    ['with the cookie of another browser', 400, { cookie: `emulator-consent=${'a'.repeat(48)}` }],
  ])('is not answered %s', async (_what, status, headers) => {
    const answered = await submitConsent(await openConsent((await start(await shop())).url), { headers });
    expect([answered.status, answered.location]).toEqual([status, undefined]);
  });

  it('is answered once, within ten minutes, and only where it was opened', async () => {
    const party = await shop();
    const page = await openConsent((await start(party)).url);
    expect((await submitConsent(page)).location?.searchParams.has('code')).toBe(true);
    expect((await submitConsent(page)).status).toBe(400);
    const late = await openConsent((await start(party)).url);
    bed.emulator.clock.advance(11 * 60 * 1000);
    expect((await submitConsent(late)).status).toBe(400);
    const stolen = await openConsent((await start(party)).url);
    expect((await submitConsent({ ...stolen, jar: new CookieJar() })).status).toBe(400);
  });

  it('of one tab does not disturb another tab of the browser', async () => {
    const party = await shop();
    const first = await openConsent((await start(party)).url);
    const second = await openConsent((await start(party)).url, first.jar);
    expect((await submitConsent(first)).location?.searchParams.has('code')).toBe(true);
    expect((await submitConsent(second)).location?.searchParams.has('code')).toBe(true);
  });
});

describe('A code', () => {
  const getCode = async (party: OAuthParty) => {
    const started = await start(party);
    const callback = await consent(started.url);
    return { started, callback, code: callback.searchParams.get('code') ?? '' };
  };
  const fieldsOf = ({ verifier }: Started, code: string) => ({
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: CALLBACK,
    client_id: 'shop',
    client_secret: 's',
  });

  it('that comes again is rejected, and ends what it got', async () => {
    const party = await shop();
    const { started, callback } = await getCode(party);
    const tokens = await redeem(party, started, callback);
    await expect(redeem(party, started, callback)).rejects.toMatchObject({ error: 'invalid_grant' });
    const { as, client } = party;
    expect((await oauth.userInfoRequest(as, client, tokens.access_token, INSECURE)).status).toBe(401);
    const fields = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' };
    const refreshed = await postToken(as.token_endpoint, {
      ...fields,
      client_id: 'shop',
      client_secret: 's',
    });
    expect(refreshed.body['error']).toBe('invalid_grant');
  });

  it.each([
    ['another client', { client_id: 'other', client_secret: 'o' }, 400, 'invalid_grant'],
    ['a public client', { client_id: 'spa', client_secret: '' }, 400, 'invalid_grant'],
    ['no secret', { client_secret: '' }, 401, 'invalid_client'],
    ['a wrong verifier', { code_verifier: 'v'.repeat(43) }, 400, 'invalid_grant'],
    ['no verifier', { code_verifier: '' }, 400, 'invalid_grant'],
    ['a short verifier', { code_verifier: 'v' }, 400, 'invalid_grant'],
    ['another redirect URI', { redirect_uri: `${CALLBACK}/` }, 400, 'invalid_grant'],
    ['a resource that was not asked for', { resource: 'https://a.example.com/' }, 400, 'invalid_target'],
    ['another MCP server', { mcp_server_id: 'MS9' }, 400, 'invalid_grant'],
    ['another project', { project_id: 'P2other' }, 401, 'invalid_client'],
  ])('is rejected with %s, in the words of RFC 6749', async (_what, change, status, error) => {
    const party = await shop();
    const { started, code } = await getCode(party);
    const response = await postToken(party.as.token_endpoint, { ...fieldsOf(started, code), ...change });
    expect([response.status, response.body['error']]).toEqual([status, error]);
    expect(response.body).toMatchObject({ error_description: expect.any(String) });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.has('www-authenticate')).toBe(status === 401);
  });

  it('that another client has tried is still good for its own', async () => {
    const party = await shop();
    const { started, callback, code } = await getCode(party);
    await postToken(party.as.token_endpoint, {
      ...fieldsOf(started, code),
      client_id: 'other',
      client_secret: 'o',
    });
    await expect(redeem(party, started, callback)).resolves.toMatchObject({ scope: 'read' });
  });

  it('needs no redirect URI, as in OAuth 2.1, and has expired after codeSeconds', async () => {
    const party = await shop();
    const { started, code } = await getCode(party);
    const { redirect_uri: _uri, ...fields } = fieldsOf(started, code);
    expect((await postToken(party.as.token_endpoint, fields)).status).toBe(200);
    const late = await getCode(party);
    bed.emulator.clock.advance(181_000);
    const response = await postToken(party.as.token_endpoint, fieldsOf(late.started, late.code));
    expect(response.body['error']).toBe('invalid_grant');
  });

  it('is not read from a body with a field twice', async () => {
    const party = await shop();
    const { started, code } = await getCode(party);
    const body = new URLSearchParams(fieldsOf(started, code));
    body.append('code', code);
    const response = await fetch(party.as.token_endpoint ?? '', { method: 'POST', body });
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_request' }),
    ]);
  });
});

describe('A token', () => {
  it('is not revoked or refreshed by another client', async () => {
    const party = await shop();
    const tokens = await signIn(party);
    const { as } = party;
    const other = { client_id: 'other', client_secret: 'o' };
    for (const token of [tokens.access_token, tokens.refresh_token ?? '']) {
      const response = await postToken(as.revocation_endpoint, { ...other, token });
      expect([response.status, response.body['error']]).toEqual([400, 'invalid_grant']);
    }
    const fields = { ...other, grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' };
    expect((await postToken(as.token_endpoint, fields)).body['error']).toBe('invalid_grant');
    expect((await oauth.userInfoRequest(as, party.client, tokens.access_token, INSECURE)).status).toBe(200);
  });

  it('of a sign-in or of a client itself has no user info', async () => {
    const party = await shop();
    const { sessionJwt } = await bed.emulator.signIn('ada@example.com');
    const own = await bed.emulator.issueAppToken({ app: 'shop' });
    for (const token of [sessionJwt, own, `${own}x`, 'x']) {
      const response = await oauth.userInfoRequest(party.as, party.client, token, INSECURE);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    }
  });
});

describe('A mix-up of two authorization servers', () => {
  let attacker: Emulator;
  beforeAll(async () => (attacker = await startEmulator({ seed: SEED })));
  afterAll(() => attacker.close());

  it('is seen by the client, which reads who has responded', async () => {
    const [honest, evil] = [await shop(), await toParty('shop', 's', attacker)];
    // The client believes that it has asked the attacker's server, and would send the code there.
    const started = await start(honest);
    const callback = await consent(started.url);
    await expect(redeem(evil, started, callback)).rejects.toThrow(/iss/);
    callback.searchParams.delete('iss');
    await expect(redeem(evil, started, callback)).rejects.toThrow(/iss/);
  });

  it('is seen between two MCP servers of one project', async () => {
    const { url, projectId } = bed.emulator;
    const [one, two] = await Promise.all(
      ['MS1', 'MS2'].map(async (id) => ({
        ...(await shop()),
        as: await discover(`${url}/v1/apps/agentic/${projectId}/${id}`),
      })),
    );
    if (!one || !two) throw new Error('Two servers were asked for.');
    const started = await start(one);
    const callback = await consent(started.url);
    await expect(redeem(two, started, callback)).rejects.toThrow(/iss/);
    callback.searchParams.set('iss', two.as.issuer);
    await expect(redeem(two, started, callback)).rejects.toMatchObject({ error: 'invalid_grant' });
  });
});
