// Who may call the emulator: pages of which origins, and by which host names. Browsers' rules: Fetch Standard, "CORS protocol".
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { isOwnHost } from '#lib/emulator/http/origins.js';
import { resolveOptions } from '#lib/emulator/options.js';
import { findFreePort } from '../../support/free-port.js';

const EVIL = 'https://evil.example.com';
const seed = { users: [{ loginId: 'ada@example.com' }] };

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

// `fetch` sets no Host header.
async function send(url: string, sent: Sent): Promise<Answer> {
  const { method = 'GET', path = '/health', headers = {}, body } = sent;
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { method, headers }, (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      void text(response).then((content) => resolve({ status, headers: answered, text: content }), reject);
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

const signUp = (origin?: string, more: Readonly<Record<string, string>> = {}): Sent => ({
  method: 'POST',
  path: '/v1/auth/otp/signup-in/email',
  headers: { authorization: 'Bearer P2emulator00000000000000000A', ...(origin ? { origin } : {}), ...more },
  body: '{"loginId":"eve@example.com"}',
});

const preflight = (origin: string, path: string, method = 'POST'): Sent => ({
  method: 'OPTIONS',
  path,
  headers: {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': 'authorization',
  },
});

let emulator: Emulator;
let named: Emulator; // the options name more
let namedUrl = '';
beforeAll(async () => {
  emulator = await startEmulator({ seed });
  const port = await findFreePort();
  namedUrl = `http://127.0.0.1:${port}`;
  named = await startEmulator({
    seed,
    port,
    publicUrl: 'https://descope.dev.example/emulator/',
    allowedOrigins: ['https://app.example.test', 'capacitor://localhost'],
    allowedHosts: ['Proxy.example.test'],
  });
});
afterAll(() => Promise.all([emulator.close(), named.close()]));

describe('a page', () => {
  it.each([
    'http://localhost:3000',
    'https://localhost',
    'http://127.0.0.1:5173',
    'http://127.8.9.10',
    'http://[::1]:3000',
    'http://shop.localhost:8080',
  ])('of this machine may use the API: %s', async (origin) => {
    const { status, headers } = await send(emulator.url, signUp(origin));
    expect([status, headers['access-control-allow-origin'], headers.vary]).toEqual([200, origin, 'Origin']);
    const asked = await send(emulator.url, preflight(origin, '/v1/auth/refresh'));
    expect([asked.status, asked.headers['access-control-allow-headers']]).toEqual([204, 'authorization']);
  });

  it.each([
    EVIL,
    'null',
    'http://localhost.evil.example.com',
    'http://evillocalhost',
    'http://127.0.0.1.example.com',
    'http://192.168.1.2:3000',
    'http://localhost:3000/',
    'file://',
    'capacitor://localhost',
    'x',
  ])('of another origin may neither change nor read anything: %s', async (origin) => {
    emulator.reset();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json']) {
      const { status, headers, text } = await send(emulator.url, signUp(origin, { 'content-type': type }));
      expect([status, headers['access-control-allow-origin']]).toEqual([403, undefined]);
      expect(JSON.parse(text)).toMatchObject({
        errorMessage: expect.stringContaining('allowedOrigins (--allow-origin)'),
      });
    }
    const keys = await send(emulator.url, {
      path: `/v2/keys/${emulator.projectId}`,
      headers: { origin },
    });
    expect([keys.status, keys.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    const asked = await send(emulator.url, preflight(origin, '/v1/auth/refresh'));
    expect([asked.status, asked.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    expect([emulator.loginIds, emulator.outbox.all, emulator.requests.count()]).toEqual([
      ['ada@example.com'],
      [],
      0,
    ]);
  });

  it('of a named origin may use the API, and so may a page of the emulator itself', async () => {
    for (const origin of ['https://app.example.test', 'capacitor://localhost']) {
      const { status, headers } = await send(namedUrl, signUp(origin));
      expect([status, headers['access-control-allow-origin']]).toEqual([200, origin]);
    }
    expect((await send(namedUrl, signUp('https://descope.dev.example'))).status).toBe(200);
    const host = 'proxy.example.test:4400';
    expect((await send(namedUrl, signUp(`https://${host}`, { host }))).status).toBe(200);
    expect((await send(namedUrl, signUp('https://app.example.test:8443'))).status).toBe(403);
  });

  it('may never call management, also from this machine', async () => {
    const headers = { authorization: `Bearer ${emulator.projectId}:${emulator.managementKey}` };
    const path = '/v1/mgmt/user/search';
    for (const origin of ['http://localhost:3000', EVIL]) {
      const asked = await send(emulator.url, preflight(origin, path));
      expect([asked.status, asked.headers['access-control-allow-origin']]).toEqual([403, undefined]);
      const sent = { path, method: 'POST', headers: { ...headers, origin }, body: '{}' };
      const { status, text } = await send(emulator.url, sent);
      expect([
        status,
        text.includes('ada@example.com'),
        text.includes('No page may call management'),
      ]).toEqual([403, false, true]);
    }
    const server = await send(emulator.url, { path, method: 'POST', headers, body: '{}' });
    expect([server.status, server.text.includes('ada@example.com')]).toEqual([200, true]);
  });

  it('of this machine may register a client, as clients of MCP in a browser do', async () => {
    const path = `/v1/mgmt/mcp/client/${emulator.projectId}/MS2notes/register`;
    const origin = 'http://localhost:6274';
    expect((await send(emulator.url, preflight(origin, path))).status).toBe(204);
    const body = JSON.stringify({ redirect_uris: ['http://localhost:6274/callback'] });
    const registered = await send(emulator.url, { method: 'POST', path, headers: { origin }, body });
    expect([registered.status, registered.headers['access-control-allow-origin']]).toEqual([201, origin]);
  });

  it('of another site may link to the emulator', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    const path = '/oauth2/v1/apps/authorize?client_id=x';
    const { status, headers: answered, text } = await send(emulator.url, { path, headers });
    expect([status, answered['content-type'], text.includes('client is unknown')]).toEqual([
      400,
      'text/html; charset=utf-8',
      true,
    ]);
    expect((await send(emulator.url, { path: `/v2/keys/${emulator.projectId}`, headers })).status).toBe(200);
  });
});

describe('a host name', () => {
  it.each([
    'localhost',
    'localhost:4400',
    'LOCALHOST',
    '127.0.0.1:1',
    '[::1]:4400',
    'descope.localhost',
    'localhost.',
  ])('of this machine is answered: %s', async (host) => {
    expect((await send(emulator.url, { headers: { host } })).status).toBe(200);
  });

  it.each([
    'evil.example.com:4400',
    'rebound.127.0.0.1.nip.io',
    'localhost.evil.example.com',
    'emulator:4400',
    '192.168.1.2:4400',
    '0.0.0.0:4400',
    '127.0.0.1@evil.example.com',
    '[::1].evil.example.com',
    'a b',
    'proxy.example.test',
  ])('of others is rejected, with what a page would send: %s', async (host) => {
    emulator.reset();
    for (const sent of [
      signUp(`http://${host}`, { host }),
      { path: '/', headers: { host } },
      { headers: { host } },
    ]) {
      const { status, text, headers } = await send(emulator.url, sent);
      expect([status, headers['access-control-allow-origin']]).toEqual([421, undefined]);
      expect(text).toContain('allowedHosts (--allow-host), or by publicUrl (--public-url)');
    }
    expect(emulator.loginIds).toEqual(['ada@example.com']);
  });

  it.each(['descope.dev.example', 'proxy.example.test:8080', 'PROXY.example.test', '127.0.0.1'])(
    'is answered where an option names it: %s',
    async (host) => {
      expect((await send(namedUrl, { headers: { host } })).status).toBe(200);
    },
  );

  it('is not needed by a tool of HTTP/1.0, which no browser is', async () => {
    const socket = createConnection(Number(new URL(emulator.url).port), '127.0.0.1');
    socket.end('GET /health HTTP/1.0\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('of a private network is answered with allowRemote alone; the one of a page is not', async () => {
    const port = await findFreePort();
    const remote = await startEmulator({ host: '0.0.0.0', allowRemote: true, port });
    const names = [
      'emulator',
      '10.1.2.3',
      '[fd00::1]',
      'host.docker.internal',
      'emulator.dev.svc',
      'mac.local',
    ];
    const statuses = async (hosts: readonly string[]) =>
      Promise.all(
        hosts.map(async (host) => (await send(remote.url, { headers: { host: `${host}:${port}` } })).status),
      );
    expect(await statuses(names)).toEqual(names.map(() => 200));
    expect(await statuses(['evil.example.com', '10.1.2.3.nip.io', 'emulator.evil.example'])).toEqual([
      421, 421, 421,
    ]);
    expect(
      (await send(remote.url, signUp('http://10.1.2.3:3000', { host: `10.1.2.3:${port}` }))).status,
    ).toBe(403);
    await remote.close();
  });

  it('is surely its own only where the machine or an option says so', () => {
    const rules = resolveOptions({
      host: '0.0.0.0',
      allowRemote: true,
      publicUrl: 'http://localhost:4400',
      allowedHosts: ['emulator'],
    });
    const isOwn = (host: string) => isOwnHost({ headers: { host } }, rules);
    expect(['127.0.0.1:4400', 'localhost', 'emulator:4400', '10.1.2.3'].map(isOwn)).toEqual(
      Array(4).fill(true),
    );
    expect(['other:4400', 'evil.example.com', ''].map(isOwn)).toEqual(Array(3).fill(false));
    expect(isOwnHost({ headers: {} }, rules)).toBe(false);
  });
});

describe('publicUrl', () => {
  it('is what applications, links, metadata and issuers are given', async () => {
    const url = 'https://descope.dev.example/emulator';
    const { projectId } = named;
    expect(named.url).toBe(url);
    await send(namedUrl, { ...signUp(), path: '/v1/auth/magiclink/signup-in/email' });
    expect(named.outbox.last('eve@example.com')?.link).toMatch(
      /^https:\/\/descope\.dev\.example\/emulator\/verify\?/,
    );
    const issuer = `${url}/v1/apps/${projectId}`;
    const { text: metadata } = await send(namedUrl, {
      path: `/v1/apps/${projectId}/.well-known/openid-configuration`,
    });
    expect(JSON.parse(metadata)).toMatchObject({ issuer, token_endpoint: `${url}/oauth2/v1/apps/token` });
    expect(decodeJwt(await named.issueAppToken()).iss).toBe(issuer);
    named.configure({ issuer: 'url' });
    expect(decodeJwt((await named.signIn('ada@example.com')).sessionJwt).iss).toBe(`${url}/${projectId}`);
  });

  it('is where the form on the page of a provider comes from, whatever host the proxy names', async () => {
    const started = await send(namedUrl, {
      ...signUp(),
      path: `/v1/auth/oauth/authorize?provider=google&redirectURL=${encodeURIComponent('https://app.example.test/')}`,
    });
    const { url } = JSON.parse(started.text) as { url: string };
    const { status } = await send(namedUrl, {
      method: 'POST',
      path: url.slice(named.url.length),
      headers: {
        origin: 'https://descope.dev.example',
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'email=ada%40example.com',
    });
    expect(status).toBe(303);
  });
});
