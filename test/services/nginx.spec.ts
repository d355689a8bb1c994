// The nginx configuration of docs/gateways.md, in a real nginx, in front of an application and a service that echoes.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS, ask } from '../support/application.js';
import type { SessionApplication } from '../support/session-application.js';
import { ANNA, startWithSessions, TEN_MINUTES } from '../support/session-application.js';
import { startNginx } from './support/nginx.js';

const JSON_TYPE = 'application/json; charset=utf-8';

describe.each(ADAPTERS)('nginx in front of an application on %s', (adapter) => {
  let app: SessionApplication;
  let service: Server;
  let gateway: Awaited<ReturnType<typeof startNginx>>;
  let received: string[];
  beforeAll(async () => {
    const check = { roles: ['admin'], methodHeader: 'X-Original-Method' };
    app = await startWithSessions(adapter, { routes: { check } });
    service = createServer((request, response) => {
      received.push(`${request.method} ${request.url}`);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(request.headers));
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    const { port } = service.address() as AddressInfo;
    gateway = await startNginx({ application: app.url, service: `http://127.0.0.1:${port}` });
    received = [];
  });
  afterAll(async () => {
    await gateway?.stop();
    service?.close();
    await app?.stop();
  });

  const request = (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    received = [];
    return ask(gateway.url + path, { method, headers, ...(method === 'POST' && { body: 'text' }) });
  };
  const bearerOf = async (...roles: string[]) => {
    const claims = { sub: 'U2anna', drn: 'DS', amr: ['pwd'], roles };
    return { authorization: `Bearer ${await app.emulator.signToken({ claims })}` };
  };

  it('passes a request on with who sent it', async () => {
    const answer = await request('/orders?page=2', await bearerOf('admin', 'a,b'));
    expect([answer.status, received]).toEqual([200, ['GET /orders?page=2']]);
    expect(answer.body).toMatchObject({
      'x-auth-user': 'U2anna',
      'x-auth-user-id': 'U2anna',
      'x-auth-roles': 'admin,a%2Cb',
    });
  });

  it('never passes on what a client says of itself', async () => {
    const forged = {
      'x-auth-user': 'root',
      'X-Auth-User-Id': 'root',
      'x-auth-roles': 'admin',
      'x-auth-permissions': 'all',
      'x-auth-tenant': 'T1',
      'x-original-method': 'GET',
    };
    const answer = await request('/', { ...(await bearerOf()), ...forged });
    expect(answer.body).toMatchObject({ 'x-auth-user': 'U2anna', 'x-auth-user-id': 'U2anna' });
    for (const name of ['x-auth-roles', 'x-auth-permissions', 'x-auth-tenant'])
      expect(answer.body).not.toHaveProperty(name);
    expect((await request('/admin/', { ...(await bearerOf()), ...forged })).status).toBe(403);
    expect((await request('/', forged)).status).toBe(401);
  });

  it('answers 401 with the challenge to nobody, and 403 to who has not the role', async () => {
    const nobody = await request('/');
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="descope"']);
    expect((await request('/', { authorization: 'Bearer a.b.c' })).status).toBe(401);
    expect((await request('/admin/', await bearerOf('editor'))).status).toBe(403);
    expect(received).toEqual([]);
    expect((await request('/admin/', await bearerOf('admin'))).status).toBe(200);
  });

  it("counts a cookie on our own pages' requests, and on another site's only to read", async () => {
    const { headers } = await app.signIn();
    const foreign = { ...headers, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await request('/orders', foreign)).status).toBe(200);
    expect((await request('/orders', foreign, 'POST')).status).toBe(403);
    expect((await request('/orders', { ...foreign, 'x-original-method': 'GET' }, 'POST')).status).toBe(403);
    expect(received).toEqual([]);
    const own = await request('/orders', { ...headers, origin: gateway.url }, 'POST');
    expect([own.status, received]).toEqual([200, ['POST /orders']]);
  });

  it('signs in through the gateway, and does not show the check', async () => {
    const tokens = await app.emulator.signIn(ANNA);
    const headers = { 'content-type': 'application/json', origin: gateway.url };
    const body = JSON.stringify(tokens);
    const answer = await ask(`${gateway.url}/auth/store_jwt`, { method: 'POST', headers, body });
    expect([answer.status, answer.headers.getSetCookie().length]).toEqual([200, 2]);
    for (const line of answer.headers.getSetCookie()) expect(line).toContain('; Secure');
    for (const path of ['/auth/check', '/auth/check/admin'])
      expect((await request(path, await bearerOf('admin'))).status).toBe(404);
    for (const path of ['/auth/check/', '/auth/CHECK', '/auth/%63heck', '/auth/check/admin'])
      expect([path, (await request(path)).headers.get('content-type')]).toEqual([path, 'text/html']);
    const other = await request('/auth/checkout'); // the application's own route, if it has one
    expect([other.status, other.headers.get('content-type')]).toEqual([404, JSON_TYPE]);
  });

  it('answers 503 with Retry-After while the keys cannot be had, and recovers', async () => {
    app.emulator.faults.add({ path: '/v2/keys', status: 500 });
    app.emulator.clock.advance(12 * TEN_MINUTES); // the keys are too old to be used
    const headers = await bearerOf();
    const outage = await request('/', headers);
    expect([outage.status, received]).toEqual([503, []]);
    expect(Number(outage.headers.get('retry-after'))).toBeGreaterThan(0);
    app.emulator.faults.clear();
    app.emulator.clock.advance(11_000);
    expect((await request('/', headers)).status).toBe(200);
  });

  it('answers 503 while the application is away', async () => {
    const headers = await bearerOf();
    await app.app.close();
    expect([(await request('/', headers)).status, received]).toEqual([503, []]);
  });
});
