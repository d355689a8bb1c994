// The sample app answers as it promises, on either adapter, with tokens that its own Descope signed.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EmbeddedDescope } from '../../../sample-app/src/embedded/embedded-descope.js';
import { PEOPLE } from '../../../sample-app/src/embedded/people.js';
import type { Application } from '../../../sample-app/src/start/application.js';
import { createApplication } from '../../../sample-app/src/start/application.js';
import { readSettings } from '../../../sample-app/src/start/settings.js';
import type { Sample } from '../../../sample-app/src/start/start-sample.js';
import { startSample } from '../../../sample-app/src/start/start-sample.js';
import { ADAPTERS, ask } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { bearer } from '../../support/who.controller.js';

const signIn = async (embedded: EmbeddedDescope | undefined, key: string) => {
  const person = PEOPLE.find((one) => one.key === key);
  if (!embedded || !person) throw new Error(`Nobody called ${key} can be signed in.`);
  return (await embedded.signIn(person)).sessionJwt;
};

describe.each(ADAPTERS)('The sample app on %s', (adapter) => {
  let sample: Sample;

  beforeAll(async () => {
    sample = await startSample(readSettings({ PORT: '0', HTTP_ADAPTER: adapter }));
  });
  afterAll(() => sample.app.close());

  const json = { 'content-type': 'application/json' };
  const call = (path: string, headers: Record<string, string>) =>
    path === '/notes'
      ? ask(sample.url + path, {
          method: 'POST',
          headers: { ...json, ...headers },
          body: JSON.stringify({ text: 'Hi' }),
        })
      : ask(sample.url + path, { headers });

  it.each([
    [
      'nobody',
      {
        '/public': 200,
        '/maybe': 200,
        '/me': 401,
        '/admin': 401,
        '/reports': 401,
        '/tenants/acme/admin': 401,
        '/tenants/globex/admin': 401,
        '/notes': 401,
      },
    ],
    [
      'ada',
      {
        '/public': 200,
        '/maybe': 200,
        '/me': 200,
        '/admin': 200,
        '/reports': 200,
        '/tenants/acme/admin': 200,
        '/tenants/globex/admin': 403,
        '/notes': 201,
      },
    ],
    [
      'bob',
      {
        '/public': 200,
        '/maybe': 200,
        '/me': 200,
        '/admin': 403,
        '/reports': 200,
        '/tenants/acme/admin': 403,
        '/tenants/globex/admin': 403,
        '/notes': 201,
      },
    ],
    [
      'carol',
      {
        '/public': 200,
        '/maybe': 200,
        '/me': 200,
        '/admin': 403,
        '/reports': 403,
        '/tenants/acme/admin': 403,
        '/tenants/globex/admin': 403,
        '/notes': 201,
      },
    ],
  ])('answers %s as %j', async (who, promised) => {
    const headers = who === 'nobody' ? {} : bearer(await signIn(sample.embedded, who));
    const answers = await Promise.all(
      Object.keys(promised).map(async (path) => [path, await call(path, headers)] as const),
    );
    expect(Object.fromEntries(answers.map(([path, { status }]) => [path, status]))).toEqual(promised);
    for (const [, answer] of answers) {
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  it('lets a machine in by its access key, as far as its roles go', async () => {
    const { accessKey } = sample.embedded as EmbeddedDescope;
    const key = { 'x-api-key': accessKey };
    expect((await call('/me', key)).body).toMatchObject({ kind: 'access-key', roles: ['editor'] });
    expect([(await call('/reports', key)).status, (await call('/admin', key)).status]).toEqual([200, 403]);
    expect((await call('/reports', { 'x-api-key': `${accessKey}x` })).body['code']).toBe(
      'ACCESS_KEY_REFUSED',
    );
  });

  it('knows who is signed in', async () => {
    const { emulator } = sample.embedded as EmbeddedDescope;
    const ada = bearer(await signIn(sample.embedded, 'ada'));
    expect((await call('/me', ada)).body).toMatchObject({
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      roles: ['admin', 'is_staff'],
      permissions: ['reports:read', 'users:write'],
      tenants: { acme: { roles: ['admin'] } },
      isStaff: true,
    });
    expect((await call('/maybe', {})).body).toEqual({ isSignedIn: false, username: null });
    expect((await call('/maybe', ada)).body).toMatchObject({ isSignedIn: true });
    const expired = await emulator.signToken({ expiresInSeconds: -60 });
    expect((await call('/me', bearer(expired))).body['code']).toBe('TOKEN_EXPIRED');
  });

  it('takes a note only if it is one, and by cookie only from its own pages', async () => {
    const token = await signIn(sample.embedded, 'carol');
    for (const body of ['{}', '{"text":""}', '{"text":1}', '[]', JSON.stringify({ text: 'x'.repeat(501) })]) {
      const init = { method: 'POST', headers: { ...json, ...bearer(token) }, body };
      expect((await ask(`${sample.url}/notes`, init)).status).toBe(400);
    }
    const cookie = `DS=${token}`;
    expect((await call('/notes', { cookie, origin: sample.url })).status).toBe(201);
    const foreign = await call('/notes', { cookie, origin: 'https://evil.example' });
    expect([foreign.status, foreign.body['code']]).toEqual([403, 'REQUEST_CROSS_SITE']);
  });
});

describe.each(ADAPTERS)('The sample app on %s, when its Descope has no keys to give', (adapter) => {
  let app: Application;
  let embedded: EmbeddedDescope;
  let url: string;

  beforeAll(async () => {
    embedded = await EmbeddedDescope.start(600);
    embedded.emulator.faults.add({ path: '/v2/keys', status: 503 });
    app = await createApplication(readSettings({ HTTP_ADAPTER: adapter }), { embedded });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  it('answers 503 to a token and all else as ever, and recovers by itself', async () => {
    const ada = bearer(await signIn(embedded, 'ada'));
    const answer = await ask(`${url}/me`, { headers: ada });
    expect([answer.status, answer.body['code']]).toEqual([503, 'KEYS_UNAVAILABLE']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await ask(`${url}/me`)).status).toBe(401);
    expect((await ask(`${url}/public`, { headers: ada })).status).toBe(200);
    embedded.emulator.faults.clear();
    const again = await askUntil(
      () => ask(`${url}/me`, { headers: ada }),
      ({ status }) => status !== 503,
    );
    expect(again.status).toBe(200);
  });
});
