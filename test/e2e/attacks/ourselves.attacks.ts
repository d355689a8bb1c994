// Requests that try to make the application stumble, or tell about itself.
import type { Attack } from './stage/attack.js';
import { bearer, JSON_TYPE } from './stage/attack.js';
import type { Ask } from './stage/exchange.js';
import type { Stage } from './stage/stage.js';

const note =
  (body: string, lines: readonly string[] = [JSON_TYPE]) =>
  ({ ada }: Stage): Ask => {
    return { path: '/notes', lines: [bearer(ada.session), ...lines], body };
  };
const me = ({ ada }: Stage): Ask => ({ path: '/me', lines: [bearer(ada.session)] });

const BODIES: readonly (readonly [string, readonly number[], string, (readonly string[])?])[] = [
  ['broken JSON', [400], '{"text":'],
  [
    'JSON with its token in it, broken',
    [400],
    `{"text":"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJVMmFkYSJ9.c2lnbmF0dXJlLW9mLWEtdG9rZW4`,
  ],
  ['a bare text', [400], '"text"'],
  ['a number', [400], '1'],
  ['nothing', [400], ''],
  ['a list', [400], '[]'],
  ['text in __proto__', [400], '{"__proto__":{"text":"Hi"}}'],
  ['text in constructor.prototype', [400], '{"constructor":{"prototype":{"text":"Hi"}}}'],
  ['an object for text', [400], '{"text":{"toString":"x"}}'],
  ['a deep nest', [400], `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
  ['2 MB', [413], `{"text":"${'x'.repeat(2_000_000)}"}`],
  ['too much text', [400], `{"text":"${'x'.repeat(501)}"}`],
  ['an encoding that is none', [400, 415], 'Hi', [JSON_TYPE, 'Content-Encoding: evil']],
  ['gzip that is none', [400, 415], '\u001f\u008bHi', [JSON_TYPE, 'Content-Encoding: gzip']],
  ['a type that is none', [400, 415], '{"text":"Hi"}', ['Content-Type: \u00e9']],
  [
    'XML',
    [400, 415],
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    ['Content-Type: application/xml'],
  ],
  ['multipart without a boundary', [400, 415], 'x', ['Content-Type: multipart/form-data']],
];

const stumbling = BODIES.map(([name, status, body, lines]): Attack => ({
  name: `a note of ${name}`,
  attack: note(body, lines),
  control: note('{"text":"Hi"}'),
  status,
  without: ['/etc/passwd', 'root:'],
}));

const HTTP: readonly (readonly [string, readonly number[], Ask])[] = [
  ['a length that is none', [400], { path: '/public', method: 'POST', lines: ['Content-Length: x'] }],
  ['a negative length', [400], { path: '/public', method: 'POST', lines: ['Content-Length: -1'] }],
  [
    'two lengths',
    [400],
    { path: '/public', method: 'POST', lines: ['Content-Length: 1', 'Content-Length: 2'], body: 'x' },
  ],
  [
    'a length and chunks',
    [400],
    {
      path: '/public',
      method: 'POST',
      lines: ['Content-Length: 1', 'Transfer-Encoding: chunked'],
      body: '0\r\n\r\n',
    },
  ],
  [
    'a transfer encoding that is none',
    [400, 404, 501],
    { path: '/public', method: 'POST', lines: ['Transfer-Encoding: evil'], body: 'x' },
  ],
  [
    'broken chunks',
    [400],
    { path: '/notes', method: 'POST', lines: [JSON_TYPE, 'Transfer-Encoding: chunked'], body: 'zz\r\n\r\n' },
  ],
  ['two hosts', [400, 401], { path: '/me', lines: ['Host: a', 'Host: b'] }],
  ['20 KB of headers', [431], { path: '/public', lines: [`X: ${'y'.repeat(20_000)}`] }],
  ['a token of 17 KB', [431], { path: '/me', lines: [`Authorization: Bearer ${'x'.repeat(17_000)}`] }],
  ['64 KB of cookies', [431], { path: '/me', lines: [`Cookie: ${'a=b; '.repeat(13_000)}`] }],
  ['a header without a name', [400], { path: '/public', lines: [': x'] }],
  ['a header with a blank in its name', [400], { path: '/public', lines: ['X Y: z'] }],
  ['a NUL in its path', [400, 404], { path: '/public\u0000' }],
  ['a line break in its path', [400, 404], { path: '/%0d%0aSet-Cookie:%20x=y' }],
  ['bad percent encoding', [400, 404], { path: '/%ff%fe%' }],
  ['a method that is none', [400, 404], { path: '/public', method: 'EVIL' }],
  ['another protocol', [400, 404], { path: '/public HTTP/9.9\r\nX:' }],
  ['an expectation that is none', [417], { path: '/public', lines: ['Expect: evil'] }],
];

const malformed = HTTP.map(([name, status, ask]): Attack => ({
  name: `a request with ${name}`,
  attack: () => ask,
  control: me,
  status,
}));

const PROBES = [
  '/.env',
  '/package.json',
  '/jose/package.json',
  '/../../etc/passwd',
  '/..%2f..%2fetc/passwd',
  '/auth/descope-wc.js/../../package.json',
  '/auth/descope-wc.js.map',
  '/auth',
  '/v2/keys',
  '/v1/auth/refresh',
  '/embedded',
  '/embedded/tokens',
  '/metrics',
  '/health',
  '/swagger',
  '/assets',
  '/assets/tsconfig.json',
  '/assets/../../package.json',
  '/assets/..%2f..%2fpackage.json',
  '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
  '/docs/../package.json',
  '/docs/..%2f..%2f..%2fpackage.json',
  '/graphql',
  '/__proto__',
  '/constructor',
];
const probes = PROBES.map((path): Attack => ({
  name: `a look for ${path}`,
  attack: () => ({ path }),
  control: () => ({ path: '/auth/login' }),
  status: [400, 401, 403, 404], // @fastify/static rejects a way out of its folder with 403
  without: ['"dependencies"', 'root:', '"kty"'],
}));

const PERSON = '{"person":"ada"}';
const embedded = [
  ...[
    'Origin: https://evil.example',
    'Origin: null',
    'Sec-Fetch-Site: cross-site',
    'X: nothing that says where from',
  ].map((line): Attack => ({
    name: `signing somebody in on the embedded Descope with ${line}`,
    attack: () => ({ path: '/embedded/tokens', lines: [JSON_TYPE, line], body: PERSON }),
    control: ({ url }) => ({ path: '/embedded/tokens', lines: [JSON_TYPE, `Origin: ${url}`], body: PERSON }),
    status: [403],
    code: 'REQUEST_CROSS_SITE',
  })),
  ...['/embedded/outbox', '/embedded/tokens/ada', '/embedded/access-key'].flatMap((path) =>
    [
      'Host: evil.example',
      'X-Forwarded-For: 10.0.0.1',
      'Forwarded: for=10.0.0.1',
      'Via: 1.1 proxy',
      'Host: 127.0.0.1.evil.example',
    ].map((line): Attack => ({
      name: `reading ${path} of the embedded Descope with ${line}`,
      attack: () => ({ path, lines: [line] }),
      control: () => ({ path }),
      status: [404],
    })),
  ),
];

export const ownAttacks: readonly Attack[] = [...stumbling, ...malformed, ...probes, ...embedded];
