// Requests that another site sends with a browser's cookies, and bodies and tokens that must not become a session.
import type { Attack } from './stage/attack.js';
import { bearer, JSON_TYPE } from './stage/attack.js';
import type { Ask } from './stage/exchange.js';
import type { Stage } from './stage/stage.js';
import { THEIRS } from './stage/stage.js';

const SAME_SITE = 'Sec-Fetch-Site: same-origin';
const cookies = ({ session, refresh }: { session: string; refresh: string }) =>
  `Cookie: DS=${session}; DSR=${refresh}`;

type Sent = (lines: readonly string[]) => (stage: Stage) => Ask;

// By path: a request of a signed-in browser that succeeds from our own page.
const ROUTES: Readonly<Record<string, Sent>> = {
  'POST /notes':
    (lines) =>
    ({ ada }) => ({ path: '/notes', lines: [JSON_TYPE, cookies(ada), ...lines], body: '{"text":"Hi"}' }),
  'POST /auth/store_jwt':
    (lines) =>
    ({ ada }) => ({
      path: '/auth/store_jwt',
      lines: [JSON_TYPE, ...lines],
      body: JSON.stringify({ sessionJwt: ada.session, refreshJwt: ada.refresh }),
    }),
  'POST /auth/session':
    (lines) =>
    ({ ada }) => ({
      path: '/auth/session',
      lines: ['Content-Type: application/x-www-form-urlencoded', ...lines],
      body: `DS=${ada.session}&DSR=${ada.refresh}`,
    }),
  'POST /auth/refresh':
    (lines) =>
    ({ ada }) => ({ path: '/auth/refresh', lines: [cookies(ada), ...lines], body: '' }),
  'POST /auth/tenant':
    (lines) =>
    ({ ada }) => ({
      path: '/auth/tenant',
      lines: [JSON_TYPE, cookies(ada), ...lines],
      body: '{"tenant":"acme"}',
    }),
};

const ORIGINS: Readonly<Record<string, (url: string) => readonly string[]>> = {
  'another origin': () => ['Origin: https://evil.example'],
  'the origin null': () => ['Origin: null'],
  'an empty origin': () => ['Origin:'],
  'our host on another port': () => ['Origin: http://127.0.0.1:1'],
  'our host as a prefix': (url) => [`Origin: ${url}.evil.example`],
  'our host as user info': (url) => [`Origin: ${url}@evil.example`],
  'our origin and a path': (url) => [`Origin: ${url}/`],
  'two origins': (url) => [`Origin: ${url} https://evil.example`],
  'localhost by another name': (url) => [`Origin: ${url.replace('127.0.0.1', 'localhost')}`],
  'another site': () => ['Sec-Fetch-Site: cross-site'],
  'a sibling site': () => ['Sec-Fetch-Site: same-site'],
  'an unknown site': () => ['Sec-Fetch-Site: SAME-ORIGIN'],
  'our origin, and another site': (url) => [`Origin: ${url}`, 'Sec-Fetch-Site: cross-site'],
  'a referer elsewhere': () => ['Referer: https://evil.example/'],
  'a referer that is none': () => ['Referer: /start'],
};

const FORGED = Object.entries(ROUTES).flatMap(([route, sent]) =>
  Object.entries(ORIGINS).map(([name, lines]): Attack => ({
    name: `${route} from ${name}`,
    attack: (stage) => sent(lines(stage.url))(stage),
    control: sent([SAME_SITE]),
    status: [403],
    code: 'REQUEST_CROSS_SITE',
  })),
);

// Signing out ends what it succeeds with, so this is a session of somebody whom no other request needs.
let leavers = 0;
const leaver = ({ forge }: Stage) => `Cookie: DS=${forge({ claims: { sub: `U2leaver${(leavers += 1)}` } })}`;
const SIGN_OUTS = ['/auth/logout', '/auth/logout-all'].flatMap((path) =>
  Object.entries(ORIGINS).map(([name, lines]): Attack => ({
    name: `POST ${path} from ${name}`,
    attack: (stage) => ({ path, lines: [leaver(stage), ...lines(stage.url)], body: '' }),
    control: (stage) => ({ path, lines: [leaver(stage), SAME_SITE], body: '' }),
    status: [403],
    code: 'REQUEST_CROSS_SITE',
    waits: path === '/auth/logout-all', // until the second of the sign-out is over
  })),
);

