// Floods of bad tokens leave nothing behind: measured in a process of its own, whose heap can be collected.
import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

// Run in a child, on the compiled library: Jest's own bookkeeping would drown what is measured.
const PROGRAM = `
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
const load = (file) => import(pathToFileURL(process.argv[1] + '/core/' + file + '.js').href);
const { RemoteKeySet } = await load('keys/remote-key-set');
const { TokenVerifier } = await load('token/token-verifier');
const jwk = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }), kid: 'SK1', alg: 'RS256' };
let now = 1_700_000_000_000;
let fetches = 0;
const keys = new RemoteKeySet({
  load: async () => ((fetches += 1), [jwk]),
  policy: { maxAgeMs: 600_000, maxStaleMs: 3_600_000, cooldownMs: 10_000 },
  clock: () => now,
  notify: () => {},
});
const policy = { projectId: 'P2corecorecorecorecorecoreco', algorithms: ['RS256'], leewaySeconds: 5, sessionTokenNames: ['DS'] };
const verifier = new TokenVerifier(policy, keys, () => now);
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (kid) => [part({ alg: 'RS256', kid }), part({ sub: randomBytes(900).toString('hex') }), randomBytes(256).toString('base64url')].join('.');
const makers = [
  () => randomBytes(1500).toString('base64url'),
  () => token('SK1'),
  () => token('SK1').slice(0, -5),
  () => token('unknown-' + randomBytes(8).toString('hex')),
];
let refused = 0;
const refuse = async (text) => {
  try { await verifier.verify(text); } catch { refused += 1; }
};
async function round() {
  for (let index = 0; index < 12_000; index += 1) await refuse(makers[index % makers.length]());
  for (let index = 0; index < 6_000; index += 1) await refuse(token(randomBytes(120).toString('hex')));
  now += 10_000;
}
const heap = () => (globalThis.gc(), globalThis.gc(), process.memoryUsage());
await keys.hydrate();
await refuse(token('SK1'));
const start = heap();
await round();
const first = heap();
await round();
const second = heap();
const grown = (from, to) => ({ heap: to.heapUsed - from.heapUsed, outside: to.external + to.arrayBuffers - from.external - from.arrayBuffers });
console.log(JSON.stringify({ refused, fetches, first: grown(start, first), second: grown(first, second) }));
`;

interface Report {
  readonly refused: number;
  readonly fetches: number;
  readonly first: { readonly heap: number; readonly outside: number };
  readonly second: { readonly heap: number; readonly outside: number };
}

function measure(): Report {
  const out = mkdtempSync(join(tmpdir(), 'nestjs-descope-'));
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const build = [
      '-p',
      join(root, 'tsconfig.build.json'),
      '--outDir',
      out,
      '--declaration',
      'false',
      '--incremental',
      'false',
    ];
    execFileSync(process.execPath, [tsc, ...build], { cwd: root });
    writeFileSync(join(out, 'package.json'), '{"type":"module"}');
    const run = ['--expose-gc', '--input-type=module', '--eval', PROGRAM, out];
    return JSON.parse(execFileSync(process.execPath, run, { cwd: root, encoding: 'utf8' })) as Report;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

describe('A flood of 12 000 garbage tokens and 6000 long unknown key ids', () => {
  it('is refused token by token, costs one fetch per cool-down and leaves nothing in memory', () => {
    const { refused, fetches, first, second } = measure();
    expect([refused, fetches]).toEqual([1 + 2 * 18_000, 1 + 1]); // the second round begins one cool-down later
    const MB = 1024 * 1024;
    expect(first.heap).toBeLessThan(40 * MB);
    expect(second.heap).toBeLessThan(2 * MB);
    expect(first.outside + second.outside).toBeLessThan(8 * MB);
  }, 120_000);
});
