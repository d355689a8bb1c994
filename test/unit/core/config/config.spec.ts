// Options in, config out: every option both ways, every mistake told, no secret repeated.
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { FetchLike } from '#lib/core/api/http-client.js';
import type { DescopeConfig } from '#lib/core/config/config.js';
import { resolveConfig } from '#lib/core/config/config.js';
import { KNOWN_OPTIONS } from '#lib/core/config/options.js';
import { isConfidential, isProjectId, readBaseUrl, toRegionalBaseUrl } from '#lib/core/http/base-url.js';
import { createSigningKey, PROJECT_ID } from '../../../support/tokens.js';

const schema = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const;
const { jwk } = createSigningKey('RS256', 'SK1');
const ec = createSigningKey('ES256', 'SK2').jwk;
const resolve = (options: object = {}) => resolveConfig({ projectId: PROJECT_ID, ...options });

describe('resolveConfig', () => {
  it('needs nothing but a project id', () => {
    expect(resolve()).toMatchObject({
      projectId: PROJECT_ID,
      baseUrl: 'https://api.descope.com',
      verification: {
        projectId: PROJECT_ID,
        algorithms: ['RS256'],
        leewaySeconds: 5,
        sessionTokenNames: ['DS', 'DS'],
      },
      authentication: {
        sources: ['bearer', 'cookie'],
        usernameClaim: 'sub',
        actorClaim: 'act',
        staffRole: 'is_staff',
        superuserRole: 'is_superuser',
        origins: { publicOrigin: undefined, trustedOrigins: [] },
      },
      acceptance: { accepts: ['user', 'access-key'], audience: undefined },
      isAudienceDecided: false,
      keys: undefined,
      keyFetch: { maxAgeMs: 600_000, maxStaleMs: 3_600_000, cooldownMs: 10_000, timeoutMs: 2500 },
      fgaCacheUrl: undefined,
      accessKeys: undefined,
      superuserBypass: false,
      tokenCache: { maxTokens: 10_000, maxBytes: 33_554_432 },
      requireKeysAtBoot: false,
    });
  });

  it('takes what is left out and what is undefined for the same', () => {
    const nothing = Object.fromEntries(KNOWN_OPTIONS.map((name) => [name, undefined]));
    const shown = (config: DescopeConfig) => JSON.stringify(config);
    expect(shown(resolve({ ...nothing, projectId: PROJECT_ID }))).toBe(shown(resolve()));
  });

  const clock = () => 0;
  const isOurs = () => true;
  const loadUser = () => ({});
  it.each<[object, (config: DescopeConfig) => unknown, unknown]>([
    [{ projectId: ` ${PROJECT_ID}\n` }, (config) => config.projectId, PROJECT_ID],
    [{ projectId: `Puse1${'a'.repeat(27)}` }, (config) => config.baseUrl, 'https://api.use1.descope.com'],
    [{ baseUrl: 'https://auth.example.com/x/' }, (config) => config.baseUrl, 'https://auth.example.com/x'],
    [{ baseUrl: 'http://127.0.0.1:4000' }, (config) => config.baseUrl, 'http://127.0.0.1:4000'],
    [
      { baseUrl: 'http://descope.internal', allowInsecureBaseUrl: true },
      (config) => config.baseUrl,
      'http://descope.internal',
    ],
    [
      { baseUrl: 'http://emulator:4400', allowInsecureBaseUrl: 'private' },
      (config) => config.baseUrl,
      'http://emulator:4400',
    ],
    [{ algorithms: ['ES256', 'PS512'] }, (config) => config.verification.algorithms, ['ES256', 'PS512']],
    [{ leewaySeconds: 0 }, (config) => config.verification.leewaySeconds, 0],
    [{ leewaySeconds: 60 }, (config) => config.verification.leewaySeconds, 60],
    [
      { audience: 'api' },
      (config) => [config.acceptance.audience, config.isAudienceDecided],
      [['api'], true],
    ],
    [{ audience: ['a', 'b'] }, (config) => config.acceptance.audience, ['a', 'b']],
    [
      { audience: null },
      (config) => [config.acceptance.audience, config.isAudienceDecided],
      [undefined, true],
    ],
    [{ allowMissingDrn: true }, (config) => config.verification.allowMissingDrn, true],
    [{ accepts: ['app'] }, (config) => config.acceptance.accepts, ['app']],
    [{ usernameClaim: 'email' }, (config) => config.authentication.usernameClaim, 'email'],
    [{ usernameClaim: ['a', 'b'] }, (config) => config.authentication.usernameClaim, ['a', 'b']],
    [{ usernameClaim: clock }, (config) => config.authentication.usernameClaim, clock],
    [{ claimsSchema: schema }, (config) => config.authentication.claimsSchema, schema],
    [{ actorClaim: 'actor' }, (config) => config.authentication.actorClaim, 'actor'],
    [{ staffRole: 'crew' }, (config) => config.authentication.staffRole, 'crew'],
    [{ superuserRole: 'root' }, (config) => config.authentication.superuserRole, 'root'],
    [{ sessionCookieName: '__Host-DS' }, (config) => config.session.cookies.sessionName, '__Host-DS'],
    [{ sessionCookieName: 'mine' }, (config) => config.verification.sessionTokenNames, ['DS', 'mine']],
    [{ sources: ['cookie'] }, (config) => config.authentication.sources, ['cookie']],
    [
      { sources: [{ read: clock, sentByBrowser: false }] },
      (config) => config.authentication.sources,
      [{ read: clock, sentByBrowser: false }],
    ],
    [
      { publicOrigin: 'https://a.example' },
      (config) => config.authentication.origins.publicOrigin,
      'https://a.example',
    ],
    [
      { trustedOrigins: ['http://b:1'] },
      (config) => config.authentication.origins.trustedOrigins,
      ['http://b:1'],
    ],
    [
      { keyFetch: { maxAgeSeconds: 60, maxStaleSeconds: 60, cooldownSeconds: 30, timeoutMs: 4000 } },
      (config) => config.keyFetch,
      { maxAgeMs: 60_000, maxStaleMs: 60_000, cooldownMs: 30_000, timeoutMs: 4000 },
    ],
    [{ keyFetch: { maxAgeSeconds: 7200 } }, (config) => config.keyFetch.maxStaleMs, 7_200_000],
    [
      { trustedOrigins: ['https://*.example.com', isOurs] },
      (config) => config.authentication.origins.trustedOrigins,
      ['https://*.example.com', isOurs],
    ],
    [{ refreshCookieName: 'R' }, (config) => config.verification.refreshTokenNames, ['DSR', 'R']],
    [{ loadUser: clock }, (config) => config.loadUser, clock],
    [{ session: {} }, (config) => [config.session.isOn, config.session.isRefreshed], [true, false]],
    [{ session: false }, (config) => config.session.isOn, false],
    [{ session: null }, (config) => config.session.isOn, false],
    [{ session: { refresh: true } }, (config) => config.session.isRefreshed, true],
    [{ session: { store: 'request-session' } }, (config) => config.session.store, 'request-session'],
    [
      { session: { cookie: { hostPrefix: true } } },
      (config) => [config.session.cookies.sessionName, config.session.cookies.secure],
      ['__Host-DS', true],
    ],
    [
      { session: { cookie: { sameSite: 'strict', secure: false, domain: 'example.com' } } },
      ({ session }) => [session.cookies.sameSite, session.cookies.secure, session.cookies.domain],
      ['Strict', false, 'example.com'],
    ],
    [{ superuserBypass: true }, (config) => config.superuserBypass, true],
    [{ explain: true }, (config) => config.explain, true],
    [{ fgaCacheUrl: 'https://cache.example/' }, (config) => config.fgaCacheUrl, 'https://cache.example'],
    [
      { fgaCacheUrl: 'http://cache.internal', allowInsecureBaseUrl: true },
      (config) => config.fgaCacheUrl,
      'http://cache.internal',
    ],
    [{ accessKeys: false }, (config) => config.accessKeys, undefined],
    [
      { accessKeys: true },
      (config) => config.accessKeys,
      {
        header: undefined,
        maxAgeMs: 300_000,
        rejectedMs: 60_000,
        maxKeys: 10_000,
        unknownPerSecond: 20,
      },
    ],
    [
      {
        accessKeys: {
          header: 'X-Api-Key',
          maxAgeSeconds: 10,
          rejectedSeconds: 5,
          maxKeys: 7,
          unknownPerSecond: 1,
        },
      },
      (config) => config.accessKeys,
      { header: 'x-api-key', maxAgeMs: 10_000, rejectedMs: 5_000, maxKeys: 7, unknownPerSecond: 1 },
    ],
    [{ tokenCache: false }, (config) => config.tokenCache, undefined],
    [
      { tokenCache: { maxTokens: 5, maxBytes: 1_048_576 } },
      (config) => config.tokenCache,
      { maxTokens: 5, maxBytes: 1_048_576 },
    ],
    [{ loadUser, userCache: false }, (config) => config.userCache, undefined],
    [
      { loadUser, userCache: { ttlMs: 60_000 } },
      (config) => config.userCache,
      { ttlMs: 60_000, maxEntries: 10_000 },
    ],
    [{ requireKeysAtBoot: true }, (config) => config.requireKeysAtBoot, true],
    [{ clock }, (config) => config.clock, clock],
    [{ publicKey: jwk }, (config) => [...(config.keys?.keys() ?? [])], ['SK1']],
    [{ publicKey: JSON.stringify(jwk) }, (config) => [...(config.keys?.keys() ?? [])], ['SK1']],
    [
      { keys: [jwk, ec], algorithms: ['RS256', 'ES256'] },
      (config) => [...(config.keys?.keys() ?? [])],
      ['SK1', 'SK2'],
    ],
    [
      { managementKey: ' K2m ', authManagementKey: 'K2a', events: { secret: ' sixteen characters\n' } },
      (config) => config.readSecrets(),
      { managementKey: 'K2m', authManagementKey: 'K2a', webhookSecrets: ['sixteen characters'] },
    ],
  ])('takes %j', (options, read, expected) => expect(read(resolve(options))).toEqual(expected));

  it("takes Node's fetch as it is, and calls another with a text and plain values", async () => {
    expect([resolve().fetch, resolve({ fetch }).fetch]).toEqual([fetch, fetch]);
    const calls: unknown[][] = [];
    const answer = new Response();
    const own: FetchLike = async (...call) => {
      calls.push(call);
      return answer;
    };
    const headers = new Headers({ accept: 'application/json' });
    expect(await resolve({ fetch: own }).fetch(new URL('https://api.descope.com/a'), { headers })).toBe(
      answer,
    );
    expect(calls).toEqual([
      ['https://api.descope.com/a', { headers: { accept: 'application/json' }, body: null }],
    ]);
  });

  it('shows no secret in JSON, logs or copies', () => {
    const config = resolve({ managementKey: 'hush', authManagementKey: 'hush' });
    expect(
      JSON.stringify(config) + inspect(config, { depth: 9, showHidden: true }) + String(config),
    ).not.toMatch(/hush/);
  });

  it('is frozen, and does not change with the lists it was made from', () => {
    const given = {
      algorithms: ['RS256'],
      audience: ['api'],
      accepts: ['user'],
      trustedOrigins: ['https://a.example'],
      sources: ['bearer'],
    };
    const remembered = { loadUser: () => ({}), userCache: { ttlMs: 1 } };
    const config = resolve({ ...given, ...remembered, accessKeys: true });
    const before = JSON.stringify(config);
    for (const list of Object.values(given)) list.push('x');
    expect(JSON.stringify(config)).toBe(before);
    const parts = [
      config,
      config.verification,
      config.authentication,
      config.authentication.origins,
      config.acceptance,
      config.keyFetch,
      config.tokenCache,
      config.accessKeys,
      config.userCache,
      config.verification.algorithms,
      config.verification.sessionTokenNames,
      config.acceptance.accepts,
      config.authentication.sources,
    ];
    for (const part of parts) expect(Object.isFrozen(part)).toBe(true);
  });
});

describe('Where Descope is', () => {
  it('follows from the region in a project id of 32 characters', () => {
    expect(toRegionalBaseUrl(`Peuc1${'a'.repeat(27)}`)).toBe('https://api.euc1.descope.com');
    expect(toRegionalBaseUrl(PROJECT_ID)).toBe('https://api.descope.com');
    expect(toRegionalBaseUrl(`P./..${'a'.repeat(27)}`)).toBe('https://api.descope.com');
    expect([
      isProjectId(PROJECT_ID),
      isProjectId(`${PROJECT_ID}\n`),
      isProjectId(`Pab${'a'.repeat(27)}`),
    ]).toEqual([true, false, false]);
  });

  it('is read without a trailing slash, and is confidential by https or on loopback', () => {
    expect(readBaseUrl('HTTPS://A.example:443//')).toBe('https://a.example');
    for (const url of ['https://a.example', 'http://localhost:1', 'http://127.9.9.9', 'http://[::1]:1'])
      expect(isConfidential(url)).toBe(true);
    for (const url of [
      'http://a.example',
      'http://127.0.0.1.a.example',
      'http://0.0.0.0',
      'http://localhost.',
    ])
      expect(isConfidential(url)).toBe(false);
  });
});
