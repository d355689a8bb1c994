// Wrong options: each is told by its name, all at once, and no value is repeated.
import { describe, expect, it } from '@jest/globals';
import { resolveConfig } from '#lib/core/config/config.js';
import { KNOWN_OPTIONS } from '#lib/core/config/options.js';
import { DescopeConfigError } from '#lib/core/errors.js';
import { SIGNATURE_ALGORITHMS } from '#lib/core/token/signature.js';
import { FullMemoryStore, MemoryStore } from '../../../support/memory-store.js';
import { createSigningKey, PROJECT_ID } from '../../../support/tokens.js';

const { jwk } = createSigningKey('RS256', 'SK1');
const ec = createSigningKey('ES256', 'SK2').jwk;
const clock = () => 0;

function mistakes(options: object): readonly string[] {
  try {
    resolveConfig(options);
    return [];
  } catch (error) {
    if (!(error instanceof DescopeConfigError) || error.code !== 'CONFIG_INVALID') throw error;
    const listed = error.details['mistakes'] as readonly string[];
    for (const line of listed) expect(error.message).toContain(line);
    return listed;
  }
}
const namesOf = (lines: readonly string[]) => [
  ...new Set(lines.map((line) => /^- ([^:]+):/.exec(line)?.[1])),
];
const mistaken = (options: object) => namesOf(mistakes({ projectId: PROJECT_ID, ...options }));

