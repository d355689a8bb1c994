// Credentials → token: what is asked of Descope, how long the answer serves, and what a rejection says.
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { DescopeError } from '#lib/core/errors.js';
import type { M2mCredentials } from '#lib/core/m2m/client-credentials.js';
import { readCredentials } from '#lib/core/m2m/client-credentials.js';
import { MachineTokens } from '#lib/core/m2m/client-tokens.js';
import {
  codeLater,
  codeOf,
  createClock,
  createSigningKey,
  mint,
  PROJECT_ID,
} from '../../../support/tokens.js';

const signer = createSigningKey();
const CLIENT = { clientId: 'client', clientSecret: 'hush-hush' };
const KEY = { accessKey: 'K2robot0000000000000000hush-hush' };

/** Descope at the network edge: answers `answer`, which may be made anew for each call. */
function create(answer: (number: number) => Response | Promise<Response>) {
  const clock = createClock();
  const calls: { url: string; headers: Headers; body: string }[] = [];
  const fetch = async (target: unknown, init: RequestInit = {}) => {
    const body = init.body instanceof URLSearchParams ? init.body.toString() : String(init.body);
    calls.push({ url: String(target), headers: new Headers(init.headers), body });
    return answer(calls.length);
  };
  const names = { session: ['DS'], refresh: ['DSR'] };
  const api = { baseUrl: 'https://d.example', projectId: PROJECT_ID, timeoutMs: 1_000, fetch, names };
  const tokens = new MachineTokens({ ...api, notify: () => undefined }, clock);
  const find = async (credentials: M2mCredentials, isBound = false) =>
    tokens.find(readCredentials(credentials, isBound));
  return { clock, calls, tokens, find };
}
const grant = (number: number, more: object = { expires_in: 600 }) =>
  Response.json({ access_token: `opaque ${number}`, token_type: 'Bearer', ...more });

