// Who may use the emulator's console, and what keeps everybody else away from it.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { ConsoleVisitor } from '../../support/console-visitor.js';
import { sendRaw } from '../../support/raw-request.js';
import { useEmulator } from '../../support/use-emulator.js';

const TOKEN = 'a-fixed-console-token';
const bed = useEmulator({ consoleToken: TOKEN, seed: { users: [{ loginId: 'ada@example.com' }] } });

const open = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${bed.emulator.url}${path}`, { redirect: 'manual', headers: { accept: 'text/html', ...headers } });
const enter = () => new ConsoleVisitor(bed.emulator).enter();

describe('The address of the console', () => {
  it('has the token, a fixed one or a new one for each emulator', async () => {
    expect(bed.emulator.consoleUrl).toBe(`${bed.emulator.url}/?token=${TOKEN}`);
    const emulators = [await startEmulator(), await startEmulator()];
    const tokens = emulators.map(({ consoleUrl }) => new URL(consoleUrl).searchParams.get('token') ?? '');
    await Promise.all(emulators.map((emulator) => emulator.close()));
    expect(tokens[0]).toMatch(/^\w{48}$/);
    expect(tokens[0]).not.toBe(tokens[1]);
  });

  it('gives the browser a cookie that is not the token, and leads to an address without it', async () => {
    const response = await open(`/?token=${TOKEN}`);
    expect([response.status, response.headers.get('location')]).toEqual([303, '/emulator/']);
    const { port } = new URL(bed.emulator.url);
    const [cookie = ''] = response.headers.getSetCookie();
    expect(cookie).toMatch(
      new RegExp(`^emulator-console-${port}=[\\w-]{43}; Path=/emulator; HttpOnly; SameSite=Strict$`),
    );
    expect(cookie).not.toContain(TOKEN);
  });

  it('is the root of the emulator for a browser, and nothing for other clients', async () => {
    const visitor = await enter();
    const response = await open('/'); // the cookie is not sent here
    expect([response.status, response.headers.get('location')]).toEqual([303, '/emulator/']);
    expect((await visitor.open('/emulator/')).text).toContain('<h1>Overview</h1>');
    const other = await fetch(`${bed.emulator.url}/`, { headers: { accept: '*/*' } });
    expect([other.status, await other.json()]).toEqual([
      404,
      expect.objectContaining({ errorCode: 'E011001' }),
    ]);
  });

  it.each(['short', 'with spaces in the token', 12])(
    'is not built with the token %j',
    async (consoleToken) => {
      const starting = startEmulator({ consoleToken: consoleToken as string });
      await expect(starting).rejects.toMatchObject({
        code: 'EMULATOR_OPTIONS_INVALID',
        message: expect.stringContaining('consoleToken must have at least 16'),
      });
    },
  );
});

describe('The console', () => {
  it.each(['/emulator', '/emulator/', '/emulator/users', '/emulator/requests/live'])(
    'shows %s to nobody without the token, and says where it is',
    async (path) => {
      const response = await open(path);
      const text = await response.text();
      expect([response.status, text]).toEqual([401, expect.stringContaining('The terminal in which')]);
      expect(text).not.toMatch(/ada@example|formToken/);
    },
  );

  it.each(['/?token=', '/?token=wrong', `/?token=${TOKEN}x`, `/?token=${TOKEN.slice(1)}`])(
    'rejects the wrong token of %s, and sets no cookie',
    async (path) => {
      const response = await open(path);
      expect([response.status, response.headers.getSetCookie()]).toEqual([401, []]);
      expect(await response.text()).toMatch(/The token in the address is wrong[^]*The terminal in which/);
    },
  );

  it('does not accept the cookie of an emulator on another port', async () => {
    const other = await startEmulator({ consoleToken: TOKEN });
    const { headers } = await new ConsoleVisitor(other).enter();
    await other.close();
    const value = headers['cookie']?.split('=')[1] ?? '';
    const { port } = new URL(bed.emulator.url);
    expect((await open('/emulator/', headers)).status).toBe(401);
    expect((await open('/emulator/', { cookie: `emulator-console-${port}=${value}` })).status).toBe(401);
    expect((await open('/emulator/', { cookie: `emulator-console-${port}=${TOKEN}` })).status).toBe(401);
    expect((await open('/emulator/', (await enter()).headers)).status).toBe(200);
  });

  it.each([
    ['evil.example', 403],
    ['evil.example:80', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['', 403],
    ['a@b', 403],
    ['localhost:1', 401],
    ['app.localhost', 401],
    ['[::1]:4400', 401],
    ['127.0.0.1', 401],
  ])('is served at its own host names alone: %j has %i', async (host, status) => {
    const request = `GET /emulator/?token=${status === 403 ? TOKEN : 'wrong'}`;
    const answer = await sendRaw(bed.emulator.url, request, [`Host: ${host}`, 'Accept: text/html']);
    expect(answer.status).toBe(status);
    expect(answer.text.toLowerCase()).not.toContain('set-cookie');
  });

  it('takes no CORS: a page of another origin reads nothing and sends nothing', async () => {
    const { headers } = await enter();
    const origin = 'http://localhost:3000';
    for (const path of ['/emulator/users', '/emulator/requests/live', '/']) {
      const response = await open(path, { ...headers, origin });
      expect([path, response.status]).toEqual([path, 403]);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
    const preflight = await fetch(`${bed.emulator.url}/emulator/users/create`, {
      method: 'OPTIONS',
      headers: { ...headers, origin, 'access-control-request-method': 'POST' },
    });
    const allowed = [...preflight.headers.keys()].filter((name) => name.startsWith('access-control'));
    expect([preflight.status, allowed]).toEqual([405, []]);
  });

  it('has no frame, no cache, no script of others and no referrer', async () => {
    const visitor = await enter();
    for (const { headers, text } of [
      await visitor.open('/emulator/users'),
      await visitor.open('/emulator/no'),
    ]) {
      const policy = headers.get('content-security-policy') ?? '';
      const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
      expect(policy).toBe(
        `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; ` +
          "img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
      expect(text.match(/<(?:script|style)[^>]*>/g)).toEqual([
        `<style nonce="${nonce}">`,
        `<script nonce="${nonce}">`,
      ]);
      expect(text).not.toMatch(/<[^>]+\s(?:on\w+|style)=/);
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
      });
    }
    const nonces = await Promise.all([visitor.open('/emulator/'), visitor.open('/emulator/')]);
    expect(new Set(nonces.map(({ headers }) => headers.get('content-security-policy'))).size).toBe(2);
  });

  it('keeps its own requests out of the log, and away from faults', async () => {
    bed.emulator.faults.add({ path: '/', status: 500 });
    const visitor = await enter();
    expect((await visitor.open('/emulator/faults')).status).toBe(200);
    expect(bed.emulator.requests.count()).toBe(0);
    await visitor.send('faults', 'clear');
    expect(bed.emulator.faults.all).toEqual([]);
  });
});

describe('A form of the console', () => {
  const create = async (headers: Record<string, string>, formToken?: string) => {
    const visitor = await enter();
    const { text } = await visitor.open('/emulator/users');
    const own = /name="formToken"\s+value="([^"]+)"/.exec(text)?.[1] ?? '';
    const fields = { loginId: 'eve@example.com', formToken: formToken ?? own };
    const body = new URLSearchParams(fields);
    return visitor.open('/emulator/users/create', { method: 'POST', body, headers });
  };

  it.each([
    [{ origin: 'http://evil.example' }],
    [{ origin: 'http://127.0.0.1:3000' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }], // another port of this machine
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', origin: 'null' }],
  ])('is not taken from a page of another site: %j', async (headers) => {
    expect((await create(headers as Record<string, string>)).status).toBe(403);
    expect(bed.emulator.loginIds).toEqual(['ada@example.com']);
  });

  it.each(['', 'wrong'])('is not taken without its own token: %j', async (formToken) => {
    const answer = await create({ 'sec-fetch-site': 'same-origin' }, formToken);
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('not one of the console')]);
    expect(bed.emulator.loginIds).toEqual(['ada@example.com']);
  });

  it('is not taken without the cookie', async () => {
    const body = new URLSearchParams({ loginId: 'eve@example.com', formToken: TOKEN });
    const response = await fetch(`${bed.emulator.url}/emulator/users/create`, { method: 'POST', body });
    expect([response.status, bed.emulator.loginIds]).toEqual([401, ['ada@example.com']]);
  });

  it('is taken from a page of the console, as a browser sends it', async () => {
    const headers = { origin: 'null', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' };
    expect((await create(headers)).status).toBe(303);
    expect(bed.emulator.loginIds).toContain('eve@example.com');
  });

  it('changes nothing when its address is opened, and is bounded', async () => {
    const visitor = await enter();
    for (const path of [
      '/emulator/reset',
      '/emulator/users/create?loginId=eve@example.com',
      '/emulator/keys/rotate',
    ]) {
      expect([path, (await visitor.open(path)).status]).toEqual([path, 404]);
    }
    expect(bed.emulator.loginIds).toEqual(['ada@example.com']);
    const body = `formToken=${'x'.repeat(2_000_000)}`;
    expect((await visitor.open('/emulator/users/create', { method: 'POST', body })).status).toBe(413);
    expect((await visitor.open('/emulator/users', { method: 'DELETE' })).status).toBe(405);
  });
});

describe('The console of an emulator that other machines reach', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator({ host: '0.0.0.0', allowRemote: true });
  });
  afterAll(() => emulator.close());

  it('is never open without the token', async () => {
    const path = `${emulator.url}/emulator/users`;
    expect((await fetch(path)).status).toBe(401);
    const visitor = await new ConsoleVisitor(emulator).enter();
    expect((await fetch(path, { headers: visitor.headers })).status).toBe(200);
  });
});
