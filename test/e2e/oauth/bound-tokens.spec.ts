// Unmodified OAuth clients get tokens that are bound to their key (DPoP, RFC 9449), and nobody else uses them.
import { generateKeyPairSync, sign } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, exportJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { consent, openConsent } from '../../support/consent.js';
import { discover, INSECURE, postToken, start } from '../../support/oauth-flow.js';
import type { ProofContent, ProofKey } from '../../support/signed-proof.js';
import { createProofKey, signProof } from '../../support/signed-proof.js';
import { useEmulator } from '../../support/use-emulator.js';

const CALLBACK = 'http://127.0.0.1:4000/callback';
const SHOP = { client_id: 'shop', client_secret: 'shop-secret' };
const bed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com', name: 'Ada' }],
    inboundApps: [
      {
        name: 'shop',
        clientId: 'shop',
        clientSecret: 'shop-secret',
        redirectUris: [CALLBACK],
        scopes: ['read'],
        exchanges: [{ resource: 'https://orders.internal', scopes: ['read'] }],
      },
      { name: 'spa', clientId: 'spa', redirectUris: [CALLBACK], scopes: ['read'] },
      { name: 'bound', clientId: 'bound', clientSecret: 'b', scopes: ['read'], dpopBoundAccessTokens: true },
    ],
  },
});

let [key, other]: ProofKey[] = [];
beforeAll(async () => ([key, other] = [await createProofKey(), await createProofKey()]));
const own = (): ProofKey => key as ProofKey;

const toIssuer = () => `${bed.emulator.url}/v1/apps/${bed.emulator.projectId}`;
const toUrl = (endpoint: 'token' | 'userinfo') => `${bed.emulator.url}/oauth2/v1/apps/${endpoint}`;
const configure = (secret?: string) =>
  openid.discovery(
    new URL(toIssuer()),
    secret === undefined ? 'spa' : 'shop',
    undefined,
    secret === undefined ? openid.None() : openid.ClientSecretBasic(secret),
    { execute: [openid.allowInsecureRequests] },
  );

/** Signs Ada in by openid-client. */
const signIn = async (config: openid.Configuration, handle: openid.DPoPHandle, bindsCode = true) => {
  const verifier = openid.randomPKCECodeVerifier();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: 'openid read',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(bindsCode ? { dpop_jkt: await handle.calculateThumbprint() } : {}),
  });
  const checks = { pkceCodeVerifier: verifier, idTokenExpected: true };
  return openid.authorizationCodeGrant(config, await consent(url), checks, undefined, { DPoP: handle });
};

const VERIFIER = 'v'.repeat(43);
/** Allows a request without a key; returns where the client is called back. */
const allow = async (config: openid.Configuration, parameters: Record<string, string> = {}) => {
  const challenge = await openid.calculatePKCECodeChallenge(VERIFIER);
  const all = { redirect_uri: CALLBACK, code_challenge: challenge, code_challenge_method: 'S256' };
  return consent(openid.buildAuthorizationUrl(config, { ...all, ...parameters }));
};

/** A client credentials request with a proof, which gets its nonce first. */
const request = async (content: Partial<ProofContent> = {}, by = own(), fields: object = SHOP) => {
  const first = { htu: toUrl('token') };
  const body = { ...fields, grant_type: 'client_credentials' };
  const nonce = (await postToken(toUrl('token'), body, { dpop: await signProof(by, first) })).headers.get(
    'dpop-nonce',
  );
  const proof = await signProof(by, { ...first, ...content, claims: { nonce, ...content.claims } });
  return postToken(toUrl('token'), body, { dpop: proof });
};

/** An access token of Ada's that is bound to the key. */
const getBound = async () => {
  const config = await configure('shop-secret');
  return (await signIn(config, openid.getDPoPHandle(config, own().pair))).access_token;
};
const askUserInfo = async (token: string, content: Partial<ProofContent> = {}, by = own()) => {
  const proof = await signProof(by, { htm: 'GET', htu: toUrl('userinfo'), token, ...content });
  return fetch(toUrl('userinfo'), { headers: { authorization: `DPoP ${token}`, dpop: proof } });
};
const errorOf = (response: Response) =>
  /^(\w+ error="\w+")/.exec(response.headers.get('www-authenticate') ?? '')?.[1];

