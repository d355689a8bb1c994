// A token that another application got by using the project as its identity provider opens nothing, wherever it is shown.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Inject, Injectable } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { DescopeModuleOptions, RequestLike } from 'nestjs-descope';
import { CurrentUser, DescopeService } from 'nestjs-descope';
import { DescopeSockets } from 'nestjs-descope/websockets';
import { ADAPTERS } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import type { SessionApplication } from '../../support/session-application.js';
import { startWithSessions, TEN_MINUTES } from '../../support/session-application.js';
import { connect, createSocketAdapter } from '../../support/socket-client.js';
import { bearer } from '../../support/who.controller.js';

const KEY = 'K2robotrobotrobotrobotrobotrobotSECRETsecret01';
const MARKS = ['nonce', 'at_hash', 'c_hash', 's_hash'];

@WebSocketGateway()
@Injectable()
class WhoGateway {
  constructor(@Inject(DescopeSockets) private readonly sockets: DescopeSockets) {}

  async handleConnection(client: object, request?: RequestLike) {
    await this.sockets.accept(client, request);
  }

  @SubscribeMessage('who')
  who(@CurrentUser('id') id: string) {
    return { event: 'who', data: { id } };
  }
}

describe.each(ADAPTERS)('An ID token of the project, on %s,', (adapter) => {
  let app: SessionApplication;
  const logger = new CollectingLogger();

  const boot = async (options: DescopeModuleOptions = {}) => {
    app = await startWithSessions(
      adapter,
      { routes: { check: true }, accessKeys: true, ...options },
      {
        logger,
        providers: [WhoGateway],
        configure: async (nest) => nest.useWebSocketAdapter(await createSocketAdapter('ws', nest)),
      },
    );
    logger.entries.length = 0;
  };
  beforeAll(() => boot());
  afterAll(() => app.stop());

  const idToken = async (claims: Record<string, unknown> = {}) => {
    const { projectId } = app.emulator;
    const iss = `https://api.descope.com/${projectId}`;
    const usual = { iss, aud: projectId, drn: undefined, email: 'anna@example.com' };
    return app.emulator.signToken({ claims: { ...usual, ...claims } });
  };
  const codeOf = async (path: string, init: RequestInit) => {
    const { status, body } = await app.request(path, init);
    return body['code'] ?? status;
  };

  it.each([
    ['with its marks', { nonce: 'n', at_hash: 'h' }, 'TOKEN_IS_ID_TOKEN'],
    ['without one', {}, 'TOKEN_DRN_MISSING'],
    ['without one, but with what a user shows', { amr: ['pwd'], roles: ['admin'] }, 'TOKEN_DRN_MISSING'],
    ['for a client', { aud: 'client-1' }, 'TOKEN_DRN_MISSING'],
  ])(
    '%s, is rejected as a bearer credential, as a cookie and at the gateway’s check',
    async (_, claims, code) => {
      const token = await idToken(claims);
      expect(await codeOf('/me', { headers: bearer(token) })).toBe(code);
      expect(await codeOf('/me', { headers: { cookie: `DS=${token}` } })).toBe(code);
      expect(await codeOf('/maybe', { headers: bearer(token) })).toBe(code);
      expect(await codeOf('/auth/check', { headers: bearer(token) })).toBe(code);
      const { body } = await app.request('/maybe', { headers: { cookie: `DS=${token}` } });
      expect(body).toEqual({ id: null });
    },
  );

  it.each(MARKS)('known by %s alone, is rejected anyone who issued it', async (mark) => {
    const { projectId } = app.emulator;
    const issuers = [projectId, `https://api.descope.com/v1/apps/${projectId}`];
    for (const iss of [...issuers, `https://api.descope.com/v1/apps/agentic/${projectId}/s1`]) {
      const token = await idToken({ iss, drn: 'DS', amr: ['pwd'], [mark]: 'x' });
      expect(await codeOf('/me', { headers: bearer(token) })).toBe('TOKEN_IS_ID_TOKEN');
    }
  });

  it('is rejected by store_jwt, in the place of either token', async () => {
    const { sessionJwt, refreshJwt, userId } = await app.emulator.signIn('anna@example.com');
    const keep = (body: object) =>
      codeOf('/auth/store_jwt', {
        method: 'POST',
        headers: { origin: app.url, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect(await keep({ sessionJwt: await idToken({ sub: userId }), refreshJwt })).toBe('TOKEN_DRN_MISSING');
    expect(await keep({ sessionJwt: await idToken({ sub: userId, nonce: 'n' }), refreshJwt })).toBe(
      'TOKEN_IS_ID_TOKEN',
    );
    const refresh = await idToken({ sub: userId, drn: 'DSR', at_hash: 'h' });
    expect(await keep({ sessionJwt, refreshJwt: refresh })).toBe('TOKEN_IS_ID_TOKEN');
    expect(await keep({ sessionJwt, refreshJwt })).toBe(200);
  });

  it('is rejected by DescopeService and by a socket', async () => {
    const token = await idToken();
    const service = app.app.get(DescopeService);
    await expect(service.validateSession(token)).rejects.toMatchObject({ code: 'TOKEN_DRN_MISSING' });
    await expect(service.authenticate({ headers: bearer(token) })).rejects.toMatchObject({
      code: 'TOKEN_DRN_MISSING',
    });
    const client = await connect('ws', app.url, { headers: bearer(token) });
    expect(await client.closed).toEqual({ code: 1008, reason: 'TOKEN_DRN_MISSING' });
  });

  it('is not refreshed, and refreshes nothing, where it lapsed', async () => {
    const { refreshJwt, userId } = await app.emulator.signIn('anna@example.com');
    const lapsed = await idToken({ sub: userId, nonce: 'n' });
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const before = app.emulator.requests.count('/v1/auth/refresh');
    expect(await codeOf('/me', { headers: { cookie: `DS=${lapsed}; DSR=${refreshJwt}` } })).toBe(
      'TOKEN_IS_ID_TOKEN',
    );
    expect(app.emulator.requests.count('/v1/auth/refresh')).toBe(before);
  });

  it('in the place of what Descope should have issued is an outage, and nobody is signed out for it', async () => {
    const browser = await app.signIn();
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const body = { sessionJwt: await idToken(), keyId: 'K2robot', expiration: 1 };
    app.emulator.faults.add({ path: '/v1/auth/refresh', body, times: 1 });
    const answer = await app.request('/me', { headers: browser.headers });
    expect([answer.body['code'], answer.headers.getSetCookie()]).toEqual(['DESCOPE_UNAVAILABLE', []]);
    app.emulator.faults.add({ path: '/v1/auth/accesskey/exchange', body, times: 1 });
    expect(await codeOf('/me', { headers: bearer(KEY) })).toBe('DESCOPE_UNAVAILABLE');
  });

  it('without a mark has one line in the log, which says how a project without "drn" goes on', async () => {
    await app.stop();
    await boot();
    for (let request = 0; request < 2; request += 1)
      expect(await codeOf('/me', { headers: bearer(await idToken()) })).toBe('TOKEN_DRN_MISSING');
    expect(logger.entries).toEqual([
      expect.stringMatching(/^warn: TOKEN_DRN_MISSING: .*JWT template.*allowMissingDrn: true/),
    ]);
  });
});
