// Credentials in the wrong place or shape: only one Bearer header or one exact cookie counts.
import type { Attack } from './stage/attack.js';
import { bearer, cookie, JSON_TYPE } from './stage/attack.js';
import type { Ask } from './stage/exchange.js';
import type { Stage } from './stage/stage.js';

type Lines = (token: string, stage: Stage) => readonly string[];

const withBearer = ({ ada }: Stage): Ask => ({ path: '/me', lines: [bearer(ada.session)] });
const withCookie = ({ ada }: Stage): Ask => ({ path: '/me', lines: [cookie(ada.session)] });

function header(name: string, rejection: readonly [number, string?], lines: Lines): Attack {
  const [status, code] = rejection;
  const attack = (stage: Stage): Ask => ({ path: '/me', lines: lines(stage.ada.session, stage) });
  return { name, attack, control: withBearer, status: [status], code };
}

const MALFORMED = [400, 'CREDENTIAL_MALFORMED'] as const;
const MISSING = [401, 'SESSION_MISSING'] as const;

const AUTHORIZATION = [
  header('two Authorization headers, both good', MALFORMED, (token) => [bearer(token), bearer(token)]),
  header('two Authorization headers, the second bad', MALFORMED, (token) => [bearer(token), bearer('x')]),
  header('two Authorization headers, the first bad', MALFORMED, (token) => [bearer('x'), bearer(token)]),
  header('two Authorization headers, the first of another scheme', MALFORMED, (token) => [
    'Authorization: Basic eDp5',
    bearer(token),
  ]),
  header('two Authorization headers, the first empty', MALFORMED, (token) => [
    'authorization:',
    bearer(token),
  ]),
  ...(
    [
      ['a list of credentials', (token) => `Bearer ${token}, Bearer ${token}`],
      ['a list behind another scheme', (token) => `Basic eDp5, Bearer ${token}`],
      ['a comma behind it', (token) => `Bearer ${token},`],
      ['a tab in place of the blank', (token) => `Bearer\t${token}`],
      ['a tab within', (token) => `Bearer ${token}\tx`],
      ['more words', (token) => `Bearer ${token} extra`],
      ['quotes', (token) => `Bearer "${token}"`],
      ['a colon', (token) => `Bearer: ${token}`],
      ['nothing behind the scheme', () => 'Bearer'],
      ['a no-break space', (token) => `Bearer\u00a0${token}`],
    ] as const satisfies readonly (readonly [string, (token: string) => string])[]
  ).map(([name, write]) =>
    header(`a bearer header with ${name}`, MALFORMED, (token) => [`Authorization: ${write(token)}`]),
  ),
  ...(
    [
      ['a parameter', (token) => `Bearer token=${token}x&`],
      ['a semicolon', (token) => `Bearer ${token};`],
      ['angle brackets', (token) => `Bearer <${token}>`],
      ['percent encoding', (token) => `Bearer%20${token}`.replace('%20', ' %20')],
    ] as const satisfies readonly (readonly [string, (token: string) => string])[]
  ).map(([name, write]) =>
    header(`a bearer header with ${name}`, [401, 'TOKEN_MALFORMED'], (token) => [
      `Authorization: ${write(token)}`,
    ]),
  ),
  ...['Basic', 'Token', 'JWT', 'DPoP', 'Digest', 'Negotiate', 'BearerX', 'X-Bearer', 'Bear'].map((scheme) =>
    header(`the scheme ${scheme}`, MISSING, (token) => [`Authorization: ${scheme} ${token}`]),
  ),
  header('no scheme', MISSING, (token) => [`Authorization: ${token}`]),
  header('the scheme and the token in one word', MISSING, (token) => [`Authorization: Bearer${token}`]),
  header('a folded line', [400], (token) => ['Authorization: Bearer', ` ${token}`]),
  header('a control character', [400], (token) => [`Authorization: Bearer ${token}\u0001`]),
  header('a NUL', [400], (token) => [`Authorization: Bearer ${token}\u0000`]),
  header('a blank before the colon', [400], (token) => [`Authorization : Bearer ${token}`]),
  header('a bad bearer token and a good cookie', [401, 'TOKEN_MALFORMED'], (token) => [
    bearer('x'),
    cookie(token),
  ]),
  header('a malformed bearer header and a good cookie', MALFORMED, (token) => [
    'Authorization: Bearer',
    cookie(token),
  ]),
];

const OTHER_HEADERS = [
  'X-Descope-Session',
  'X-Auth-Token',
  'X-Access-Token',
  'X-Session-Token',
  'X-Authorization',
  'X-Original-Authorization',
  'X-Forwarded-Authorization',
  'X-Forwarded-Access-Token',
  'Proxy-Authorization',
  'Authentication',
  'Sec-WebSocket-Protocol',
  'DS',
  'Cookie2',
  'Set-Cookie',
  'X-HTTP-Authorization',
].map((name) =>
  header(`the token in ${name}`, MISSING, (token) => [`${name}: Bearer ${token}`, `${name}-Raw: ${token}`]),
);