describe('openid-client with DPoP', () => {
  it('finds the algorithms in the metadata, and signs in with a code that is bound to its key', async () => {
    const config = await configure('shop-secret');
    expect(config.serverMetadata().dpop_signing_alg_values_supported).toEqual(
      expect.arrayContaining(['ES256', 'RS256', 'EdDSA']),
    );
    const handle = openid.getDPoPHandle(config, own().pair);
    const tokens = await signIn(config, handle);
    expect(tokens.token_type).toBe('dpop');
    expect(decodeJwt(tokens.access_token)['cnf']).toEqual({ jkt: own().thumbprint });
    const { sub = '' } = tokens.claims() ?? {};
    const info = await openid.fetchUserInfo(config, tokens.access_token, sub, { DPoP: handle });
    expect(info.name).toBe('Ada');
    expect(bed.emulator.requests.all.filter(({ path }) => path.endsWith('/token'))).toHaveLength(2);
  });

  it.each(['always', 'token', 'never'] as const)('works with dpopNonces: %s', async (dpopNonces) => {
    bed.emulator.configure({ dpopNonces });
    const config = await configure();
    const handle = openid.getDPoPHandle(config, own().pair);
    const tokens = await signIn(config, handle, false);
    const again = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, {
      DPoP: handle,
    });
    expect(decodeJwt(again.access_token)['cnf']).toEqual({ jkt: own().thumbprint });
    const { sub = '' } = tokens.claims() ?? {};
    const fresh = openid.getDPoPHandle(config, own().pair); // without a nonce
    const info = await openid.fetchUserInfo(config, again.access_token, sub, { DPoP: fresh });
    expect(info.sub).toBe(sub);
    const statuses = bed.emulator.requests.all
      .filter(({ path }) => /token|userinfo/.test(path))
      .map(({ status }) => status);
    const rejected = { always: [400, 401], token: [400], never: [] }[dpopNonces];
    expect(statuses.filter((status) => status !== 200)).toEqual(rejected);
  });

  it('finds a project below a path, whose proofs are for its URL', async () => {
    const seed = { inboundApps: [{ name: 'shop', clientId: 'shop', clientSecret: 's' }] };
    await using project = await bed.emulator.createProject({ seed });
    const issuer = new URL(`${project.url}/v1/apps/${project.projectId}`);
    const options = { execute: [openid.allowInsecureRequests] };
    const config = await openid.discovery(issuer, 'shop', 's', undefined, options);
    const handle = openid.getDPoPHandle(config, own().pair);
    expect((await openid.clientCredentialsGrant(config, {}, { DPoP: handle })).token_type).toBe('dpop');
  });

  it('registers itself for bound tokens, and gets no others', async () => {
    const metadata = { redirect_uris: [CALLBACK], dpop_bound_access_tokens: true };
    const config = await openid.dynamicClientRegistration(new URL(toIssuer()), metadata, openid.None(), {
      execute: [openid.allowInsecureRequests],
    });
    expect(config.clientMetadata().dpop_bound_access_tokens).toBe(true);
    const handle = openid.getDPoPHandle(config, own().pair);
    expect((await signIn(config, handle)).token_type).toBe('dpop');
    const bare = openid.authorizationCodeGrant(config, await allow(config), {
      pkceCodeVerifier: VERIFIER,
    });
    await expect(bare).rejects.toMatchObject({ error: 'invalid_dpop_proof' });
  });

  it('gets another nonce where the one that it has is too old', async () => {
    const config = await configure('shop-secret');
    const handle = openid.getDPoPHandle(config, own().pair);
    const grant = () => openid.clientCredentialsGrant(config, {}, { DPoP: handle });
    const count = () => bed.emulator.requests.count('/oauth2/v1/apps/token');
    await grant();
    bed.emulator.clock.advance(90_000); // the one before the current one
    await grant();
    expect(count()).toBe(3);
    bed.emulator.clock.advance(150_000);
    expect((await grant()).token_type).toBe('dpop');
    expect(count()).toBe(5);
  });
});