const READS = [
  '/auth/store_jwt',
  '/auth/session',
  '/auth/refresh',
  '/auth/logout',
  '/auth/logout-all',
  '/auth/tenant',
].flatMap((path) =>
  ['GET', 'HEAD', 'PUT', 'DELETE'].map((method): Attack => ({
    name: `${method} ${path}`,
    attack: ({ ada }) => ({ method, path, lines: [cookies(ada), SAME_SITE] }),
    control: ({ ada }) => ({ path: '/auth/me', lines: [cookies(ada)] }),
    status: [404, 405],
  })),
);

const store = (body: string, lines: readonly string[] = [JSON_TYPE]): Ask => ({
  path: '/auth/store_jwt',
  lines: [SAME_SITE, ...lines],
  body,
});
const sound = ({ ada }: Stage) => store(JSON.stringify({ sessionJwt: ada.session, refreshJwt: ada.refresh }));

function storing(
  name: string,
  rejection: readonly [readonly number[], string?],
  attack: (stage: Stage) => Ask,
): Attack {
  const [status, code] = rejection;
  return { name: `storing ${name}`, attack, control: sound, status, code, mayClear: false };
}

const INVALID = [[400], 'REQUEST_BODY_INVALID'] as const;
const UNSUPPORTED = [[415]] as const;
const post = (tokens: (stage: Stage) => object) => (stage: Stage) => store(JSON.stringify(tokens(stage)));

