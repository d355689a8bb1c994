// Requests from outside: malformed and hostile ones, and those of pages of this machine.
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({ seed: { users: [{ loginId: 'ada@example.com' }] } });

const post = (path: string, body: string, credential = '') =>
  bed.request(path, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${bed.emulator.projectId}${credential && `:${credential}`}` },
  });

async function sendRaw(bytes: string): Promise<string> {
  const socket = createConnection(Number(new URL(bed.emulator.url).port), '127.0.0.1');
  socket.end(bytes);
  return text(socket);
}

describe('a malformed body', () => {
  it.each(['{', 'null', '7', '"text"', '\u0000', 'a=b'])('is rejected as E011001: %j', async (body) => {
    const response = await post('/v1/auth/otp/signin/email', body);
    expect([response.status, ((await response.json()) as { errorCode: string }).errorCode]).toEqual([
      400,
      'E011001',
    ]);
  });

  it.each([
    ['{}', 'E011002'],
    ['[]', 'E011002'],
    ['{"loginId":{}}', 'E011003'],
    ['{"loginId":"ada@example.com","loginOptions":[]}', 'E011003'],
    ['{"__proto__":{"loginId":"ada@example.com"}}', 'E011002'],
  ])('is rejected with the right code: %s', async (body, errorCode) => {
    expect(await (await post('/v1/auth/otp/signin/email', body)).json()).toMatchObject({ errorCode });
  });

  // What is kept of it could not be written as JSON again.
  it('is rejected when it is nested too deeply', async () => {
    const body = `{"loginId":"ada@example.com","loginOptions":${'{"customClaims":'.repeat(5000)}1${'}'.repeat(5001)}`;
    const response = await post('/v1/auth/otp/signin/email', body);
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ errorMessage: 'The request body is nested too deeply' }),
    ]);
  });

  it('is rejected as 413 when it is too long, without being kept', async () => {
    const response = await post(
      '/v1/auth/otp/signin/email',
      JSON.stringify({ loginId: 'a'.repeat(2 * 1024 * 1024) }),
    );
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ errorCode: 'E011001' });
  });
});

describe('HEAD', () => {
  it('is answered where GET is, with the same headers and no body', async () => {
    for (const path of ['/health', `/v2/keys/${bed.emulator.projectId}`]) {
      const [got, head] = [await bed.request(path), await bed.request(path, { method: 'HEAD' })];
      expect([head.status, await head.text()]).toEqual([200, '']);
      expect(head.headers.get('content-length')).toBe(String((await got.text()).length));
      expect(head.headers.get('content-type')).toBe(got.headers.get('content-type'));
    }
    expect((await bed.request('/v1/auth/refresh', { method: 'HEAD' })).status).toBe(404);
    expect(bed.emulator.requests.count('/health')).toBe(0);
  });
});

describe('a name from the prototype', () => {
  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])(
    'is a name like any other: %s',
    async (name) => {
      const { user, tenant, role } = bed.admin.management;
      expect((await user.load(name)).error?.errorCode).toBe('E112102');
      expect((await tenant.load(name)).code).toBe(400);
      await tenant.createWithId(name, name);
      await role.create(name);
      await user.create(name, { roles: [name], userTenants: [{ tenantId: name, roleNames: [name] }] });
      const { sessionJwt } = await bed.emulator.signIn(name, { tenantId: name });
      const { token } = await bed.sdk.validateSession(sessionJwt);
      expect(Object.getOwnPropertyDescriptor(token.tenants, name)?.value).toEqual({ roles: [name] });
      expect((await user.search({ customAttributes: { [name]: 1 } })).data?.total).toBe(0);
    },
  );
});

describe('a bad token', () => {
  it('is rejected as E061005, whatever it is', async () => {
    const { sessionJwt, refreshJwt } = await bed.emulator.signIn('ada@example.com');
    const forged = await bed.emulator.signToken({
      key: await bed.emulator.createKey(),
      header: { kid: bed.emulator.signingKey.kid },
      claims: { drn: 'DSR' },
    });
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${refreshJwt.split('.')[1]}.`;
    for (const token of ['', 'x', '..', 'a.b.c', sessionJwt, forged, none, refreshJwt.slice(0, -4)]) {
      const response = await post('/v1/auth/refresh', '{}', token);
      expect([response.status, await response.json()]).toEqual([
        401,
        expect.objectContaining({ errorCode: 'E061005' }),
      ]);
    }
  });

  it('is a refresh token where a session is asked for, and one of a user who is gone', async () => {
    const { sessionJwt, refreshJwt } = await bed.emulator.signIn('ada@example.com');
    expect((await post('/v1/auth/validate', '{}', refreshJwt)).status).toBe(401);
    expect(await (await post('/v1/auth/validate', '{}', sessionJwt)).json()).toMatchObject({ drn: 'DS' });
    await bed.admin.management.user.delete('ada@example.com');
    expect((await post('/v1/auth/refresh', '{}', refreshJwt)).status).toBe(401);
  });

  it('is not fatal to try-refresh', async () => {
    expect(await (await post('/v1/auth/try-refresh', '{}', 'x')).json()).toEqual({});
  });
});

describe('an odd request', () => {
  it.each(['/', '//', '/v1/auth/nope', '/v1/mgmt/../auth', '/%ff', '/?x', '/v2/keys/', '/v2/keys/%2e%2e'])(
    'gets a JSON answer: %s',
    async (path) => {
      const response = await bed.request(path);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(await response.json()).toMatchObject({ errorCode: expect.stringMatching(/^E/) });
    },
  );

  it.each([
    'GARBAGE\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`,
  ])('that is no HTTP gets a JSON rejection', async (bytes) => {
    expect(await sendRaw(bytes)).toMatch(/^HTTP\/1\.1 400 [^{]*\{"errorCode":"E011001"/s);
  });

  it('with another project in its header is rejected', async () => {
    const headers = { authorization: 'Bearer P2other000000000000000000000' };
    expect((await bed.request('/v1/auth/password/policy', { headers })).status).toBe(401);
    expect((await bed.request('/v1/auth/password/policy')).status).toBe(401);
  });
});

const corsBed = useEmulator();

describe('a page of this machine, on another port', () => {
  const origin = 'http://127.0.0.1:3000';

  it('may ask with credentials, and read answers and rejections', async () => {
    for (const path of [`/v2/keys/${corsBed.emulator.projectId}`, '/nope']) {
      const { headers } = await corsBed.request(path, { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-allow-credentials')).toBe('true');
      expect(headers.get('vary')).toBe('Origin');
    }
    expect((await corsBed.request('/nope')).headers.has('access-control-allow-origin')).toBe(false);
  });

  it('asks first what it may send; that is not logged and meets no fault', async () => {
    corsBed.emulator.faults.add({ path: '/', status: 500 });
    const asks = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-a' };
    const response = await corsBed.request('/v1/flow/start', { method: 'OPTIONS', headers: asks });
    expect([response.status, response.headers.get('access-control-allow-headers')]).toEqual([204, 'x-a']);
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
    expect(corsBed.emulator.requests.count()).toBe(0);
    expect((await corsBed.request('/', { method: 'OPTIONS' })).status).toBe(500);
  });

  it('sees ordered faults too', async () => {
    corsBed.emulator.faults.add({ path: '/', status: 503 });
    const { headers } = await corsBed.request('/', { headers: { origin } });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
  });
});
