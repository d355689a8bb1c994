// An application calls a service with tokens that are bound to its key; the service checks them with jose alone.
import { createHash } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { calculateJwkThumbprint, createRemoteJWKSet, EmbeddedJWK, jwtVerify } from 'jose';
import { DescopeM2mClient, DescopeModule } from 'nestjs-descope';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { createProofKey, signProof } from '../../support/signed-proof.js';
import { useEmulator } from '../../support/use-emulator.js';

const CLIENT = { clientId: 'robot', clientSecret: 'SECRETsecretSECRETsecret04', scope: 'orders:read' };
const TOKEN = '/oauth2/v1/apps/token';
const bed = useEmulator({
  seed: {
    inboundApps: [
      { name: 'robot', clientId: 'robot', clientSecret: CLIENT.clientSecret, scopes: ['orders:read'] },
    ],
  },
});

/** A service that is not ours: it accepts a token that is bound to the key of its proof (RFC 9449 §7.1). */
const service = {
  url: '',
  nonce: undefined as string | undefined,
  seen: new Set<unknown>(),
  bodies: [] as string[],

  async check(request: IncomingMessage): Promise<JWTPayload> {
    const { authorization = '', dpop = '' } = request.headers;
    const [, token = ''] = /^DPoP (\S+)$/.exec(authorization) ?? [];
    const keys = createRemoteJWKSet(new URL(`${bed.emulator.url}/v2/keys/${bed.emulator.projectId}`));
    const { payload } = await jwtVerify(token, keys, { audience: 'robot' });
    const proof = await jwtVerify(String(dpop), EmbeddedJWK, { typ: 'dpop+jwt', maxTokenAge: 60 });
    const expected = {
      htm: request.method,
      htu: this.url + new URL(request.url ?? '', this.url).pathname,
      ath: createHash('sha256').update(token).digest('base64url'),
    };
    expect(proof.payload).toMatchObject(expected);
    expect(payload['cnf']).toEqual({ jkt: await calculateJwkThumbprint(proof.protectedHeader.jwk ?? {}) });
    expect(this.seen.has(proof.payload.jti)).toBe(false);
    this.seen.add(proof.payload.jti);
    return proof.payload;
  },

  async respond(request: IncomingMessage): Promise<{ status: number; headers: Record<string, string> }> {
    try {
      const { nonce } = await this.check(request);
      if (this.nonce === undefined || this.nonce === nonce) return { status: 200, headers: {} };
      const challenge = 'DPoP error="use_dpop_nonce", error_description="nonce needed"';
      return { status: 401, headers: { 'www-authenticate': challenge, 'dpop-nonce': this.nonce } };
    } catch (error) {
      return {
        status: 401,
        headers: {
          'x-reason': String(error)
            .replace(/[^ -~]+/g, ' ')
            .slice(0, 200),
        },
      };
    }
  },
};