const STORED: Attack[] = [
  ...[
    'text/plain',
    'text/html',
    'multipart/form-data; boundary=x',
    'application/jwt',
    'application/json-patch+json',
    'text/json',
    'application/xml',
    'application/jsonx',
  ].map((type) =>
    storing(`tokens as ${type}`, UNSUPPORTED, (stage) =>
      store(sound(stage).body ?? '', [`Content-Type: ${type}`]),
    ),
  ),
  storing('tokens of no type', UNSUPPORTED, (stage) => store(sound(stage).body ?? '', [])),
  storing('tokens without saying where from', [[403], 'REQUEST_CROSS_SITE'], (stage) => ({
    ...sound(stage),
    lines: [JSON_TYPE],
  })),
  ...['[]', '[{}]', '[[]]'].map((body) => storing(`the body ${body}`, INVALID, () => store(body))),
  ...['null', '"text"', '1', 'true', '{', '{"sessionJwt":', "{'a':1}", 'x'].map((body) =>
    storing(`the body ${body}`, [[400]], () => store(body)),
  ),
  ...['{}', '{"sessionjwt":"x"}', '{"token":"x"}'].map((body) =>
    storing(`the body ${body}`, [[401], 'SESSION_MISSING'], () => store(body)),
  ),
  storing(
    'the session ""',
    [[401], 'SESSION_MISSING'],
    post(() => ({ sessionJwt: '' })),
  ),
  ...[null, 1, true, [], {}, ' ', 'undefined', 'null', ['x']].map((sessionJwt) =>
    storing(
      `the session ${JSON.stringify(sessionJwt)}`,
      INVALID,
      post(() => ({ sessionJwt })),
    ),
  ),
  ...[null, 1, [], 'undefined'].map((refreshJwt) =>
    storing(
      `the refresh token ${JSON.stringify(refreshJwt)}`,
      INVALID,
      post(({ ada }) => ({ sessionJwt: ada.session, refreshJwt })),
    ),
  ),
  storing(
    'text',
    [[401], 'TOKEN_MALFORMED'],
    post(() => ({ sessionJwt: 'a.b.c' })),
  ),
  storing(
    '17 KB of text',
    [[401], 'TOKEN_TOO_LARGE'],
    post(() => ({ sessionJwt: 'x'.repeat(17_000) })),
  ),
  storing(
    '1 MB of text',
    [[413]],
    post(() => ({ sessionJwt: 'x'.repeat(1_100_000) })),
  ),
  storing(
    'a refresh token as session',
    [[401], 'TOKEN_NOT_A_SESSION'],
    post(({ ada }) => ({ sessionJwt: ada.refresh })),
  ),
  storing(
    'a session as refresh token',
    [[401], 'TOKEN_NOT_A_REFRESH'],
    post(({ ada }) => ({ sessionJwt: ada.session, refreshJwt: ada.session })),
  ),
  storing(
    'tokens of two people',
    [[401], 'TOKEN_SUBJECT_MISMATCH'],
    post(({ ada, bob }) => ({ sessionJwt: ada.session, refreshJwt: bob.refresh })),
  ),
  storing(
    'an expired session',
    [[401], 'TOKEN_EXPIRED'],
    post(({ forge, ada }) => ({ sessionJwt: forge({ claims: { exp: 1 } }), refreshJwt: ada.refresh })),
  ),
  storing(
    'a session by another key',
    [[401], 'TOKEN_SIGNATURE_INVALID'],
    post(({ forge, ada }) => ({ sessionJwt: forge({ key: THEIRS.privateKey }), refreshJwt: ada.refresh })),
  ),
  storing(
    'a refresh token by another key',
    [[401], 'TOKEN_SIGNATURE_INVALID'],
    post(({ forge, ada }) => ({
      sessionJwt: ada.session,
      refreshJwt: forge({ key: THEIRS.privateKey, claims: { drn: 'DSR' } }),
    })),
  ),
  storing(
    'a session of another project',
    [[401], 'TOKEN_ISSUER_MISMATCH'],
    post(({ forge }) => ({ sessionJwt: forge({ claims: { iss: 'P2other' } }) })),
  ),
  storing(
    'a session that is bound to a key',
    [[401], 'TOKEN_SENDER_CONSTRAINED'],
    post(({ forge }) => ({ sessionJwt: forge({ claims: { cnf: {} } }) })),
  ),
  storing(
    "an app's token",
    [[401], 'TOKEN_KIND_NOT_ACCEPTED'],
    post(({ forge, emulator }) => ({
      sessionJwt: forge({ claims: { iss: `https://x.example/v1/apps/${emulator.projectId}` } }),
    })),
  ),
  storing('tokens in __proto__', [[400, 401]], ({ ada }) =>
    store(`{"__proto__":{"sessionJwt":"${ada.session}"}}`),
  ),
  storing('a form of lists', INVALID, ({ ada }) =>
    store(`DS=${ada.session}&DS=${ada.session}`, ['Content-Type: application/x-www-form-urlencoded']),
  ),
  storing('a body that is longer than it says', [[400, 401]], () =>
    store('{"sessionJwt":"x"}', [JSON_TYPE, 'Content-Length: 5']),
  ),
];

const form = (path: string, line: string, body: string): Ask => ({
  path,
  lines: [SAME_SITE, JSON_TYPE, line],
  body,
});
const refreshed = ({ bob }: Stage): Ask => ({
  path: '/auth/refresh',
  lines: [SAME_SITE, cookies(bob)],
  body: '',
});

const RENEWED: Attack[] = (
  [
    ['nothing', 'SESSION_MISSING', () => 'X: y'],
    ['a session alone', 'SESSION_MISSING', ({ bob }) => `Cookie: DS=${bob.session}`],
    ['a session as refresh token', 'TOKEN_NOT_A_REFRESH', ({ bob }) => `Cookie: DSR=${bob.session}`],
    ['text', 'TOKEN_MALFORMED', () => 'Cookie: DSR=a.b.c'],
    [
      'a refresh token by another key',
      'TOKEN_SIGNATURE_INVALID',
      ({ forge }) => `Cookie: DSR=${forge({ key: THEIRS.privateKey, claims: { drn: 'DSR' } })}`,
    ],
    [
      'an expired refresh token',
      'TOKEN_EXPIRED',
      ({ forge }) => `Cookie: DSR=${forge({ claims: { drn: 'DSR', exp: 1 } })}`,
    ],
    [
      'a refresh token that Descope never issued',
      undefined,
      ({ forge }) => `Cookie: DSR=${forge({ claims: { drn: 'DSR', jti: 'x', sub: 'U2nobody' } })}`,
    ],
    ['a refresh token as bearer', 'TOKEN_NOT_A_SESSION', ({ bob }) => bearer(bob.refresh)],
  ] as readonly (readonly [string, string | undefined, (stage: Stage) => string])[]
).map(([name, code, line]) => ({
  name: `refreshing by ${name}`,
  attack: (stage) => ({ path: '/auth/refresh', lines: [SAME_SITE, line(stage)], body: '' }),
  control: refreshed,
  status: [401],
  code,
  mayClear: true,
}));

