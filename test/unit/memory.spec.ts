// Floods of tokens leave nothing behind but what is bounded: measured in a process of its own, whose heap can be collected.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compileLibrary } from '../support/compiled-library.js';

// Run in a child, on the compiled library: Jest's own bookkeeping would drown what is measured.
const PROGRAM = `
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { pathToFileURL } from 'node:url';
const load = (file) => import(pathToFileURL(process.argv[1] + '/core/' + file + '.js').href);
const { RemoteKeySet } = await load('token/remote-key-set');
const { TokenVerifier } = await load('token/token-verifier');
const jwk = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }), kid: 'SK1', alg: 'RS256' };
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const curve = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'SK2', alg: 'ES256' };
let now = 1_700_000_000_000;
let fetches = 0;
const keys = new RemoteKeySet({
  load: async () => ((fetches += 1), [jwk, curve]),
  url: 'https://api.descope.com',
  config: { maxAgeMs: 600_000, maxStaleMs: 3_600_000, cooldownMs: 10_000 },
  clock: () => now,
  notify: () => {},
});
const config = { projectId: 'P2corecorecorecorecorecoreco', algorithms: ['RS256', 'ES256'], leewaySeconds: 5, sessionTokenNames: ['DS'] };
const verifier = new TokenVerifier({ config, keys, clock: () => now, cache: { maxTokens: 10_000, maxBytes: 32 * 1024 * 1024 } });
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (kid) => [part({ alg: 'RS256', kid }), part({ sub: randomBytes(900).toString('hex') }), randomBytes(256).toString('base64url')].join('.');
const makers = [
  () => randomBytes(1500).toString('base64url'),
  () => token('SK1'),
  () => token('SK1').slice(0, -5),
  () => token('unknown-' + randomBytes(8).toString('hex')),
];
let rejected = 0;
const reject = async (text) => {
  try { await verifier.verify(text); } catch { rejected += 1; }
};
async function round() {
  for (let index = 0; index < 12_000; index += 1) await reject(makers[index % makers.length]());
  for (let index = 0; index < 6_000; index += 1) await reject(token(randomBytes(120).toString('hex')));
  now += 10_000;
}
// 7 KB of claims as tenants have them: many small objects and lists, the dearest kind. Each user has others.
const tenants = Object.fromEntries(Array.from({ length: 60 }, (_, tenant) => ['T' + tenant + '-#', { roles: ['r#', 'editor'], permissions: ['p' + tenant] }]));
const claims = JSON.stringify({ iss: config.projectId, sub: 'U2#', exp: now / 1000 + 3600, drn: 'DS', tenants });
const head = part({ alg: 'ES256', kid: 'SK2' });
async function verify(from, count, times) {
  for (let index = from; index < from + count; index += 1) {
    const input = head + '.' + Buffer.from(claims.replaceAll('#', index)).toString('base64url');
    const signature = sign('sha256', Buffer.from(input), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
    const text = input + '.' + signature.toString('base64url');
    for (let time = 0; time < times; time += 1) await verifier.verify(text);
  }
}
const heap = () => (globalThis.gc(), globalThis.gc(), process.memoryUsage());
await keys.hydrate();
await reject(token('SK1'));
const start = heap();
await round();
const first = heap();
await round();
const second = heap();
const grown = (from, to) => ({ heap: to.heapUsed - from.heapUsed, outside: to.external + to.arrayBuffers - from.external - from.arrayBuffers });
await verify(0, 5_000, 1);
const once = heap();
await verify(5_000, 5_000, 2);
const full = heap();
await verify(10_000, 5_000, 2);
const fuller = heap();
console.log(JSON.stringify({ rejected, fetches, first: grown(start, first), second: grown(first, second), once: grown(second, once), full: grown(once, full), fuller: grown(full, fuller) }));
`;

type Growth = { readonly heap: number; readonly outside: number };
// Slices of a header: a key that refers to one would keep all of it.
const USERS = `
import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
const { UserCache } = await import(pathToFileURL(process.argv[1] + '/core/session/user-cache.js').href);
const cache = new UserCache({ config: { ttlMs: 1_000, maxEntries: 5_000 }, clock: () => 0, projectId: 'P2core' });
const heap = () => (globalThis.gc(), globalThis.gc(), process.memoryUsage().heapUsed);
async function flood(users) {
  for (let index = 0; index < 10_000; index += 1) {
    const header = Buffer.from('Bearer ' + 'x'.repeat(7_000) + '.' + randomBytes(256).toString('base64url')).latin1Slice();
    const session = { user: { kind: 'user', id: 'U2' + (index % users) }, token: header.slice(7), claims: { exp: 10 } };
    await cache.getOrLoad(session, async () => ({ index }));
  }
}
const start = heap();
await flood(10_000);
const full = heap();
await flood(1);
console.log(JSON.stringify({ size: cache.size, full: full - start, fuller: heap() - full }));
`;

interface Report {
  readonly rejected: number;
  readonly fetches: number;
  readonly first: Growth;
  readonly second: Growth;
  readonly once: Growth;
  readonly full: Growth;
  readonly fuller: Growth;
}

function measure<Measured>(code: string): Measured {
  const library = compileLibrary();
  try {
    const run = ['--expose-gc', '--input-type=module', '--eval', code, join(library.folder, 'lib')];
    return JSON.parse(execFileSync(process.execPath, run, { encoding: 'utf8' })) as Measured;
  } finally {
    library.remove();
  }
}

const MB = 1024 * 1024;

describe('The memory of a verifier', () => {
  let report: Report;
  beforeAll(() => {
    report = measure<Report>(PROGRAM);
  }, 120_000);

  it('holds nothing of 12 000 garbage tokens and 6000 long unknown key ids, for one fetch a cool-down', () => {
    const { rejected, fetches, first, second } = report;
    expect([rejected, fetches]).toEqual([1 + 2 * 18_000, 1 + 1]); // the second round begins one cool-down later
    expect(first.heap).toBeLessThan(40 * MB);
    expect(second.heap).toBeLessThan(2 * MB);
    expect(first.outside + second.outside).toBeLessThan(8 * MB);
  });

  it('holds nothing of 5000 distinct genuine tokens that come once', () => {
    expect(report.once.heap).toBeLessThan(2 * MB);
    expect(report.once.outside).toBeLessThan(2 * MB);
  });

  it('holds what it may of 5000 genuine tokens of 7 KB that come twice, and no more after 5000 others', () => {
    const { full, fuller } = report;
    expect(full.heap).toBeGreaterThan(8 * MB); // it does remember
    expect(full.heap).toBeLessThan(40 * MB);
    expect(fuller.heap).toBeLessThan(4 * MB);
    expect(full.outside + fuller.outside).toBeLessThan(8 * MB);
  });
});

describe("The memory of the application's own users", () => {
  it('holds 5000 of 10 000 users whose tokens are 7 KB long, and nothing of the tokens', () => {
    const { size, full, fuller } = measure<{ size: number; full: number; fuller: number }>(USERS);
    expect(size).toBe(5_000);
    expect(full).toBeLessThan(8 * MB);
    expect(fuller).toBeLessThan(MB);
  });
});