describe('resolveConfig', () => {
  it.each<[string, unknown[]]>([
    [
      'projectId',
      [
        '',
        ' ',
        7,
        null,
        'P2short',
        `${PROJECT_ID}x`,
        PROJECT_ID.replace('P', 'X'),
        PROJECT_ID.replace('2', '/'),
        `${PROJECT_ID}\u0000`,
      ],
    ],
    [
      'baseUrl',
      [
        '',
        'x',
        'ftp://a.example',
        '//a.example',
        'https://u:p@a.example',
        'https://a.example?x',
        'https://a.example/#x',
        7,
        null,
        'http://a.example',
        'http://127.0.0.1.evil.example',
        'http://localhost.evil.example',
        'http://10.0.0.1',
        'http://[::2]',
      ],
    ],
    ['allowInsecureBaseUrl', ['true', 'public', 1, null]],
    ['managementKey', ['', 7, null, 'K2one\nK2two', 'K2one K2two', 'K2one\u0000', 'K2one:K2two', 'K2é']],
    ['authManagementKey', ['', {}, null, 'K2one\r\nK2two', 'K2one\tK2two']],
    ['fgaCacheUrl', ['', 7, null, 'cache:8080', 'http://cache.internal', 'https://u:p@cache.example']],
    [
      'publicKey',
      [
        '',
        'no JSON',
        '{}',
        7,
        null,
        { ...jwk, kid: undefined },
        { ...jwk, alg: undefined },
        { ...jwk, d: 'AQAB' },
        ec,
      ],
    ],
    [
      'algorithms',
      [[], 'RS256', ['none'], ['None'], ['HS256'], ['RS256', 'HS256'], ['rs256'], ['EdDSA'], [7], null, {}],
    ],
    ['leewaySeconds', [-1, 61, Number.NaN, Number.POSITIVE_INFINITY, '5', null]],
    ['audience', ['', ' ', [], [''], [7], 7, {}, true]],
    ['allowMissingDrn', ['true', 1, null]],
    ['accepts', [[], ['unknown'], ['users'], 'user', null]],
    ['usernameClaim', ['', [], [''], [7], 7, null]],
    ['claimsSchema', ['', 7, null, {}, { '~standard': { version: 2 } }]],
    ['actorClaim', ['', ['act'], 7, null]],
    ['staffRole', ['', 7, null]],
    ['superuserRole', ['', [], null]],
    ['sessionCookieName', ['', 'a b', 'a;b', 'a=b', 'é', 'a\n', 7, null, 'DSR']],
    [
      'sources',
      [
        [],
        ['header'],
        'bearer',
        [7],
        [{}],
        [{ read: 'x' }],
        [{ read: clock, sentByBrowser: 'no' }],
        [null],
        null,
      ],
    ],
    [
      'publicOrigin',
      [
        '',
        'a.example',
        'https://a.example/',
        'https://A.example',
        'https://a.example:443',
        'null',
        '*',
        7,
        null,
      ],
    ],
    ['trustedOrigins', [[], 'https://a.example', /a/, null]],
    ['requireKeysAtBoot', ['yes', 0, null]],
    ['explain', ['yes', 0, null]],
    ['fetch', ['fetch', {}, null]],
    ['clock', [0, new Date(), null]],
  ])('rejects %s when it is anything else', (name, values) => {
    for (const value of values) expect([value, mistaken({ [name]: value })]).toEqual([value, [name]]);
  });

  it.each<[string, unknown[], string]>([
    [
      'no origin',
      ['https://a.example/x', 'null', 'a.example', 'https://A.example', "https://a';b"],
      'a string that is not an origin',
    ],
    [
      'a pattern of no use',
      ['*', 'https://a.*.example', 'http://*.a.example', 'https://*.example'],
      'a "*" where',
    ],
    ['a pattern below a shared name', ['https://*.vercel.app', 'https://*.co.uk'], 'anyone can host a site'],
    ['a RegExp', [/example/], 'a RegExp'],
    ['anything else', [7, null, {}, '', ['https://a.example'], undefined], 'got'],
  ])('tells of each of the trusted origins that is %s, and what may stand there', (_, items, got) => {
    for (const item of items) {
      const [line = '', ...more] = mistakes({
        projectId: PROJECT_ID,
        trustedOrigins: ['https://*.example.com', item, () => true],
      });
      expect([item, more, namesOf([line])]).toEqual([item, [], ['trustedOrigins[1]']]);
      expect(line).toContain(got);
      expect(line).toMatch(
        /expected .*(https:\/\/\*\.example\.com.*function that takes the origin|a domain of your own)/,
      );
    }
  });

  it.each([
    'https://a;b.example',
    "https://a'b.example",
    'https://*.example.com',
    'https://a,b',
    'https://a$b',
  ])('rejects the host of %s, which would begin something new in a policy', (url) => {
    for (const name of ['baseUrl', 'fgaCacheUrl', 'publicOrigin'])
      expect(mistaken({ [name]: url })).toEqual([name]);
  });

  it('rejects to use stale keys for a shorter time than fresh ones', () => {
    for (const keyFetch of [{ maxStaleSeconds: 599 }, { maxAgeSeconds: 60, maxStaleSeconds: 0 }])
      expect(mistaken({ keyFetch })).toEqual(['keyFetch.maxStaleSeconds']);
    expect(mistaken({ keyFetch: { maxStaleSeconds: 600 } })).toEqual([]);
    expect(mistaken({ keyFetch: { maxAgeSeconds: 86_400 } })).toEqual([]);
  });

  it.each<[string, unknown[]]>([
    ['maxAgeSeconds', [0, 86_401, '600', Number.NaN, null]],
    ['maxStaleSeconds', [-1, 86_401, null]],
    ['cooldownSeconds', [0, 31, null]],
    ['timeoutMs', [99, 4001, null]],
    ['retries', [1]],
  ])('rejects keyFetch.%s when it is anything else', (name, values) => {
    for (const value of values)
      expect([value, mistaken({ keyFetch: { [name]: value } })]).toEqual([value, [`keyFetch.${name}`]]);
    for (const keyFetch of [7, [], 'x', null]) expect(mistaken({ keyFetch })).toEqual(['keyFetch']);
  });

  it.each<[string, unknown[]]>([
    ['header', ['', 'a b', 'x:y', 'é', 'Authorization', 'cookie', 'Sec-Key', 'content-type', 7, null, ['x']]],
    ['maxAgeSeconds', [0, -1, 1.5, 86_401, '60', Number.NaN, null]],
    ['rejectedSeconds', [0, 3601, null]],
    ['maxKeys', [0, 1_000_001, '9']],
    ['unknownPerSecond', [0, 10_001, 0.5]],
    ['cache', [true]],
  ])('rejects accessKeys.%s when it is anything else', (name, values) => {
    for (const value of values)
      expect([value, mistaken({ accessKeys: { [name]: value } })]).toEqual([value, [`accessKeys.${name}`]]);
    for (const accessKeys of [7, [], 'x', null]) expect(mistaken({ accessKeys })).toEqual(['accessKeys']);
  });

  it('rejects bounds of the token cache that bound nothing, and no cache but by `false`', () => {
    for (const maxTokens of [0, -1, 1.5, '9', Number.NaN, Number.POSITIVE_INFINITY, null])
      expect(mistaken({ tokenCache: { maxTokens } })).toEqual(['tokenCache.maxTokens']);
    for (const maxBytes of [0, 1000, 1e15, '9', Number.NaN])
      expect(mistaken({ tokenCache: { maxBytes } })).toEqual(['tokenCache.maxBytes']);
    for (const tokenCache of [true, null, 7, 'x', []])
      expect(mistaken({ tokenCache })).toEqual(['tokenCache']);
    expect(mistaken({ tokenCache: { maxAge: 1 } })).toEqual(['tokenCache.maxAge']);
  });

  it('rejects a switch that is not on or off', () => {
    for (const superuserBypass of ['yes', 1, null])
      expect(mistaken({ superuserBypass })).toEqual(['superuserBypass']);
  });

  it('rejects session options that are anything else, and switches of none', () => {
    for (const session of [7, [], 'x', true]) expect(mistaken({ session })).toEqual(['session']);
    const wrong: [string, object][] = [
      ['session.store', { store: 'memory' }],
      ['session.refresh', { refresh: 'yes' }],
      ['session.cookie', { cookie: null }],
      ['session.cookies', { cookies: {} }],
      ['session.cookie.sameSite', { cookie: { sameSite: 'none' } }],
      ['session.cookie.secure', { cookie: { secure: 'auto' } }],
      ['session.cookie.domain', { cookie: { domain: 'a b; Path=/x' } }],
      ['session.cookie.domain', { cookie: { domain: 'example.com', hostPrefix: true } }],
      ['session.cookie.secure', { cookie: { secure: false, hostPrefix: true } }],
      ['session.cookie.httpOnly', { cookie: { httpOnly: false } }],
    ];
    for (const [name, session] of wrong) expect(mistaken({ session })).toEqual([name]);
  });

  it('rejects a shared store or channel that is none, and shared options without effect', () => {
    for (const shared of [7, [], 'x', true]) expect(mistaken({ shared })).toEqual(['shared']);
    const get = () => undefined;
    const store = { get, set: get, delete: get };
    const wrong: [string, object][] = [
      ['shared', {}],
      ['shared', { store: undefined }],
      ['shared.store', { store: { get, set: get } }],
      ['shared.store', { store: { ...store, getMany: 1 } }],
      ['shared.store', { store: {} }],
      ['shared.store', { store: new Map() }],
      ['shared.store', { store: null }],
      ['shared.channel', { store, channel: 'redis://localhost' }],
      ['shared.channel', { store, channel: {} }],
      ['shared.channel.store', { channel: { open: get, store: {} } }],
      ['shared.maxStaleMs', { channel: { open: get }, maxStaleMs: 500 }],
      ['shared.maxSilenceMs', { channel: { open: get }, maxSilenceMs: 499 }],
      ['shared.whenIsolated', { channel: { open: get }, whenIsolated: { acceptForMs: -1 } }],
      ['shared.whenIsolated', { channel: { open: get }, whenIsolated: { acceptMs: 5 } }],
      ['shared.maxStaleMs', { store, maxStaleMs: -1 }],
      ['shared.maxStaleMs', { store, maxStaleMs: 60_001 }],
      ['shared.maxSilenceMs', { store, maxSilenceMs: 2_000 }],
      ['shared.whenIsolated', { store, whenIsolated: 'reject' }],
      ['shared.renewals', { store, renewals: store }],
    ];
    for (const [name, shared] of wrong) expect(mistaken({ shared })).toEqual([name]);
  });

  it('says where a moved option is', () => {
    const session = { renewalStore: {}, signOutStore: {} };
    expect(mistakes({ projectId: PROJECT_ID, session })).toEqual(
      ['session.renewalStore', 'session.signOutStore'].map(
        (name) => `- ${name}: got an option that has moved; expected shared.store in its place.`,
      ),
    );
  });

  it('says that a channel or a store stands below a name of its own', () => {
    const shared = [{ open: () => undefined }, { get: () => undefined, set: () => undefined }];
    const [channel, store] = shared.map((given) =>
      mistakes({ projectId: PROJECT_ID, shared: given as never }),
    );
    expect(channel).toContain(
      '- shared.open: got the member of a channel; expected { channel: redisChannel(client) } in its place.',
    );
    expect(store).toContain('- shared.get: got the member of a store; expected { store } in its place.');
  });

  it('rejects events without a secret, and a secret that is too short', () => {
    for (const events of [
      {},
      { secret: undefined },
      { secret: 'x'.repeat(15) },
      { secret: ['x'.repeat(16), ''] },
      { secret: [] },
    ])
      expect([events, mistaken({ events })]).toEqual([events, ['events.secret']]);
    for (const events of [true, null, 'x', []]) expect(mistaken({ events })).toContain('events');
    for (const events of [
      undefined,
      false,
      { secret: 'x'.repeat(16) },
      { secret: ['x'.repeat(16), 'y'.repeat(16)] },
    ])
      expect([events, mistaken({ events })]).toEqual([events, []]);
  });

  it('rejects a user loader that is no function, and a refresh cookie that sessions have', () => {
    expect(mistaken({ loadUser: {} })).toEqual(['loadUser']);
    for (const refreshCookieName of ['', 'a b', 'DS', 7]) {
      expect(mistaken({ refreshCookieName })).toEqual(['refreshCookieName']);
    }
    expect(mistaken({ sessionCookieName: 'x', refreshCookieName: 'x' })).toEqual(['refreshCookieName']);
  });

  it('rejects users that are remembered without limits, without a loader, or for another request', () => {
    const loadUser = (session: unknown) => session;
    const withLoader = (userCache: unknown, loader: unknown = loadUser) =>
      mistaken({ loadUser: loader, userCache });
    for (const ttlMs of [0, -1, 3_600_001, Number.NaN, '60', null])
      expect([ttlMs, withLoader({ ttlMs })]).toEqual([ttlMs, ['userCache.ttlMs']]);
    for (const maxEntries of [0, 1.5, 1_000_001, '9', null])
      expect([maxEntries, withLoader({ ttlMs: 1, maxEntries })]).toEqual([
        maxEntries,
        ['userCache.maxEntries'],
      ]);
    for (const userCache of [true, 7, 'x', []]) expect(withLoader(userCache)).toContain('userCache');
    expect(withLoader(null)).toContain('userCache');
    expect(withLoader({})).toEqual(['userCache.ttlMs']);
    expect(withLoader({ ttlMs: 1, ttlSeconds: 1 })).toEqual(['userCache.ttlSeconds']);
    expect(mistaken({ userCache: { ttlMs: 1 } })).toEqual(['userCache']);
    class Accounts {
      loadUser(session: unknown, request: unknown) {
        return [session, request];
      }
    }
    for (const loader of [Accounts, (session: unknown, request: unknown) => [session, request]])
      expect(withLoader({ ttlMs: 1 }, loader)).toEqual(['userCache']);
    for (const userCache of [undefined, false, { ttlMs: 0.5 + 0.5 }, { ttlMs: 3_600_000, maxEntries: 1 }])
      expect([userCache, withLoader(userCache)]).toEqual([userCache, []]);
  });

  it('rejects a dpop that is none of its words, and members that could not work, with the other options that it needs', () => {
    const publicOrigin = 'https://api.example.com';
    const shared = { store: new FullMemoryStore() };
    const withDpop = (dpop: unknown) => mistaken({ publicOrigin, shared, dpop });
    for (const dpop of ['on', '', 'OFF']) expect([dpop, withDpop(dpop)]).toEqual([dpop, ['dpop.mode']]);
    for (const dpop of [true, 7, null, []]) expect([dpop, withDpop(dpop)]).toEqual([dpop, ['dpop']]);
    expect(withDpop({ mode: 'required', replay: 'none' })).toEqual(['dpop.replay']);
    for (const nonces of [
      'x',
      { secret: 'short' },
      { secret: 7 },
      {},
      { secret: 's'.repeat(32), x: 1 },
      true,
    ])
      expect([nonces, withDpop({ nonces })]).toEqual([nonces, ['dpop.nonces']]);
    for (const algorithms of [[], ['none'], ['HS256'], ['EdDSA'], 'ES256'])
      expect([algorithms, withDpop({ algorithms })]).toEqual([algorithms, ['dpop.algorithms']]);
    for (const maxAgeSeconds of [0, 301, 1.5, '60', Number.NaN])
      expect([maxAgeSeconds, withDpop({ maxAgeSeconds })]).toEqual([maxAgeSeconds, ['dpop.maxAgeSeconds']]);
    for (const pathPrefix of ['', '/', 'api', '/api/', '/a?b', '/a#b', 'https://a.example', 7])
      expect([pathPrefix, withDpop({ pathPrefix })]).toEqual([pathPrefix, ['dpop.pathPrefix']]);
    expect(withDpop({ maxAge: 1 })).toEqual(['dpop.maxAge']);
    for (const dpop of [undefined, 'off', { mode: 'off' }]) expect(mistaken({ dpop })).toEqual([]);
    for (const dpop of ['allowed', 'required', {}]) {
      expect([dpop, withDpop(dpop)]).toEqual([dpop, []]);
      expect(mistaken({ dpop, shared })).toEqual(['publicOrigin']);
      expect(mistaken({ dpop, publicOrigin })).toEqual(['dpop.replay']);
      expect(mistaken({ dpop, publicOrigin, shared: { store: new MemoryStore() } })).toEqual(['dpop.replay']);
    }
    const alone = { replay: 'per-instance', nonces: true, algorithms: ['ES512'], pathPrefix: '/api/v1' };
    expect(mistaken({ publicOrigin, dpop: alone })).toEqual([]);
    expect(withDpop({ nonces: { secret: 's'.repeat(32) } })).toEqual([]);
  });

  it('rejects a resource whose URL, scopes, servers or documentation no client could use, all at once', () => {
    const url = 'https://api.example.com';
    for (const resource of [7, [], 'x', true, null]) expect(mistaken({ resource })).toContain('resource');
    const noUrls = [
      undefined,
      '',
      'api.example.com',
      '/mcp',
      'ftp://api.example.com',
      'http://api.example.com',
    ];
    const noPlainUrls = [
      `${url}#`,
      `${url}/#x`,
      `${url}?`,
      `${url}?x=1`,
      'https://u:p@api.example.com',
      `${url}/"`,
    ];
    for (const wrong of [...noUrls, ...noPlainUrls, 'http://127.0.0.1.evil.example', 7, null])
      expect([wrong, mistaken({ resource: { url: wrong } })]).toEqual([wrong, ['resource.url']]);
    for (const scopes of ['a', ['a b'], ['a"'], ['a\\'], [''], [7], new Array(1), null])
      expect(mistaken({ resource: { url, scopes } })).toEqual(['resource.scopes']);
    const server = `${url}/v1`;
    for (const servers of [
      server,
      [],
      ['x'],
      [`${server}?x`],
      [`${server}#`],
      ['http://a.example'],
      [server, 7],
    ])
      expect(mistaken({ resource: { url, servers } })).toEqual(['resource.servers']);
    for (const documentation of ['x', 7, 'javascript:alert(1)', ''])
      expect(mistaken({ resource: { url, documentation } })).toEqual(['resource.documentation']);
    expect(
      mistaken({ resource: { url: 'x', scopes: [''], servers: ['x'], documentation: 'x', more: 1 } }).sort(),
    ).toEqual(['url', 'scopes', 'servers', 'documentation', 'more'].map((name) => `resource.${name}`).sort());
    for (const good of [
      url,
      `${url}/`,
      `${url}:8443/api/`,
      'http://localhost:3000',
      'http://127.0.0.1',
      'http://[::1]:1',
    ])
      expect(
        mistaken({ resource: { url: good, scopes: [], servers: ['http://127.0.0.1:4400/v1'] } }),
      ).toEqual([]);
    expect(mistaken({ resource: undefined })).toEqual([]);
  });

  it('has tried every option both ways above', () => {
    const tried = [
      'projectId',
      'baseUrl',
      'allowInsecureBaseUrl',
      'managementKey',
      'authManagementKey',
      'fgaCacheUrl',
      'publicKey',
      'keys',
      'algorithms',
      'leewaySeconds',
      'audience',
      'allowMissingDrn',
      'accepts',
      'accessKeys',
      'usernameClaim',
      'claimsSchema',
      'actorClaim',
      'staffRole',
      'superuserRole',
      'sessionCookieName',
      'refreshCookieName',
      'session',
      'resource',
      'dpop',
      'shared',
      'events',
      'loadUser',
      'userCache',
      'sources',
      'publicOrigin',
      'trustedOrigins',
      'explain',
      'keyFetch',
      'superuserBypass',
      'tokenCache',
      'requireKeysAtBoot',
      'fetch',
      'clock',
    ];
    expect([...KNOWN_OPTIONS].sort()).toEqual(tried.sort());
  });

  it.each(['trustedOrigins[0]', 'sources', 'audience', 'accepts', 'algorithms', 'keys', 'usernameClaim'])(
    'rejects a hole in the list of %s',
    (name) => expect(mistaken({ [name.replace('[0]', '')]: new Array(1) })).toEqual([name]),
  );

  it('rejects fixed keys that would never verify', () => {
    expect(mistaken({ keys: [] })).toEqual(['keys']);
    expect(mistaken({ keys: jwk })).toEqual(['keys']);
    expect(mistaken({ keys: [jwk, { ...jwk, kid: undefined }] })).toEqual(['keys[1]', 'keys']);
    expect(mistaken({ keys: [jwk, { ...ec, alg: undefined }] })).toEqual(['keys[1]']);
    expect(mistaken({ keys: [jwk, ec] })).toEqual(['keys[1]']); // ES256 is not among the algorithms
    expect(mistaken({ keys: [jwk, { ...ec, kid: 'SK1' }], algorithms: ['RS256', 'ES256'] })).toEqual([
      'keys',
    ]);
    expect(mistaken({ keys: [jwk], publicKey: jwk })).toEqual(['publicKey']);
  });

  it('reports all mistakes at once, including unknown options', () => {
    const all = mistakes({
      leeway: 5,
      algorithms: ['none'],
      baseUrl: 'http://a.example',
      audience: 7,
      sources: [],
    });
    expect(namesOf(all)).toEqual(['leeway', 'algorithms', 'audience', 'sources', 'projectId', 'baseUrl']);
    for (const line of all) expect(line).toMatch(/^- \S+: got .+; expected .+\.( Did you mean \S+\?)?$/);
  });

  it.each<[object, string]>([
    [{ projectID: PROJECT_ID }, 'projectId'],
    [{ audiance: 'a' }, 'audience'],
    [{ leewaySecond: 5 }, 'leewaySeconds'],
    [{ leeway: 5 }, 'leewaySeconds'],
    [{ key: [] }, 'keys'],
    [{ session: { cookies: {} } }, 'session.cookie'],
    [{ session: { cookie: { sameSit: 'lax' } } }, 'session.cookie.sameSite'],
  ])('asks whether %j means %s', (options, meant) => {
    const [line] = mistakes({ projectId: PROJECT_ID, ...options });
    expect(line).toMatch(new RegExp(` expected a known one\\. Did you mean ${meant}\\?$`));
  });

  it.each(['a', 'xyz', 'clockTolerance', 'issuer', 'loadUserNow', '__proto__x'])(
    'asks nothing of %s, which is like no option',
    (name) =>
      expect(mistakes({ projectId: PROJECT_ID, [name]: 1 })).toEqual([
        `- ${name}: got an unknown option; expected a known one.`,
      ]),
  );

  it('lists the known options once in a message, and those of a group apart', () => {
    const options = { projectId: PROJECT_ID, foo: 1, bar: 2, session: { foo: 1, bar: 2 } };
    let message = '';
    try {
      resolveConfig(options as object);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message.split('\n').filter((line) => line.startsWith('Known options'))).toEqual([
      `Known options: ${KNOWN_OPTIONS.join(', ')}.`,
      'Known options of session: store, refresh, cookie.',
    ]);
    expect(mistakes(options).join()).not.toContain('cookie');
  });

  it('says where a missing project id can come from', () => {
    expect(mistakes({})).toEqual([
      '- projectId: got nothing; expected the project id, in the option or in DESCOPE_PROJECT_ID. If the variable is in .env, import ConfigModule.forRoot() of @nestjs/config. With the emulator, first run eval "$(npx nestjs-descope emulator --env)". In a test, use createTestDescope().override(…) of nestjs-descope/testing.',
    ]);
  });

  it('names the options of a group that is given as something else', () => {
    expect(mistakes({ projectId: PROJECT_ID, loadUser: () => null, userCache: true })).toContain(
      '- userCache: got a boolean; expected false, or an object of ttlMs, maxEntries.',
    );
  });

  it('names what may be given in place of a group: words, or what switches it on and off', () => {
    const of = (name: string, value: unknown) => mistakes({ projectId: PROJECT_ID, [name]: value })[0];
    for (const value of [true, false, null, 1, []])
      expect(of('dpop', value)).toMatch(
        /^- dpop: got .+; expected 'off', 'allowed' or 'required', or an object of mode, replay, /,
      );
    expect(of('dpop', 'on')).toBe("- dpop.mode: got a string; expected 'off', 'allowed' or 'required'.");
    expect(of('accessKeys', 'on')).toMatch('expected true or false, or an object of ');
    expect(of('session', true)).toMatch('expected null or false, or an object of ');
    expect(of('keyFetch', true)).toMatch('expected an object of ');
  });

  it('says where a static option of a factory belongs', () => {
    expect(mistakes({ projectId: PROJECT_ID, routes: {} })).toEqual([
      '- routes: got a static option in the result of the factory; expected it in forRootAsync() itself, next to useFactory.',
    ]);
    expect(mistakes({ projectId: PROJECT_ID, session: { routes: {} } }).join()).toContain(
      'routes: got an unknown option',
    );
  });

  it('allows neither `none` nor HMAC', () => {
    expect(SIGNATURE_ALGORITHMS.filter((name) => /none|HS/i.test(name))).toEqual([]);
  });

  it('repeats no value in its message: it may be a secret that went to the wrong option', () => {
    const secret = 'hush-hush-K2secret';
    for (const name of [...KNOWN_OPTIONS, 'unknown']) {
      const values = [
        secret,
        `https://u:${secret}@a.example`,
        [secret],
        { [name]: secret },
        JSON.stringify({ ...jwk, d: secret }),
        { ...jwk, d: secret, kid: secret },
      ];
      for (const value of values) expect(mistakes({ [name]: value }).join()).not.toContain(secret);
    }
  });
});
