// What happens at Descope ends the access of whom it is about, at once and for no one else.
import { afterEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import { toDelivery, WEBHOOK_SECRET } from '../../support/descope-webhook.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, BOB, startDescope, startWithSessions } from '../../support/session-application.js';

const HOUR = 3_600_000;

describe.each(ADAPTERS)("Descope's event, on %s,", (adapter) => {
  let stop: () => Promise<void> = async () => undefined;
  afterEach(() => stop());

  const start = async (skewMs = 0) => {
    const emulator = await startDescope();
    const clock = () => emulator.clock.now() + skewMs;
    const options = { routes: { login: false }, events: { secret: WEBHOOK_SECRET }, clock } as const;
    const app = await startWithSessions(adapter, options, { emulator });
    stop = async () => {
      await app.stop();
      await emulator.close();
    };
    return app;
  };
  const signIn = async ({ emulator }: SessionApplication, loginId = ANNA) => {
    const { sessionJwt, userId } = await emulator.signIn(loginId);
    return { userId, headers: { authorization: `Bearer ${sessionJwt}` } };
  };
  const issue = async ({ emulator }: SessionApplication, claims: Record<string, unknown>) => ({
    headers: { authorization: `Bearer ${await emulator.signToken({ claims: { amr: ['pwd'], ...claims } })}` },
  });
  const codeAt = async (
    app: SessionApplication,
    { headers }: { readonly headers: Record<string, string> },
  ) => {
    const { status, body } = await app.request('/me', { headers });
    return status === 200 ? 200 : body['code'];
  };
  const deliver = async (app: SessionApplication, event: object) => {
    const body = JSON.stringify({ occurred: app.emulator.clock.now(), ...event });
    expect((await app.request('/auth/events', toDelivery(body))).status).toBe(200);
    return body;
  };

  it.each([
    ['UserDeleted', {}],
    ['LoginExceedMaxAttempts', {}],
    ['UserModified', { data: { Change: { status: 'disabled' } } }],
    ['UserModified', { data: { status: 'Disabled' } }],
  ])('%s ends the sessions of the user, and those of nobody else (%j)', async (action, further) => {
    const app = await start();
    const [anna, bob] = [await signIn(app), await signIn(app, BOB)];
    expect([await codeAt(app, anna), await codeAt(app, bob)]).toEqual([200, 200]);
    app.emulator.clock.advance(2_000);
    await deliver(app, { action, userId: anna.userId, ...further });
    expect([await codeAt(app, anna), await codeAt(app, bob)]).toEqual(['SESSION_SIGNED_OUT', 200]);
  });

  it('ends nothing where only something else of the user was modified', async () => {
    const app = await start();
    const anna = await signIn(app);
    for (const data of [
      {},
      { Change: { name: 'disabled' } },
      { status: 'enabled' },
      { customAttributes: { status: 'disabled' } },
    ])
      await deliver(app, { action: 'UserModified', userId: anna.userId, data });
    await deliver(app, { action: 'LoginFailed', userId: anna.userId, data: { status: 'disabled' } });
    expect(await codeAt(app, anna)).toBe(200);
  });

  it('ends the sessions of several users at once', async () => {
    const app = await start();
    const [anna, bob] = [await signIn(app), await signIn(app, BOB)];
    await deliver(app, { action: 'UsersDeleted', data: { userIds: [anna.userId, bob.userId] } });
    expect([await codeAt(app, anna), await codeAt(app, bob)]).toEqual([
      'SESSION_SIGNED_OUT',
      'SESSION_SIGNED_OUT',
    ]);
  });

  it('ends the sessions of access keys and tenants', async () => {
    const app = await start();
    const id = `K2${'a'.repeat(26)}`;
    const key = await issue(app, { sub: id, amr: undefined });
    const tenant = await issue(app, { sub: 'U2carl', tenants: { acme: {} } });
    const current = await issue(app, { sub: 'U2dora', dct: 'acme' });
    const other = await issue(app, { sub: 'U2emil', tenants: { zenith: {} } });
    const all = () => Promise.all([key, tenant, current, other].map((caller) => codeAt(app, caller)));
    expect(await all()).toEqual([200, 200, 200, 200]);
    await deliver(app, { action: 'AccessKeyDeleted', actorId: 'U2x', data: { access_key_id: id } });
    expect(await all()).toEqual(['SESSION_SIGNED_OUT', 200, 200, 200]);
    await deliver(app, { action: 'TenantDeleted', tenants: ['acme'] });
    expect(await all()).toEqual(['SESSION_SIGNED_OUT', 'SESSION_SIGNED_OUT', 'SESSION_SIGNED_OUT', 200]);
  });

  it('ends every session when this project was deleted, and none when it was another', async () => {
    const app = await start();
    const anna = await signIn(app);
    await deliver(app, { action: 'ProjectDeleted', projectId: 'P2another' });
    await deliver(app, { action: 'ProjectDeleted' });
    expect(await codeAt(app, anna)).toBe(200);
    await deliver(app, { action: 'ProjectDeleted', projectId: app.emulator.projectId });
    expect(await codeAt(app, anna)).toBe('SESSION_SIGNED_OUT');
  });

  it.each([-4_000, 0, 4_000])(
    'lets a user in who signed in after it, also if it arrives late or again (our clock %d ms off)',
    async (skewMs) => {
      const app = await start(skewMs);
      const before = await signIn(app);
      const occurred = app.emulator.clock.now();
      app.emulator.clock.advance(1_000);
      const after = await signIn(app);
      expect(await codeAt(app, after)).toBe(200);
      const event = { action: 'LoginExceedMaxAttempts', userId: before.userId, occurred };
      const body = await deliver(app, event);
      expect([await codeAt(app, before), await codeAt(app, after)]).toEqual(['SESSION_SIGNED_OUT', 200]);
      await app.request('/auth/events', toDelivery(body));
      await app.request('/auth/events', toDelivery(`${body} `)); // another signature of the same event
      app.emulator.clock.advance(HOUR / 6);
      const later = await signIn(app);
      await app.request('/auth/events', toDelivery(`${body}  `));
      expect([await codeAt(app, before), await codeAt(app, later)]).toEqual([expect.any(String), 200]);
    },
  );

  it('with a time in the future locks nobody out, and ends what there is', async () => {
    const app = await start();
    const anna = await signIn(app);
    await deliver(app, {
      action: 'UserDeleted',
      userId: anna.userId,
      occurred: app.emulator.clock.now() + 9 * HOUR,
    });
    expect(await codeAt(app, anna)).toBe('SESSION_SIGNED_OUT');
    app.emulator.clock.advance(6_000);
    expect(await codeAt(app, await signIn(app))).toBe(200);
  });

  it.each([undefined, null, 'yesterday', 0, -1, 1_790_000_000, 1e300, {}, '2026-13-45'])(
    'without a time that can be read (%j) counts from its arrival',
    async (occurred) => {
      const app = await start();
      const anna = await signIn(app);
      app.emulator.clock.advance(1_000);
      await deliver(app, { action: 'UserDeleted', userId: anna.userId, occurred });
      expect(await codeAt(app, anna)).toBe('SESSION_SIGNED_OUT');
      app.emulator.clock.advance(1_000);
      expect(await codeAt(app, await signIn(app))).toBe(200);
    },
  );

  it('may come with cookies and from another site: it needs no session, and refreshes none', async () => {
    const app = await start();
    const { sessionJwt, refreshJwt, userId } = await app.emulator.signIn(ANNA);
    app.emulator.clock.advance(HOUR / 5);
    const { headers, ...init } = toDelivery(JSON.stringify({ action: 'UserModified', userId }));
    const cookie = `DS=${sessionJwt}; DSR=${refreshJwt}`;
    const site = {
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
      authorization: 'Bearer nonsense',
    };
    const answer = await app.request('/auth/events', { ...init, headers: { ...headers, ...site, cookie } });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null]);
    expect(app.emulator.requests.count('/v1/auth/refresh')).toBe(0);
  });
});