let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => {
    void (async () => {
      const { status, headers } = await service.respond(request);
      let body = '';
      for await (const chunk of request) body += String(chunk);
      service.bodies.push(body);
      response.writeHead(status, headers).end(JSON.stringify({ status }));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe.each(ADAPTERS)('DescopeM2mClient with dpop, on %s', (adapter) => {
  let application: RunningApplication;
  let m2m: DescopeM2mClient;
  const logger = new CollectingLogger();

  const boot = async () => {
    const { projectId, url: baseUrl } = bed.emulator;
    const imports = [DescopeModule.forRoot({ projectId, baseUrl, audience: null })];
    application = await start(adapter, { imports }, { logger });
    m2m = application.app.get(DescopeM2mClient);
  };
  const createFetch = () => m2m.createFetch(CLIENT, { origins: [service.url], dpop: true });
  afterEach(async () => {
    await application.close();
    [service.nonce, service.bodies] = [undefined, []];
  });

  it('calls a service that accepts bound tokens, with one token request and its nonce', async () => {
    await boot();
    const fetch = createFetch();
    const calls = ['/orders?page=2', '/orders/7', '/'].map((path) => fetch(service.url + path));
    const answers = await Promise.all(calls);
    expect(answers.map(({ status, headers }) => [status, headers.get('x-reason')])).toEqual([
      [200, null],
      [200, null],
      [200, null],
    ]);
    expect(bed.emulator.requests.all.map(({ path, status }) => [path, status])).toEqual(
      expect.arrayContaining([
        [TOKEN, 400],
        [TOKEN, 200],
      ]),
    );
    expect(bed.emulator.requests.count(TOKEN)).toBe(2);
  });

  it('answers the nonces of the service, each once, and sends the body again', async () => {
    await boot();
    const fetch = createFetch();
    for (const nonce of ['n-1', 'n-2']) {
      service.nonce = nonce;
      expect((await fetch(`${service.url}/orders`, { method: 'POST', body: '{"a":1}' })).status).toBe(200);
      expect((await fetch(`${service.url}/orders`)).status).toBe(200);
    }
    expect(service.bodies).toEqual(['{"a":1}', '{"a":1}', '', '{"a":1}', '{"a":1}', '']);
  });

  it('has a key of its own in each application, and its tokens are of no use without it', async () => {
    await boot();
    const [first, second] = [m2m, await start(adapter, { imports: [toModule()] }, { logger })];
    const other = second.app.get(DescopeM2mClient);
    const send = (client: DescopeM2mClient) =>
      client.createFetch(CLIENT, { origins: [service.url], dpop: true })(service.url);
    expect([(await send(first)).status, (await send(other)).status]).toEqual([200, 200]);
    await second.close();
    const token = await grab(first);
    const foreign = await signProof(await createProofKey(), { htm: 'GET', htu: `${service.url}/`, token });
    for (const headers of [
      { authorization: `Bearer ${token}` },
      { authorization: `DPoP ${token}` },
      { authorization: `DPoP ${token}`, dpop: foreign },
    ]) {
      expect((await fetch(service.url, { headers })).status).toBe(401);
    }
  });

  it('does not use a bearer token that it gets in place of a bound one', async () => {
    await boot();
    const body = { access_token: await bed.emulator.issueAppToken(), token_type: 'Bearer', expires_in: 600 };
    bed.emulator.faults.add({ path: TOKEN, body });
    await expect(createFetch()(service.url)).rejects.toMatchObject({ code: 'M2M_TOKEN_NOT_BOUND' });
    expect(service.bodies).toEqual([]);
  });

  it('takes neither an access key nor a dpop that is text', async () => {
    await boot();
    const origins = [service.url];
    const accessKey = 'K2robotrobotrobotrobotrobotrobotSECRETsecret03';
    expect(() => m2m.createFetch({ accessKey }, { origins, dpop: true })).toThrow(
      /no token of an access key/,
    );
    const text = { origins, dpop: 'false' as unknown as boolean };
    expect(() => m2m.createFetch(CLIENT, text)).toThrow(/dpop must be true or false/);
    await m2m.createFetch(CLIENT, { origins, dpop: false })(service.url);
    expect(bed.emulator.requests.all.map(({ status }) => status)).toEqual(expect.not.arrayContaining([400]));
  });

  it('shows neither key, proof nor token in logs, errors or itself', async () => {
    await boot();
    const fetch = createFetch();
    const token = await grab(m2m, fetch);
    bed.emulator.faults.add({ path: TOKEN, reset: true });
    const error: unknown = await m2m
      .createFetch(
        { ...CLIENT, audience: 'x' },
        { origins: [service.url], dpop: true },
      )(service.url)
      .catch((thrown: unknown) => thrown);
    const options = { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null };
    const told = inspect([logger.entries, error, m2m, fetch], options);
    expect(error).toMatchObject({ code: 'DESCOPE_UNAVAILABLE' });
    for (const secret of ['SECRET', 'PRIVATE', ...token.split('.').slice(1)])
      expect(told).not.toContain(secret);
  });

  function toModule() {
    const { projectId, url: baseUrl } = bed.emulator;
    return DescopeModule.forRoot({ projectId, baseUrl, audience: null });
  }

  /** Reads the token on its way to the service, as somebody who reads its log would. */
  async function grab(client: DescopeM2mClient, prepared?: typeof fetch): Promise<string> {
    let token = '';
    const own = async (url: string, init: { readonly headers: Record<string, string> }) => {
      token = init.headers['authorization']?.replace('DPoP ', '') ?? '';
      return globalThis.fetch(url, init);
    };
    await prepared?.(service.url);
    await client.createFetch(CLIENT, { origins: [service.url], dpop: true, fetch: own })(service.url);
    return token;
  }
});
