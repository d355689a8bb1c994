// Users of the application, and the tenant that a user selects.
import { afterEach, describe, expect, it } from '@jest/globals';
import { ConflictException } from '@nestjs/common';
import type { DescopeSession } from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';
import { ADAPTERS } from '../../support/application.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, startDescope, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

describe.each(ADAPTERS)('Users of the application, on %s', (adapter) => {
  let app: SessionApplication;
  afterEach(() => app.stop());

  const me = async (headers: Record<string, string>) => app.request('/me', { headers });

  it('are what handlers get, loaded once per request', async () => {
    const loaded: DescopeSession[] = [];
    const loadUser = async (session: DescopeSession) => {
      loaded.push(session);
      return { id: 7, email: `own:${session.user?.email}` };
    };
    app = await startWithSessions(adapter, { loadUser, routes: {} });
    const browser = await app.signIn();
    expect((await me(browser.headers)).body).toMatchObject({ id: 7 });
    expect(loaded).toHaveLength(1);
    expect(loaded[0]?.user?.kind).toBe('user');
    const maybe = await app.request('/maybe', { headers: browser.headers });
    expect(maybe.body).toEqual({ id: 7 });
    expect((await app.request('/maybe')).body).toEqual({ id: null });
    expect(loaded).toHaveLength(2);
    const claims = await app.request('/auth/me', { headers: browser.headers });
    expect(claims.body['user']).toMatchObject({ kind: 'user' });
    expect(claims.body).not.toHaveProperty('profile'); // asked for by ?profile=1 alone
  });

  it.each([null, undefined])('stop a session that the application does not know (%s)', async (user) => {
    app = await startWithSessions(adapter, { loadUser: () => user, routes: { check: true } });
    const { headers } = await app.signIn();
    for (const path of ['/me', '/maybe', '/auth/check']) {
      const answer = await app.request(path, { headers: { ...headers, origin: app.url } });
      expect([path, answer.status, answer.body['code']]).toEqual([path, 403, 'USER_NOT_ACCEPTED']);
    }
    expect((await app.request('/public')).status).toBe(200);
  });

  it('let through what loading them throws', async () => {
    const loadUser = () => {
      throw new ConflictException('merging accounts');
    };
    app = await startWithSessions(adapter, { loadUser });
    const answer = await me((await app.signIn()).headers);
    expect([answer.status, answer.body['message']]).toEqual([409, 'merging accounts']);
  });
});

describe.each(ADAPTERS)('POST auth/tenant, on %s', (adapter) => {
  let app: SessionApplication;
  afterEach(() => app.stop());

  it('puts the tenant into the session, and rejects one that is not the user’s', async () => {
    const users = [{ loginId: ANNA, email: ANNA, tenants: [{ tenantId: 'acme' }] }];
    const emulator = await startEmulator({ seed: { users, tenants: [{ id: 'acme' }, { id: 'other' }] } });
    app = await startWithSessions(adapter, { routes: {} }, { emulator });
    const browser = await app.signIn();
    const select = (tenant: unknown) =>
      app.request('/auth/tenant', {
        method: 'POST',
        headers: { ...browser.headers, 'content-type': 'application/json', origin: app.url },
        body: JSON.stringify({ tenant }),
      });
    const other = await select('other');
    expect([other.status, other.body['code']]).toEqual([403, 'TENANT_NOT_SELECTABLE']);
    expect((await select('')).status).toBe(400);
    const acme = await select('acme');
    expect(acme.body['user']).toMatchObject({ tenant: 'acme' });
    browser.take(acme.headers);
    const { body } = await app.request('/auth/me', { headers: browser.headers });
    expect(body['claims']).toMatchObject({ dct: 'acme' });
    emulator.configure({ refreshRotation: true });
    for (let turn = 0; turn < 2; turn += 1) {
      emulator.clock.advance(TEN_MINUTES + 6_000); // the request itself refreshes the session first
      const late = await select('acme');
      expect([late.status, late.body['user']]).toMatchObject([200, { tenant: 'acme' }]);
      browser.take(late.headers);
    }
    await emulator.close();
  });

  it.each([false, true])(
    'gives no session from before it to parallel tabs (rotation: %s)',
    async (isRotated) => {
      const users = [{ loginId: ANNA, email: ANNA, tenants: [{ tenantId: 'acme' }] }];
      const emulator = await startEmulator({ seed: { users, tenants: [{ id: 'acme' }] } });
      emulator.configure({ refreshRotation: isRotated });
      app = await startWithSessions(adapter, { routes: {} }, { emulator });
      const browser = await app.signIn();
      const post = async (path: string, headers: Record<string, string>, body = {}) => {
        const sent = { 'content-type': 'application/json', origin: app.url, ...headers };
        return app.request(path, { method: 'POST', headers: sent, body: JSON.stringify(body) });
      };
      browser.take((await post('/auth/refresh', browser.headers)).headers);
      const before = { ...browser.headers };
      browser.take((await post('/auth/tenant', before, { tenant: 'acme' })).headers);
      emulator.clock.advance(5_000);
      for (const headers of [before, browser.headers]) {
        const late = await post('/auth/refresh', headers);
        expect([late.status, late.body['user']]).toMatchObject([200, { tenant: 'acme' }]);
      }
      await emulator.close();
    },
  );
});

describe.each(ADAPTERS)('The routes, on %s', (adapter) => {
  let app: SessionApplication;
  afterEach(() => app.stop());

  it('can each be switched off, and stand where they are told to', async () => {
    const emulator = await startDescope();
    const off = {
      login: false,
      storeJwt: false,
      refresh: false,
      logout: false,
      logoutAll: false,
      tenant: false,
    };
    app = await startWithSessions(
      adapter,
      { routes: { path: 'account/session', ...off, check: false } },
      { emulator },
    );
    const browser = await app.signIn();
    expect((await app.request('/account/session/me', { headers: browser.headers })).status).toBe(200);
    for (const path of ['login', 'descope-wc.js', 'check']) {
      expect((await app.request(`/account/session/${path}`)).status).toBe(404);
    }
    for (const path of ['store_jwt', 'session', 'refresh', 'logout', 'logout-all', 'tenant']) {
      const answer = await app.request(`/account/session/${path}`, { method: 'POST' });
      expect(answer.status).toBe(404);
    }
    await emulator.close();
  });
});