describe('oauth4webapi with DPoP', () => {
  it.each(['ES256', 'ES384', 'ES512', 'RS256', 'PS384'])('signs with %s', async (alg) => {
    const [as, client, pair] = [await discover(toIssuer()), { client_id: 'shop' }, await createProofKey(alg)];
    const options = { ...INSECURE, DPoP: oauth.DPoP({}, pair.pair) };
    const auth = oauth.ClientSecretPost('shop-secret');
    const ask = async () => {
      const response = await oauth.clientCredentialsGrantRequest(as, client, auth, {}, options);
      return oauth.processClientCredentialsResponse(as, client, response);
    };
    const tokens = await ask().catch((error: unknown) => {
      if (oauth.isDPoPNonceError(error)) return ask();
      throw error;
    });
    expect(decodeJwt(tokens.access_token)['cnf']).toEqual({ jkt: pair.thumbprint });
  });
});

describe('The token endpoint', () => {
  it('demands a nonce first, and returns one with each response to a proof', async () => {
    const fields = { ...SHOP, grant_type: 'client_credentials' };
    const dpop = await signProof(own(), { htu: toUrl('token') });
    const first = await postToken(toUrl('token'), fields, { dpop });
    expect([first.status, first.body['error']]).toEqual([400, 'use_dpop_nonce']);
    const second = await request();
    expect([second.status, second.body['token_type']]).toEqual([200, 'DPoP']);
    expect(second.headers.get('dpop-nonce')).toBe(first.headers.get('dpop-nonce'));
    const bearer = await postToken(toUrl('token'), fields);
    expect([bearer.body['token_type'], bearer.headers.has('dpop-nonce')]).toEqual(['Bearer', false]);
  });

  it.each([
    ['another method', { htm: 'GET' }],
    ['the method in lower case', { htm: 'post' }],
    ['another endpoint', { htu: 'https://evil.example.com/token' }],
    ['another path', { claims: { htu: 'http://127.0.0.1/oauth2/v1/apps/userinfo' } }],
    ['no URL', { claims: { htu: undefined } }],
    ['a URL that is none', { claims: { htu: ['x'] } }],
    ['no id', { claims: { jti: undefined } }],
    ['an empty id', { claims: { jti: '' } }],
    ['no time', { claims: { iat: undefined } }],
    ['a time that is text', { claims: { iat: 'now' } }],
    ['another type', { header: { typ: 'JWT' } }],
    ['no type', { header: { typ: undefined } }],
    ['no key', { header: { jwk: undefined } }],
  ] as const)('rejects a proof with %s', async (_what, content) => {
    const { status, body } = await request(content);
    expect([status, body['error']]).toEqual([400, 'invalid_dpop_proof']);
  });

  it('takes a URL with a query and another spelling, which do not count', async () => {
    const htu = toUrl('token').replace('http://', 'HTTP://').concat('?a=b#c');
    expect((await request({ htu })).status).toBe(200);
  });

  it('rejects a proof that comes again, even at once', async () => {
    const nonce = (await request()).headers.get('dpop-nonce');
    const dpop = await signProof(own(), { htu: toUrl('token'), claims: { nonce } });
    const fields = { ...SHOP, grant_type: 'client_credentials' };
    const both = await Promise.all([1, 2].map(() => postToken(toUrl('token'), fields, { dpop })));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect((await postToken(toUrl('token'), fields, { dpop })).body['error']).toBe('invalid_dpop_proof');
  });

  it('rejects a proof with another key than its own, and one with a private key', async () => {
    const { jwk } = other as ProofKey;
    expect((await request({ header: { jwk } })).body['error']).toBe('invalid_dpop_proof');
    const secret = await exportJWK(own().pair.privateKey);
    expect((await request({ header: { jwk: secret } })).body['error']).toBe('invalid_dpop_proof');
  });

  it('takes EdDSA, and no RSA key of less than 2048 bits', async () => {
    const { status, body } = await request({}, await createProofKey('EdDSA'));
    expect([status, body['token_type']]).toEqual([200, 'DPoP']);
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const jwk = short.publicKey.export({ format: 'jwk' });
    const [, payload = ''] = (await signProof(own(), { htu: toUrl('token') })).split('.');
    const header = Buffer.from(JSON.stringify({ typ: 'dpop+jwt', alg: 'RS256', jwk })).toString('base64url');
    const signed = sign('sha256', Buffer.from(`${header}.${payload}`), short.privateKey).toString(
      'base64url',
    );
    const fields = { ...SHOP, grant_type: 'client_credentials' };
    const rejected = await postToken(toUrl('token'), fields, { dpop: `${header}.${payload}.${signed}` });
    expect(rejected.body['error']).toBe('invalid_dpop_proof');
    expect(rejected.body['error_description']).toContain('2048');
  });

  it('rejects two proofs, what is no JWT, and an unsigned one', async () => {
    const fields = { ...SHOP, grant_type: 'client_credentials' };
    const proof = await signProof(own(), { htu: toUrl('token') });
    const [, payload] = proof.split('.');
    const none = Buffer.from(JSON.stringify({ typ: 'dpop+jwt', alg: 'none', jwk: own().jwk }));
    for (const dpop of [
      `${proof}, ${proof}`,
      '',
      'x',
      'a.b.c',
      `${none.toString('base64url')}.${payload}.`,
      `${none.toString('base64url')}.${payload}.AA`,
    ]) {
      const { status, body } = await postToken(toUrl('token'), fields, { dpop });
      expect([status, body['error']]).toEqual([400, 'invalid_dpop_proof']);
    }
  });

  it('limits the age of a proof where it demands no nonce', async () => {
    bed.emulator.configure({ dpopNonces: 'never' });
    const now = Math.floor(Date.now() / 1000);
    for (const [iat, status] of [
      [now - 50, 200],
      [now - 70, 400],
      [now + 70, 400],
    ] as const) {
      expect((await request({ claims: { iat, nonce: undefined } })).status).toBe(status);
    }
  });

  it('takes the nonce for the time of a proof, also where the clock of the client is wrong', async () => {
    expect((await request({ claims: { iat: 1 } })).status).toBe(200);
    expect((await request({ claims: { nonce: 'invented' } })).body['error']).toBe('use_dpop_nonce');
  });

  it('issues no bearer token to a client that has asked for bound ones only', async () => {
    const fields = { client_id: 'bound', client_secret: 'b' };
    const bearer = await postToken(toUrl('token'), { ...fields, grant_type: 'client_credentials' });
    expect([bearer.status, bearer.body['error']]).toEqual([400, 'invalid_dpop_proof']);
    expect((await request({}, own(), fields)).body['token_type']).toBe('DPoP');
  });
});