describe('MachineTokens', () => {
  it('exchanges an access key in the header that only Descope sees', async () => {
    const { calls, find } = create(() => Response.json({ sessionJwt: mint(signer) }));
    expect(await find(KEY)).toMatch(/^eyJ/);
    expect(await find(KEY)).toMatch(/^eyJ/);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.url).toBe('https://d.example/v1/auth/accesskey/exchange');
    expect(calls[0]?.headers.get('authorization')).toBe(`Bearer ${PROJECT_ID}:${KEY.accessKey}`);
  });

  it('asks for a client token by the form of RFC 6749, and shows the secret there alone', async () => {
    const { calls, find } = create(grant);
    const asked = { scope: ['read', 'write'], audience: 'orders', resource: 'https://orders.internal/' };
    expect(await find({ ...CLIENT, ...asked })).toBe('opaque 1');
    const [call] = calls;
    expect(call?.url).toBe('https://d.example/oauth2/v1/apps/token');
    expect(call?.headers.get('authorization')).toBeNull();
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client',
      client_secret: 'hush-hush',
      scope: 'read write',
      audience: 'orders',
      resource: 'https://orders.internal/',
    });
  });

  it('keeps a token for each credential and wish', async () => {
    const { calls, find } = create(grant);
    const all: M2mCredentials[] = [
      CLIENT,
      { ...CLIENT, clientSecret: 'other' },
      { ...CLIENT, scope: 'read' },
      { ...CLIENT, audience: 'read' },
      { ...CLIENT, resource: 'read' },
    ];
    const first = await Promise.all(all.map((one) => find(one)));
    expect(new Set(first).size).toBe(5);
    expect(await Promise.all(all.map((one) => find(one)))).toEqual(first);
    expect(await find({ ...CLIENT, scope: ['read'] })).toBe(first[2]);
    expect(calls).toHaveLength(5);
  });

  it.each([
    [600, 589_999, 590_000], // ten seconds before the end
    [20, 17_999, 18_000], // a tenth of a short life
  ])('hands out a token of %d s no later than in time to arrive', async (seconds, lastMs, overMs) => {
    const { clock, calls, find } = create(async (number) => {
      if (number === 2) return new Response('{}', { status: 503 }); // the refresh ahead
      return grant(number, { expires_in: seconds });
    });
    await find(CLIENT);
    clock.advance(lastMs);
    expect(await find(CLIENT)).toBe('opaque 1');
    expect(calls).toHaveLength(2);
    await new Promise((resolve) => setImmediate(resolve)); // it fails
    clock.advance(overMs - lastMs + 1_000);
    expect(await find(CLIENT)).toBe('opaque 3');
  });

  it('believes the token where it ends before the answer says so', async () => {
    const { clock, calls, find } = create(() =>
      Response.json({ access_token: mint(signer, { claims: { exp: 1_700_000_020 } }), expires_in: 3600 }),
    );
    await find(CLIENT);
    clock.advance(18_001);
    await find(CLIENT);
    expect(calls).toHaveLength(2);
  });

  it('remembers no token of which nobody says when it ends', async () => {
    const { calls, find } = create((number) => grant(number, {}));
    expect([await find(CLIENT), await find(CLIENT)]).toEqual(['opaque 1', 'opaque 2']);
    expect(calls).toHaveLength(2);
  });

  it.each<[string, M2mCredentials, Response, string]>([
    ['a client', CLIENT, Response.json({ error: 'invalid_client' }, { status: 401 }), 'invalid_client'],
    ['a scope', CLIENT, Response.json({ error: 'invalid_scope' }, { status: 400 }), 'invalid_scope'],
    ['an access key', KEY, Response.json({ errorCode: 'E061005' }, { status: 401 }), 'E061005'],
  ])(
    'says what to do where Descope rejects %s, for a moment',
    async (_what, credentials, rejection, descopeCode) => {
      const { clock, calls, find } = create((number) => (number === 1 ? rejection : Response.json({})));
      const error = await find(credentials).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'M2M_CREDENTIALS_REFUSED', details: { descopeCode } });
      expect((error as DescopeError).message).toContain('Check');
      expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('hush');
      expect(await codeLater(() => find(credentials))).toBe('M2M_CREDENTIALS_REFUSED');
      expect(calls).toHaveLength(1);
      clock.advance(5_000);
      expect(await codeLater(() => find(credentials))).toBe('DESCOPE_UNAVAILABLE');
    },
  );

  it.each([
    ['a status of a box on the way', () => new Response('{}', { status: 401 })],
    [
      'a word that is no rejection',
      () => Response.json({ error: 'temporarily_unavailable' }, { status: 400 }),
    ],
    ['no token', () => Response.json({ access_token: '' })],
    ['too many calls', () => Response.json({ error: 'invalid_client' }, { status: 429 })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://e.example' } })],
  ])('takes %s for an outage', async (_what, answer) => {
    const { find } = create(answer);
    expect(await codeLater(() => find(CLIENT))).toBe('DESCOPE_UNAVAILABLE');
  });

  it('shows no credential when it is looked into', async () => {
    const { tokens, find } = create(grant);
    await find(CLIENT);
    expect(inspect(tokens, { showHidden: true, depth: 9 }) + JSON.stringify(tokens)).not.toContain('hush');
  });
});

