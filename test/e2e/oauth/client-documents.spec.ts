// Clients that a metadata document describes: the emulator fetches it, and nothing else on anybody's network.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { consent, openConsent } from '../../support/consent.js';
import { discover, postToken, signIn, start } from '../../support/oauth-flow.js';
import { startSelfSigned } from '../../support/self-signed.js';
import { createProofKey } from '../../support/signed-proof.js';
import { useEmulator } from '../../support/use-emulator.js';

const CALLBACK = 'http://localhost/callback';
const bed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com' }],
    mcpServers: [{ name: 'tools', id: 'MS1', scopes: ['read', 'call'] }],
  },
});

let server: Server;
let origin: string;
let asked: string[];
let respond: (request: IncomingMessage, response: ServerResponse) => void;
beforeAll(async () => {
  const started = await startSelfSigned();
  ({ server } = started);
  origin = `https://127.0.0.1:${started.port}`;
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.url ?? '');
    respond(request, response);
  });
});
beforeEach(() => {
  asked = [];
  respond = (_request, response) => send(response, toDocument());
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const toId = (path = '/client.json') => `${origin}${path}`;
const toDocument = (change = {}) => ({
  client_id: toId(),
  client_name: 'Desk',
  redirect_uris: [CALLBACK],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
  ...change,
});
const send = (response: ServerResponse, body: unknown, type = 'application/json') => {
  response.writeHead(200, { 'content-type': type });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
};

const toParty = async (clientId = toId(), emulator: Emulator = bed.emulator, redirectUri = CALLBACK) => ({
  as: await discover(`${emulator.url}/v1/apps/agentic/${emulator.projectId}/MS1`),
  client: { client_id: clientId },
  auth: oauth.None(),
  redirectUri,
});
const open = async (clientId?: string, emulator?: Emulator) =>
  openConsent((await start(await toParty(clientId, emulator))).url);

describe('A client-id metadata document', () => {
  it('describes a public client, which signs users in on any port of loopback', async () => {
    const party = await toParty(undefined, undefined, 'http://localhost:49152/callback');
    const tokens = await signIn(party, { scope: 'call' });
    expect(tokens).toMatchObject({ scope: 'call', refresh_token: expect.any(String) });
    expect(asked).toEqual(['/client.json']);
    const page = await open();
    expect(page.html).toContain('<strong>Desk</strong>');
    expect(page.html).toContain('Nobody has checked its name');
  });

  it('with dpop_bound_access_tokens describes a client that gets no bearer token', async () => {
    respond = (_request, response) => send(response, toDocument({ dpop_bound_access_tokens: true }));
    await expect(signIn(await toParty(), { scope: 'call' })).rejects.toMatchObject({
      error: 'invalid_dpop_proof',
    });
    bed.emulator.configure({ dpopNonces: 'never' });
    const { pair, thumbprint } = await createProofKey();
    const config = new openid.Configuration((await toParty()).as, toId(), undefined, openid.None());
    openid.allowInsecureRequests(config);
    const verifier = openid.randomPKCECodeVerifier();
    const url = openid.buildAuthorizationUrl(config, {
      ...{ redirect_uri: CALLBACK, scope: 'call', code_challenge_method: 'S256' },
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    });
    const DPoP = openid.getDPoPHandle(config, pair);
    const checks = { pkceCodeVerifier: verifier };
    const tokens = await openid.authorizationCodeGrant(config, await consent(url), checks, undefined, {
      DPoP,
    });
    expect(decodeJwt(tokens.access_token)['cnf']).toEqual({ jkt: thumbprint });
    const fields = {
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh_token ?? '',
      client_id: toId(),
    };
    const { body } = await postToken(config.serverMetadata().token_endpoint ?? '', fields);
    expect(body['error']).toBe('invalid_dpop_proof');
  });

  it.each([
    ['another client_id', { client_id: 'https://other.example.com/client.json' }, 'client_id'],
    ['a secret', { token_endpoint_auth_method: 'client_secret_post' }, 'none'],
    ['a client_secret', { client_secret: 's' }, 'none'],
    ['no redirect URIs', { redirect_uris: undefined }, 'redirect_uris'],
    ['a script as redirect URI', { redirect_uris: ['javascript:alert(1)'] }, 'scheme'],
  ])('is rejected with %s', async (_what, change, reason) => {
    respond = (_request, response) => send(response, toDocument(change));
    const page = await open();
    expect([page.status, page.location]).toEqual([400, undefined]);
    expect(page.html).toContain(reason);
  });

  it.each<[string, string, (response: ServerResponse) => void]>([
    [
      'of more than 5 KB',
      'bytes',
      (response) => send(response, toDocument({ client_uri: 'x'.repeat(6000) })),
    ],
    ['without end', 'bytes', flood],
    ['that never comes', 'abort', () => undefined],
    ['that drips', 'abort', drip],
    ['that is not JSON', 'not JSON', (response) => send(response, '{')],
    ['that is a list', 'client_id', (response) => send(response, [])],
    ['that is a page', 'application/json', (response) => send(response, toDocument(), 'text/html')],
    ['that is not there', '404', (response) => response.writeHead(404).end()],
    [
      'that is elsewhere',
      '302',
      (response) => response.writeHead(302, { location: toId('/next.json') }).end(),
    ],
    [
      'in a broken encoding',
      'not valid',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(Buffer.from(JSON.stringify(toDocument({ client_name: '\u00e9' })), 'latin1'));
      },
    ],
  ])('is rejected %s', async (_what, reason, behave) => {
    respond = (_request, response) => behave(response);
    const started = performance.now();
    const page = await open();
    expect([page.status, page.location]).toEqual([400, undefined]);
    expect(page.html).toContain(reason);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(asked).toEqual(['/client.json']); // a redirect is not followed
  });

  it.each([
    ['http', 'http://127.0.0.1:1/client.json'],
    ['no path', 'https://127.0.0.1:1/'],
    ['a fragment', 'https://127.0.0.1:1/client.json#x'],
    ['a user name', 'https://a@127.0.0.1:1/client.json'],
    ['dots', 'https://127.0.0.1:1/a/../client.json'],
    ['another spelling of its host', 'https://0x7f.1:1/client.json'],
    ['upper case', 'HTTPS://127.0.0.1:1/client.json'],
  ])('is not asked for with %s in its URL', async (_what, clientId) => {
    const page = await open(clientId.replace('127.0.0.1:1', new URL(origin).host));
    expect([page.status, page.location, asked]).toEqual([400, undefined, []]);
  });

  it.each([
    'https://169.254.169.254/latest/meta-data/client.json',
    'https://10.0.0.1/client.json',
    'https://192.168.1.1/client.json',
    'https://172.16.0.1/client.json',
    'https://100.64.0.1/client.json',
    'https://0.0.0.0/client.json',
    'https://[fd00::1]/client.json',
    'https://[fe80::1]/client.json',
    'https://[::ffff:7f00:1]/client.json',
    'https://[64:ff9b::a00:1]/client.json',
  ])('is not fetched from an address of this network: %s', async (clientId) => {
    const page = await open(clientId);
    expect(page.status).toBe(400);
    expect(page.html).toContain('its address is not one of the public internet');
  });
});

describe('An emulator that other machines reach', () => {
  let remote: Emulator;
  beforeAll(async () => (remote = await startEmulator({ host: '0.0.0.0', allowRemote: true })));
  afterAll(() => remote.close());

  it.each(['127.0.0.1', 'localhost', '127.1.2.3'])(
    'fetches no document from its own machine: %s',
    async (host) => {
      const page = await open(toId().replace('127.0.0.1', host), remote);
      expect(page.status).toBe(400);
      expect(page.html).toContain('its address is not one of the public internet');
      expect(asked).toEqual([]);
    },
  );
});

function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const write = () => {
    while (!response.destroyed && response.write(' '.repeat(16 * 1024)));
    if (!response.destroyed) response.once('drain', write);
  };
  write();
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 100);
  response.once('close', () => clearInterval(timer));
}