const ASSERTIONS = [
  ['X-Auth-User', 'ada@example.com'],
  ['X-Auth-User-Id', 'U2ada'],
  ['X-Auth-Roles', 'admin'],
  ['X-Forwarded-User', 'ada@example.com'],
  ['X-Remote-User', 'ada'],
  ['X-Original-URL', '/public'],
  ['X-Rewrite-URL', '/public'],
  ['X-Original-Method', 'OPTIONS'],
  ['X-HTTP-Method-Override', 'OPTIONS'],
  ['X-Forwarded-Prefix', '/public'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['X-Forwarded-Host', 'localhost'],
].map(([name, value]) =>
  header(`${name}: ${value} in place of a session`, MISSING, () => [`${name}: ${value}`]),
);

const ELSEWHERE: Attack[] = [
  ...['access_token', 'token', 'DS', 'session', 'authorization', 'sessionJwt', 'id_token'].map(
    (name): Attack => {
      const attack = ({ ada }: Stage): Ask => ({ path: `/me?${name}=${ada.session}` });
      return {
        name: `the token in ?${name}=`,
        attack,
        control: withBearer,
        status: [401],
        code: 'SESSION_MISSING',
      };
    },
  ),
  ...['access_token', 'DS', 'sessionJwt'].map((name): Attack => {
    const note = (lines: readonly string[], extra: object): Ask => {
      return { path: '/notes', lines: [JSON_TYPE, ...lines], body: JSON.stringify({ text: 'Hi', ...extra }) };
    };
    return {
      name: `the token in the body's ${name}`,
      attack: ({ ada }) => note([], { [name]: ada.session }),
      control: ({ ada }) => note([bearer(ada.session)], {}),
      status: [401],
      code: 'SESSION_MISSING',
    };
  }),
];

function cookies(name: string, code: string, lines: Lines): Attack {
  const attack = (stage: Stage): Ask => ({ path: '/me', lines: lines(stage.ada.session, stage) });
  return { name, attack, control: withCookie, status: [401], code, mayClear: true };
}

const COOKIES = [
  cookies('two cookies, the second bad', 'COOKIE_AMBIGUOUS', (token) => [`Cookie: DS=${token}; DS=x`]),
  cookies('two cookies, the first bad', 'COOKIE_AMBIGUOUS', (token) => [`Cookie: DS=x; DS=${token}`]),
  cookies('two cookies of two people', 'COOKIE_AMBIGUOUS', (token, { bob }) => [
    `Cookie: DS=${token}; DS=${bob.session}`,
  ]),
  cookies('two cookies, one empty', 'COOKIE_AMBIGUOUS', (token) => [`Cookie: DS=${token}; DS=`]),
  cookies('two Cookie headers that differ', 'COOKIE_AMBIGUOUS', (token) => [cookie(token), cookie('x')]),
  cookies('two cookies among a hundred', 'COOKIE_AMBIGUOUS', (token) => [
    `Cookie: DS=${token}; ${'a=b; '.repeat(98)}DS=x`,
  ]),
  ...[
    'ds',
    'Ds',
    'DSx',
    'xDS',
    '$DS',
    '__Host-DS',
    '__Secure-DS',
    '%44S',
    'DS[]',
    '"DS"',
    'D S',
    '\u00a0DS',
    '\ufeffDS',
  ].map((name) =>
    cookies(`a cookie called ${JSON.stringify(name)}`, 'SESSION_MISSING', (token) => [
      `Cookie: ${Buffer.from(name).toString('latin1')}=${token}`,
    ]),
  ),
  cookies('a session in the refresh cookie', 'TOKEN_NOT_A_REFRESH', (token) => [`Cookie: DSR=${token}`]),
  cookies('a cookie behind a comma', 'SESSION_MISSING', (token) => [`Cookie: a=b, DS=${token}`]),
  cookies('a cookie within a cookie', 'SESSION_MISSING', (token) => [`Cookie: a=DS=${token}`]),
  cookies('a cookie with one quote', 'TOKEN_MALFORMED', (token) => [`Cookie: DS="${token}`]),
  cookies('a cookie that is percent-encoded', 'TOKEN_MALFORMED', (token) => [
    `Cookie: DS=${token.replaceAll('.', '%2e')}`,
  ]),
  cookies('a cookie with the scheme in it', 'TOKEN_MALFORMED', (token) => [`Cookie: DS=Bearer ${token}`]),
  cookies('a cookie with a comma behind', 'TOKEN_MALFORMED', (token) => [`Cookie: DS=${token},`]),
  cookies('a signed cookie of Express', 'TOKEN_MALFORMED', (token) => [`Cookie: DS=s:${token}.x`]),
  cookies('a JSON cookie of Express', 'TOKEN_MALFORMED', (token) => [`Cookie: DS=j:"${token}"`]),
  cookies('the refresh token as session', 'TOKEN_NOT_A_SESSION', (_token, { ada }) => [cookie(ada.refresh)]),
];

export const sourceAttacks: readonly Attack[] = [
  ...AUTHORIZATION,
  ...OTHER_HEADERS,
  ...ASSERTIONS,
  ...ELSEWHERE,
  ...COOKIES,
];