describe('A token that is bound to a key', () => {
  const bind = (jkt: string) => mint(signer, { claims: { cnf: { jkt } } });
  const createBound = (type: string, toToken: (thumbprint: string) => string) => {
    const world = create(() =>
      Response.json({
        access_token: toToken(world.tokens.prover.thumbprint),
        token_type: type,
        expires_in: 60,
      }),
    );
    return world;
  };

  it('is asked for with a proof, and kept beside the bearer token of the same client', async () => {
    const { calls, tokens, find } = createBound('DPoP', bind);
    const token = await find(CLIENT, true);
    expect(decodeJwt(calls[0]?.headers.get('dpop') ?? '')).toMatchObject({
      htm: 'POST',
      htu: 'https://d.example/oauth2/v1/apps/token',
    });
    expect(decodeJwt(token)['cnf']).toEqual({ jkt: tokens.prover.thumbprint });
    await find(CLIENT);
    expect(calls.map(({ headers }) => headers.has('dpop'))).toEqual([true, false]);
    await Promise.all([find(CLIENT, true), find(CLIENT)]);
    expect(calls).toHaveLength(2);
  });

  it.each<[string, string, (thumbprint: string) => string]>([
    ['a bearer token', 'Bearer', () => mint(signer)],
    ['a bound token that is called a bearer token', 'bearer', bind],
    ['a token that is bound to nothing', 'DPoP', () => mint(signer)],
    ['a token that is bound to another key', 'DPoP', (thumbprint) => bind(thumbprint.toLowerCase())],
    ['a token of which nobody can say to what it is bound', 'DPoP', () => 'opaque'],
  ])('is demanded: %s is not used', async (_what, type, toToken) => {
    const { calls, find } = createBound(type, toToken);
    const error = await find(CLIENT, true).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'M2M_TOKEN_NOT_BOUND', details: { actual: type.toLowerCase() } });
    expect(await codeLater(() => find(CLIENT, true))).toBe('M2M_TOKEN_NOT_BOUND');
    expect(calls).toHaveLength(1);
  });

  it('is asked for once more with the nonce that Descope demands', async () => {
    const demand = { status: 400, headers: { 'dpop-nonce': 'n-1' } };
    const world = create((number) =>
      number === 1
        ? Response.json({ error: 'use_dpop_nonce' }, demand)
        : Response.json({ access_token: bind(world.tokens.prover.thumbprint), token_type: 'DPoP' }),
    );
    await world.find(CLIENT, true);
    const nonces = world.calls.map(({ headers }) => decodeJwt(headers.get('dpop') ?? '')['nonce']);
    expect(nonces).toEqual([undefined, 'n-1']);
    expect(world.calls[1]?.body).toBe(world.calls[0]?.body);
  });

  it('is an outage where Descope demands a nonce and gives none, or another one each time', async () => {
    for (const nonces of [[], ['n-1', 'n-2', 'n-3']]) {
      const { calls, find } = create((number) => {
        const nonce = nonces[number - 1];
        const headers = nonce === undefined ? {} : { 'dpop-nonce': nonce };
        return Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers });
      });
      expect(await codeLater(() => find(CLIENT, true))).toBe('DESCOPE_UNAVAILABLE');
      expect(calls).toHaveLength(nonces.length === 0 ? 1 : 2);
    }
  });

  it('is refused where Descope rejects the proof, and the reason is there', async () => {
    const { find } = create(() => Response.json({ error: 'invalid_dpop_proof' }, { status: 400 }));
    const error = await find(CLIENT, true).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'M2M_CREDENTIALS_REFUSED',
      details: { descopeCode: 'invalid_dpop_proof' },
      message: expect.stringContaining('clock'),
    });
  });

  it('is not to be had for an access key', () => {
    expect(() => readCredentials(KEY, true)).toThrow('no token of an access key');
    expect(codeOf(() => readCredentials(KEY, true))).toBe('CONFIG_INVALID');
  });
});

describe('Credentials', () => {
  it.each<[object | null]>([
    [null],
    [{}],
    [{ accessKey: '' }],
    [{ accessKey: 'a b' }],
    [{ accessKey: 'a:b' }],
    [{ accessKey: 'a\nb' }],
    [{ accessKey: 7 }],
    [{ ...KEY, ...CLIENT }],
    [{ clientId: 'x' }],
    [{ ...CLIENT, clientSecret: ' ' }],
    [{ ...CLIENT, scope: [] }],
    [{ ...CLIENT, audience: 7 }],
    [{ ...CLIENT, scope: null }],
    [{ ...CLIENT, scope: {} }],
    [{ ...CLIENT, scopes: 'orders:read' }],
    [{ ...KEY, scope: 'orders:read' }],
  ])('are not taken in the form %j', (credentials) =>
    expect(codeOf(() => readCredentials(credentials as M2mCredentials))).toBe('CONFIG_INVALID'),
  );
});