const TENANTS: Attack[] = (
  [
    ['"globex"', 403, 'TENANT_NOT_SELECTABLE'],
    ['"__proto__"', 403, 'TENANT_NOT_SELECTABLE'],
    ['""', 400, 'REQUEST_BODY_INVALID'],
    ['1', 400, 'REQUEST_BODY_INVALID'],
    ['["acme"]', 400, 'REQUEST_BODY_INVALID'],
    ['{"acme":1}', 400, 'REQUEST_BODY_INVALID'],
    [`"${'a'.repeat(600)}"`, 400, 'REQUEST_BODY_INVALID'],
  ] as const
).map(([tenant, status, code]) => ({
  name: `selecting the tenant ${tenant.slice(0, 20)}`,
  attack: ({ ada }) => form('/auth/tenant', cookies(ada), `{"tenant":${tenant}}`),
  control: ({ ada }) => form('/auth/tenant', cookies(ada), '{"tenant":"acme"}'),
  status: [status],
  code,
}));

const TARGETS = [
  'https://evil.example',
  '//evil.example',
  '/\\evil.example',
  '/%5Cevil.example',
  '/%2Fevil.example',
  '/.//evil.example',
  '/a/..//evil.example',
  '/../%2fevil.example',
  '/%2e%2e/%5cevil.example',
  'javascript:alert(1)//evil.example',
  '/%09/evil.example',
  '\thttps://evil.example',
  '/evil.example%0d%0aSet-Cookie:x=y',
  '%2f%2fevil.example',
  '/%252f%252fevil.example',
];
const PAGES: Attack[] = [
  ...TARGETS.map((target): Attack => ({
    name: `the sign-in page with ?next=${JSON.stringify(target)}`,
    attack: () => ({ path: `/auth/login?next=${encodeURIComponent(target)}` }),
    control: () => ({ path: '/auth/login?next=%2Forders' }),
    status: [200],
  })),
  ...['Host', 'X-Forwarded-Host', 'Forwarded', 'X-Original-Host', 'X-Forwarded-Prefix'].map(
    (name): Attack => ({
      name: `the sign-in page with ${name}: evil.example`,
      attack: () => ({ path: '/auth/login', lines: [`${name}: evil.example`] }),
      control: () => ({ path: '/auth/login' }),
      status: [200],
    }),
  ),
  {
    name: 'the sign-in page with markup in ?next=',
    attack: () => ({
      path: `/auth/login?next=${encodeURIComponent('/"</script><script>alert(1)</script>')}`,
    }),
    control: () => ({ path: '/auth/login' }),
    status: [200],
    without: ['<script>alert', 'alert(1)</script>'],
  },
  ...[
    'role=admin',
    'permission=x',
    'role[]=admin',
    'roles=admin',
    'x=y',
    'role=admin&role=root',
    '__proto__=x',
  ].map((query): Attack => ({
    name: `the gateway's check with ?${query}`,
    attack: ({ ada }) => ({ path: `/auth/check?${query}`, lines: [bearer(ada.session)] }),
    control: ({ ada }) => ({ path: '/auth/check', lines: [bearer(ada.session)] }),
    status: [403],
    code: 'CHECK_DEMAND_NOT_ALLOWED',
  })),
];

export const sessionAttacks: readonly Attack[] = [
  ...FORGED,
  ...SIGN_OUTS,
  ...READS,
  ...STORED,
  ...RENEWED,
  ...TENANTS,
  ...PAGES,
];