describe('The exchange of a token', () => {
  const exchange = async (subject: string, by?: ProofKey) => {
    bed.emulator.configure({ dpopNonces: 'never' });
    const fields = {
      ...{ ...SHOP, grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange' },
      ...{ subject_token: subject, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
      resource: 'https://orders.internal',
    };
    const headers = by === undefined ? {} : { dpop: await signProof(by, { htu: toUrl('token') }) };
    const { body } = await postToken(toUrl('token'), fields, headers);
    const { token_type: type, access_token: token = '', error } = body as Record<string, string>;
    return error ?? { type, cnf: decodeJwt(token)['cnf'] };
  };

  it('needs a proof by the key of a bound token, and gives one that is bound to it', async () => {
    const bound = await getBound();
    expect([await exchange(bound), await exchange(bound, other)]).toEqual(Array(2).fill('invalid_request'));
    expect(await exchange(bound, own())).toEqual({ type: 'DPoP', cnf: { jkt: own().thumbprint } });
  });

  it('gives a bound token to a client that sends a proof, and a bearer token to any other', async () => {
    const { sessionJwt } = await bed.emulator.signIn('ada@example.com');
    expect(await exchange(sessionJwt, own())).toEqual({ type: 'DPoP', cnf: { jkt: own().thumbprint } });
    expect(await exchange(sessionJwt)).toEqual({ type: 'Bearer', cnf: undefined });
  });
});

describe('A stolen code or refresh token', () => {
  it('of a bound code is rejected without the key, and with another one', async () => {
    const config = await configure('shop-secret');
    for (const handle of [undefined, openid.getDPoPHandle(config, (other as ProofKey).pair)]) {
      const callback = await allow(config, { dpop_jkt: own().thumbprint });
      const options = handle ? { DPoP: handle } : {};
      const checks = { pkceCodeVerifier: VERIFIER };
      const redeemed = openid.authorizationCodeGrant(config, callback, checks, undefined, options);
      await expect(redeemed).rejects.toMatchObject({ error: 'invalid_grant' });
    }
  });

  it('of a public client is rejected without its key, and of one with a secret is bound anew', async () => {
    const stranger = (config: openid.Configuration) => openid.getDPoPHandle(config, (other as ProofKey).pair);
    const spa = await configure();
    const tokens = await signIn(spa, openid.getDPoPHandle(spa, own().pair));
    for (const options of [{}, { DPoP: stranger(spa) }]) {
      const refreshed = openid.refreshTokenGrant(spa, tokens.refresh_token ?? '', undefined, options);
      await expect(refreshed).rejects.toMatchObject({ error: 'invalid_grant' });
    }
    const shop = await configure('shop-secret');
    const { refresh_token: token = '' } = await signIn(shop, openid.getDPoPHandle(shop, own().pair));
    const again = await openid.refreshTokenGrant(shop, token, undefined, { DPoP: stranger(shop) });
    expect(decodeJwt(again.access_token)['cnf']).toEqual({ jkt: other?.thumbprint });
  });

  it('is not bound to a thumbprint that is none', async () => {
    const party = {
      as: await discover(toIssuer()),
      client: { client_id: 'shop' },
      auth: oauth.None(),
      redirectUri: CALLBACK,
    };
    const { location } = await openConsent((await start(party, { dpop_jkt: 'x' })).url);
    expect(location?.searchParams.get('error')).toBe('invalid_request');
  });
});

describe('User info', () => {
  it('is for the holder of the key alone', async () => {
    const token = await getBound();
    expect((await askUserInfo(token)).status).toBe(200);
    expect(errorOf(await askUserInfo(token, {}, other))).toBe('DPoP error="invalid_token"');
    const bearer = await fetch(toUrl('userinfo'), { headers: { authorization: `Bearer ${token}` } });
    expect([bearer.status, errorOf(bearer)]).toEqual([401, 'Bearer error="invalid_token"']);
    const bare = await fetch(toUrl('userinfo'), { headers: { authorization: `DPoP ${token}` } });
    expect([bare.status, errorOf(bare)]).toEqual([401, 'DPoP error="invalid_dpop_proof"']);
  });

  it('is not for a bearer token that is shown as a bound one', async () => {
    const fields = { grant_type: 'client_credentials', ...SHOP };
    const token = String((await postToken(toUrl('token'), fields)).body['access_token']);
    expect(errorOf(await askUserInfo(token))).toBe('DPoP error="invalid_token"');
  });

  it.each([
    ['no hash of the token', { claims: { ath: undefined } }],
    ['the hash of another token', { claims: { ath: 'x'.repeat(43) } }],
    ['another method', { htm: 'POST' }],
    ['the URL of the token endpoint', { htu: 'http://127.0.0.1/oauth2/v1/apps/token' }],
  ] as const)('rejects a proof with %s', async (_what, content) => {
    expect(errorOf(await askUserInfo(await getBound(), content))).toBe('DPoP error="invalid_dpop_proof"');
  });

  it('names its algorithms in the challenge, and pages may read it', async () => {
    const token = await getBound();
    const headers = { authorization: `DPoP ${token}`, dpop: 'x', origin: 'http://localhost:3000' };
    const response = await fetch(toUrl('userinfo'), { headers });
    expect(response.headers.get('www-authenticate')).toContain('algs="RS256 RS384');
    expect(response.headers.get('access-control-expose-headers')).toContain('dpop-nonce, www-authenticate');
  });
});
