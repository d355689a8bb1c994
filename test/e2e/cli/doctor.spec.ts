// The command `nestjs-descope doctor`: what it finds, what it says to do, and what it never prints.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { checkConfiguration } from '#lib/cli/doctor/configuration.js';
import type { DoctorInput } from '#lib/cli/doctor/doctor-arguments.js';
import { DOCTOR_USAGE, readDoctorInput } from '#lib/cli/doctor/doctor-arguments.js';
import { readStandardInput, runDoctor } from '#lib/cli/doctor/doctor-command.js';
import type { Finding } from '#lib/cli/doctor/finding.js';
import { checkKeys } from '#lib/cli/doctor/keys.js';
import type { PackageVersions } from '#lib/cli/doctor/versions.js';
import { isInRange } from '#lib/cli/doctor/versions.js';
import { resolveConfig } from '#lib/core/config/config.js';
import { DEFAULT_PORT, USAGE } from '#lib/emulator/command/command-arguments.js';
import type { TranspiledCommand } from '../../support/command.js';
import { runCommand, transpileCommand } from '../../support/command.js';
import { clearEnvironment } from '../../support/environment.js';
import { findFreePort } from '../../support/free-port.js';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as PackageVersions;
const OTHER_PROJECT = 'P2testtesttesttesttesttestte';
const USERS = [{ loginId: 'ada@example.com', roles: ['admin'] }];

let emulator: Emulator;
let folder: string;

beforeAll(async () => {
  emulator = await startEmulator({
    seed: { users: USERS, roles: [{ name: 'admin', permissions: ['orders:read'] }] },
  });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => {
  emulator.reset();
  rmSync(folder, { recursive: true });
});
afterAll(() => emulator.close());

interface Examination {
  readonly args?: readonly string[];
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly nodeVersion?: string;
}

const ofEmulator = () => ({ DESCOPE_PROJECT_ID: emulator.projectId, DESCOPE_BASE_URI: emulator.url });

async function examine({ args = [], variables, input = '', nodeVersion = '22.12.0' }: Examination = {}) {
  const { exitStatus, output } = await runDoctor(['--json', ...args], {
    variables: { ...ofEmulator(), DESCOPE_AUDIENCE: 'orders', ...variables },
    folder,
    nodeVersion,
    manifest,
    readInput: async () => input,
  });
  const { findings } = JSON.parse(output) as { findings: Finding[] };
  const of = (check: string) => findings.filter((finding) => finding.check === check);
  const mute = findings.filter(({ status, advice = '' }) => /problem|warning/.test(status) && advice === '');
  expect(mute).toEqual([]); // every problem and warning of every test says what to do
  return { exitStatus, output, findings, of };
}

function put(name: string, content: unknown): string {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return name;
}

function install(versions: Readonly<Record<string, string>>): void {
  for (const [name, version] of Object.entries(versions)) {
    mkdirSync(join(folder, 'node_modules', name), { recursive: true });
    put(`node_modules/${name}/package.json`, { version });
  }
}

const NEST_12 = {
  '@nestjs/common': '12.5.1',
  '@nestjs/config': '12.0.1',
  '@nestjs/core': '12.5.1',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
};

describe('The doctor', () => {
  it('finds no problem where there is none', async () => {
    install(NEST_12);
    const { exitStatus, findings, of } = await examine();
    expect(findings.filter(({ status }) => status === 'problem' || status === 'warning')).toEqual([]);
    expect(exitStatus).toBe(0);
    expect(of('keys')).toEqual([
      {
        check: 'keys',
        status: 'ok',
        message: expect.stringMatching(/^1 usable of 1 key, fetched from 127/),
      },
    ]);
    expect(of('clock')[0]?.message).toMatch(/^The clock agrees/);
    expect(of('token')[0]).toMatchObject({
      status: 'skipped',
      message: expect.stringContaining('--token -'),
    });
  });

  it('reports mistakes of the configuration in the sentences of the boot, and checks nothing else then', async () => {
    const variables = { DESCOPE_PROJECT_ID: 'X1', DESCOPE_BASE_URI: 'http://descope.example.com' };
    const { exitStatus, of } = await examine({ variables });
    expect(exitStatus).toBe(1);
    expect(of('configuration')).toEqual([
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/^projectId: got 2/),
      }),
      expect.objectContaining({
        message: expect.stringMatching(/^baseUrl: got plain http outside loopback/),
      }),
    ]);
    expect(of('keys')).toEqual([expect.objectContaining({ status: 'skipped' })]);
    expect(emulator.requests.all).toEqual([]);
  });

  it('says what to do about a mistake by the name that the application uses, and where it stands', async () => {
    const variables = { DESCOPE_PROJECT_ID: 'X1', DESCOPE_BASE_URI: undefined, DESCOPE_BASE_URL: undefined };
    put('.env', 'DESCOPE_BASE_URL=http://descope.example.com\n');
    const options = put('options.json', { session: { cookie: { domain: 7 } } });
    const { of } = await examine({ variables, args: ['--options', options] });
    expect(of('configuration').map(({ message, advice }) => [message.split(':')[0], advice])).toEqual([
      ['session.cookie.domain', 'Correct session.cookie.domain in the code and in the file of --options.'],
      ['projectId', 'Correct DESCOPE_PROJECT_ID in the environment.'],
      ['baseUrl', 'Correct DESCOPE_BASE_URL in .env.'],
    ]);
    expect(of('configuration')[1]?.message).not.toContain('createTestDescope');
  });

  it('says where the project id is looked for when there is none', async () => {
    const variables = { DESCOPE_PROJECT_ID: undefined };
    const rest =
      'Set in code? Use --options file.json. With the emulator: eval "$(npx nestjs-descope emulator --env)"';
    expect((await examine({ variables })).of('configuration')).toEqual([
      {
        check: 'configuration',
        status: 'problem',
        code: 'CONFIG_INVALID',
        message: 'projectId: got nothing; expected the project id, in the option or in DESCOPE_PROJECT_ID.',
        advice: `Set DESCOPE_PROJECT_ID (environment or .env; no .env here). ${rest}`,
      },
    ]);
    put('.env', 'PORT=3000\n');
    expect((await examine({ variables })).of('configuration')[0]?.advice).toBe(
      `Set DESCOPE_PROJECT_ID (environment or .env). ${rest}`,
    );
  });

  it('says what the boot says of a valid configuration', async () => {
    const variables = { DESCOPE_AUDIENCE: '', DESCOPE_USERNAME_CLAIM: 'email', NODE_ENV: 'production' };
    const { exitStatus, of } = await examine({ variables });
    expect(of('configuration').flatMap(({ code }) => code ?? [])).toEqual([
      'AUDIENCE_NOT_CHECKED',
      'BASE_URL_LOOPBACK',
      'USERNAME_CLAIM_MUTABLE',
    ]);
    expect(of('configuration')[1]).toMatchObject({
      message: expect.stringMatching(/^No audience is configured.* are accepted too\.$/),
      advice: 'Set audience (or DESCOPE_AUDIENCE), or audience: null if this is intended.',
    });
    expect(exitStatus).toBe(0);
  });

  it('reads .env, or another file, and lets the variables of the process replace it', async () => {
    put('.env', `DESCOPE_PROJECT_ID=${emulator.projectId}\nDESCOPE_BASE_URI=${emulator.url}\n`);
    const absent = { DESCOPE_PROJECT_ID: undefined, DESCOPE_BASE_URI: undefined };
    const read = await examine({ variables: absent });
    expect(read.of('keys')[0]?.status).toBe('ok');
    expect(read.of('configuration')).toEqual([
      {
        check: 'configuration',
        status: 'warning',
        message: expect.stringMatching(/read from the environment, \.env\./),
        advice: 'The application reads .env only if it imports ConfigModule.forRoot() of @nestjs/config.',
      },
    ]);
    put('.env', 'DESCOPE_PROJECT_ID=X1\n');
    expect((await examine()).exitStatus).toBe(0);
    put('other.env', 'DESCOPE_PROJECT_ID=X1\n');
    const other = await examine({ variables: absent, args: ['--dotenv', 'other.env'] });
    expect(other.of('configuration')[0]?.message).toMatch(/^projectId: got 2 characters/);
  });

  it('warns of a file only if the application needs a variable of it, and names a file that is not .env', async () => {
    put('.env', `DESCOPE_PROJECT_ID=${emulator.projectId}\nPORT=3000\n`);
    expect((await examine()).of('configuration')[0]?.status).toBe('ok');
    const options = put('options.json', { projectId: emulator.projectId });
    const absent = { DESCOPE_PROJECT_ID: undefined };
    const set = await examine({ variables: absent, args: ['--options', options] });
    expect(set.of('configuration')[0]?.status).toBe('ok');
    put('.env.local', `DESCOPE_PROJECT_ID=${emulator.projectId}\n`);
    const other = await examine({ variables: absent, args: ['--dotenv', '.env.local'] });
    expect(other.of('configuration')[0]?.advice).toBe(
      "The application reads .env.local only if it imports ConfigModule.forRoot({ envFilePath: '.env.local' }) of @nestjs/config.",
    );
  });

  it.each([
    ['DESCOPE_PROJECTID', 'DESCOPE_PROJECT_ID'],
    ['DESCOPE_PROJECT', 'DESCOPE_PROJECT_ID'],
    ['descope_project_id', 'DESCOPE_PROJECT_ID'],
    ['DESCOPE_MANAGMENT_KEY', 'DESCOPE_MANAGEMENT_KEY'],
    ['DESCOPE_STAFF_ROLE', 'DESCOPE_IS_STAFF_ROLE'],
    ['DESCOPE_BASE', 'DESCOPE_BASE_URI'],
  ])('asks whether %s is to be %s', async (name, meant) => {
    const variables = { DESCOPE_BASE_URI: undefined, DESCOPE_PROJECT_ID: undefined, [name]: 'K2secret' };
    const { of, output } = await examine({ variables });
    expect(of('configuration').filter(({ status }) => status === 'warning')).toEqual([
      {
        check: 'configuration',
        status: 'warning',
        message: `Unknown variable ${name}; did you mean ${meant}?`,
        advice: `Rename it to ${meant}, or ignore this if the application itself reads ${name}.`,
      },
    ]);
    expect(output).not.toContain('K2secret');
  });

  it('lets variables be that resemble none, or one that is set', async () => {
    const variables = { DESCOPE_FLOW_ID: 'a', DESCOPE: 'a', DESCOPE_IS: 'a', DESCOPE_PROJECT: 'a' };
    expect((await examine({ variables })).of('configuration').map(({ status }) => status)).toEqual(['ok']);
    put('.env', 'DESCOPE_AUDIENCES=orders\n');
    const { of, exitStatus } = await examine({ variables: { DESCOPE_AUDIENCE: undefined } });
    expect(exitStatus).toBe(0);
    expect(of('configuration').map(({ message }) => message)).toContain(
      'Unknown variable DESCOPE_AUDIENCES; did you mean DESCOPE_AUDIENCE?',
    );
  });

  it('reads options of the code, and leaves static ones to the boot', async () => {
    const options = put('options.json', { audience: null, isGlobal: true, routes: { path: 'x' }, leeway: 5 });
    const { of } = await examine({ args: ['--options', options] });
    expect(of('configuration').map(({ message }) => message)).toEqual([
      expect.stringMatching(/^leeway: got an unknown option/),
    ]);
  });

  it.each([
    [`Puse1${'a'.repeat(27)}`, 'https://api.use1.descope.com', 'ok', /the API of its region/],
    [`Puse1${'a'.repeat(27)}`, 'https://api.descope.com', 'warning', /is not the API of its region \(.*use1/],
    [OTHER_PROJECT, 'https://auth.example.com', 'ok', /a domain of your own/],
  ])('judges the region of %s at %s: %s', (projectId, baseUrl, status, message) => {
    const input = readDoctorInput([], folder) as DoctorInput; // nothing is to go to these hosts
    const variables = { DESCOPE_PROJECT_ID: projectId, DESCOPE_BASE_URI: baseUrl };
    const { findings } = checkConfiguration(variables, input);
    expect(findings.filter(({ check }) => check === 'project')).toEqual([
      expect.objectContaining({ status, message: expect.stringMatching(message) }),
    ]);
  });
});

describe('The doctor, about keys and the clock', () => {
  it('names host and innermost cause when Descope is down', async () => {
    const port = await findFreePort();
    const { exitStatus, of } = await examine({ variables: { DESCOPE_BASE_URI: `http://127.0.0.1:${port}` } });
    expect(exitStatus).toBe(1);
    expect(of('keys')).toEqual([
      expect.objectContaining({
        status: 'problem',
        code: 'KEYS_UNAVAILABLE',
        message: expect.stringMatching(new RegExp(`\\(127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`)),
        advice: `Nothing listens at http://127.0.0.1:${port}. Start it: npx nestjs-descope emulator --port ${port}`,
      }),
    ]);
    expect(of('clock')[0]?.status).toBe('skipped');
  });

  it.each([
    [`http://127.0.0.1:${DEFAULT_PORT}`, 'connect ECONNREFUSED', /Start it: npx nestjs-descope emulator$/],
    ['http://127.0.0.1:4400', 'socket hang up [ECONNRESET]', /^Check the network/],
    ['https://api.descope.com', 'connect ECONNREFUSED', /^Check the network, the proxy/],
  ])('advises for %s and "%s": %s', async (baseUrl, reason, advice) => {
    const fetch = () => Promise.reject(new Error(reason)); // the network edge
    const config = resolveConfig({ projectId: emulator.projectId, baseUrl, fetch });
    const { findings } = await checkKeys(config);
    expect(findings[0]).toMatchObject({ check: 'keys', advice: expect.stringMatching(advice) });
  });

  it('counts one cause once: without keys the management key is not tried', async () => {
    const port = await findFreePort();
    const key = { DESCOPE_MANAGEMENT_KEY: emulator.managementKey };
    for (const variables of [
      { DESCOPE_BASE_URI: `http://127.0.0.1:${port}` },
      { DESCOPE_PROJECT_ID: OTHER_PROJECT },
    ]) {
      const { of, findings } = await examine({ variables: { ...key, ...variables } });
      expect(findings.filter(({ status }) => status === 'problem')).toEqual(of('keys'));
      expect(of('names')).toEqual([
        { check: 'names', status: 'skipped', message: expect.stringContaining('keys could not be fetched') },
      ]);
    }
    expect(emulator.requests.all.map(({ path }) => path).filter((path) => path.includes('mgmt'))).toEqual([]);
    expect((await examine({ variables: key })).of('names')[0]?.status).toBe('ok');
  });

  it('names the status, and the project id as the likely cause, for a project that there is not', async () => {
    const { exitStatus, of } = await examine({ variables: { DESCOPE_PROJECT_ID: OTHER_PROJECT } });
    expect(exitStatus).toBe(1);
    expect(of('keys')[0]).toMatchObject({
      status: 'problem',
      message: expect.stringMatching(/status 401: E061005/),
      advice: expect.stringContaining('DESCOPE_PROJECT_ID'),
    });
    expect(of('clock')[0]?.status).toBe('ok');
  });

  it.each([
    [3600, 'problem', /^The clock is 3600 s behind .* issued in the future/, 'TOKEN_ISSUED_IN_FUTURE'],
    [-3600, 'problem', /^The clock is 3600 s ahead of .* expire too early/, 'TOKEN_EXPIRED'],
    [4, 'warning', /^The clock is [345] s behind/, undefined],
  ])('compares the clock with the Date of Descope: %d s', async (seconds, status, message, code) => {
    emulator.clock.advance(1000 * seconds);
    const { of } = await examine();
    expect(of('clock')).toEqual([
      expect.objectContaining({ status, message: expect.stringMatching(message), advice: expect.anything() }),
    ]);
    expect(of('clock')[0]?.code).toBe(code);
  });

  it('says how old the keys of a cache on the way are, and lets no such age pass for a wrong clock', async () => {
    const date = new Date(emulator.clock.now() - 7_200_000).toUTCString();
    const body = { keys: emulator.publishedKeys };
    emulator.faults.add({ path: '/v2/keys', status: 200, body, headers: { age: '7200', date } });
    const { of } = await examine();
    expect(of('keys')[1]).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('7200 s old'),
    });
    expect(of('clock')[0]?.status).toBe('ok');
  });

  it('finds a fixed key that Descope has rotated, and takes one that is published', async () => {
    const [jwk] = emulator.publishedKeys;
    const fixed = { DESCOPE_PUBLIC_KEY: JSON.stringify(jwk) };
    expect((await examine({ variables: fixed })).of('keys')[0]?.status).toBe('ok');
    emulator.faults.add({ path: '/v2/keys', status: 200, body: { keys: [{ ...jwk, kid: 'SK2next' }] } });
    const { exitStatus, of } = await examine({ variables: fixed });
    expect([exitStatus, of('keys')[0]?.code]).toEqual([1, 'TOKEN_KEY_UNKNOWN']);
    emulator.faults.clear();
    emulator.faults.add({ path: '/v2/keys', status: 503 });
    expect((await examine({ variables: fixed })).of('keys')[0]).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('verified with the fixed keys'),
    });
  });

  it('finds keys of another algorithm, and none at all', async () => {
    const options = put('options.json', { algorithms: ['ES384'] });
    const { of } = await examine({ args: ['--options', options] });
    expect(of('keys')[0]).toMatchObject({ status: 'problem', advice: "Set algorithms to ['RS256']." });
    emulator.faults.add({ path: '/v2/keys', status: 200, body: { keys: [{ kty: 'oct' }] } });
    expect((await examine()).of('keys')[0]?.message).toMatch(/^1 key at 127\S+, and none can verify tokens/);
  });
});

describe('The doctor, about a token', () => {
  const judge = async (input: string, variables: Record<string, string> = {}, args: string[] = []) =>
    examine({ args: ['--token', '-', ...args], input, variables: { DESCOPE_AUDIENCE: '', ...variables } });

  it('judges it by the verifier of the application, and takes it apart without values of a person', async () => {
    const claims = { email: 'ada@example.com', name: 'Ada Lovelace', amr: ['email'] };
    const { exitStatus, of, output } = await judge(`${await emulator.signToken({ claims })}\n`);
    expect(exitStatus).toBe(0);
    expect(of('token')[0]).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(/kind "user"; .*10 min/),
    });
    expect(of('claims')[0]?.message).toMatch(/^drn "DS"; ends .*claims: .*email.*name/);
    expect(of('username')[0]?.message).toBe('The claim "sub" holds the username.');
    for (const value of ['ada@example.com', 'Ada Lovelace']) expect(output).not.toContain(value);
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ['TOKEN_EXPIRED', () => emulator.signToken({ expiresInSeconds: -60 }), /^Sign in again/],
    [
      'TOKEN_NOT_A_SESSION',
      async () => (await emulator.signIn('ada@example.com')).refreshJwt,
      /^Send the session token/,
    ],
    ['TOKEN_MALFORMED', async () => 'Bearer abc', /three parts/],
    ['TOKEN_CLAIM_INVALID', () => emulator.signToken({ claims: { sub: 7 } }), /^Correct the JWT template/],
    [
      'TOKEN_SIGNATURE_INVALID',
      async () => (await emulator.signToken()).replace(/\.[^.]+$/, `.${'A'.repeat(342)}`),
      /^Sign in again, and send that session token/,
    ],
    [
      'TOKEN_KEY_UNKNOWN',
      async () => emulator.signToken({ key: await emulator.createKey() }),
      /an emulator that was started anew/,
    ],
    [
      'TOKEN_ISSUER_MISMATCH',
      () => emulator.signToken({ claims: { iss: OTHER_PROJECT } }),
      /^Check the project id/,
    ],
  ])('says %s as a response does, and what to do', async (code, toToken, advice) => {
    const token = await toToken();
    const { exitStatus, of, output } = await judge(token);
    expect(exitStatus).toBe(1);
    expect(of('token')).toEqual([
      expect.objectContaining({ status: 'problem', code, advice: expect.stringMatching(advice) }),
    ]);
    expect(output).not.toContain(token);
  });

  it('prints nothing of a token that would control a terminal', async () => {
    const escape = '\u001b[2J';
    const hostile = `a\nok       token  ${escape}\u009b2J\u202e`;
    const token = await emulator.signToken({ claims: { [hostile]: 1, drn: hostile, aud: hostile } });
    for (const args of [
      ['--token', '-'],
      ['--token', '-', '--json'],
    ]) {
      const { output } = await runDoctor(args, {
        variables: ofEmulator(),
        folder,
        nodeVersion: '22.12.0',
        manifest,
        readInput: async () => token,
      });
      expect(output).toContain('\uFFFD');
      expect(output).not.toMatch(/[^\P{Control}\n]|\p{Format}/u);
      expect(output).not.toMatch(/^ok {7}token/m);
    }
  });

  it('compares the audience, also of a token that has expired', async () => {
    const token = await emulator.signToken({ claims: { aud: ['billing'] }, expiresInSeconds: -60 });
    const { of } = await judge(token, { DESCOPE_AUDIENCE: 'orders' });
    expect(of('audience')[0]).toMatchObject({
      status: 'problem',
      code: 'TOKEN_AUDIENCE_MISMATCH',
      message: 'The token names "billing", and the application asks for orders.',
    });
    expect((await judge(token, { DESCOPE_AUDIENCE: 'billing' })).of('audience')[0]?.status).toBe('ok');
    expect((await judge(token)).of('audience')[0]).toMatchObject({
      status: 'warning',
      advice: 'Set DESCOPE_AUDIENCE=billing, if that is this API.',
    });
    const fresh = await emulator.signToken({ claims: { aud: 'billing' } });
    expect((await judge(fresh, { DESCOPE_AUDIENCE: 'orders' })).of('token')[0]?.code).toBe(
      'TOKEN_AUDIENCE_MISMATCH',
    );
  });

  it('finds a username claim that the token has not', async () => {
    const { exitStatus, of } = await judge(await emulator.signToken({ claims: { amr: ['email'] } }), {
      DESCOPE_USERNAME_CLAIM: 'login',
    });
    expect([exitStatus, of('username')[0]?.code]).toEqual([1, 'USERNAME_CLAIM_MISSING']);
    expect(of('username')[0]?.advice).toContain('JWT template');
  });

  it('does not judge a signature without keys', async () => {
    const token = await emulator.signToken();
    emulator.faults.add({ path: '/v2/keys', status: 503 });
    const { of } = await judge(token);
    expect([of('token')[0]?.status, of('claims')[0]?.status]).toEqual(['skipped', 'ok']);
    expect((await judge(' \n')).of('token')[0]?.message).toBe('The standard input holds no token.');
  });
});

describe('The doctor, about cookies and proxies', () => {
  const judge = async (options: object, variables = {}) =>
    (await examine({ args: ['--options', put('options.json', options)], variables })).of('cookies');
  const production = { NODE_ENV: 'production' };

  it('says that the environment has nothing about them', async () => {
    expect((await examine()).of('cookies')[0]).toMatchObject({ status: 'skipped' });
    expect((await judge({}))[0]?.message).toContain('keeps no sessions of browsers');
  });

  it.each<[object, object, 'ok' | 'warning' | 'problem', RegExp]>([
    [{ session: {} }, {}, 'ok', /DS and DSR: SameSite=Lax, Secure except on loopback; .*the Host header/],
    [{ session: {} }, production, 'warning', /publicOrigin is not set/],
    [
      { session: {}, publicOrigin: 'https://app.example.com' },
      production,
      'ok',
      /https:\/\/app\.example\.com/,
    ],
    [{ session: {}, publicOrigin: 'http://app.example.com' }, production, 'problem', /do not take them/],
    [{ session: {}, publicOrigin: 'http://localhost:3000' }, production, 'ok', /localhost/],
    [
      { session: { cookie: { secure: false } }, publicOrigin: 'https://app.example.com' },
      {},
      'warning',
      /secure is false/,
    ],
    [
      { session: { cookie: { domain: 'example.org' } }, publicOrigin: 'https://app.example.com' },
      {},
      'problem',
      /domain is example\.org, and the host of publicOrigin is app\.example\.com/,
    ],
    [
      { session: { cookie: { domain: 'example.com' } }, publicOrigin: 'https://app.example.com' },
      {},
      'ok',
      /SameSite/,
    ],
    [
      { session: { cookie: { hostPrefix: true, sameSite: 'strict' } } },
      {},
      'ok',
      /__Host-DS .*Strict, Secure;/,
    ],
    [{ session: { store: 'request-session' } }, {}, 'ok', /application's own session/],
  ])('judges %j with %j: %s', async (options, variables, status, message) => {
    expect(await judge(options, variables)).toEqual([
      expect.objectContaining({ status, message: expect.stringMatching(message) }),
    ]);
  });
});

describe('The doctor, about names', () => {
  const map = [
    { handler: 'OrdersController.list', demands: [{ kind: 'permissions', names: ['orders:read'] }] },
    { handler: 'OrdersController.remove', demands: [{ kind: 'roles', names: ['admin', 'admni'] }] },
  ];
  const key = () => ({ DESCOPE_MANAGEMENT_KEY: emulator.managementKey });

  it('finds names of the access map that the project has not, with their handlers', async () => {
    const args = ['--access-map', put('access.json', map)];
    const { exitStatus, of } = await examine({ args, variables: key() });
    expect(exitStatus).toBe(1);
    expect(of('names')).toEqual([
      expect.objectContaining({
        status: 'problem',
        message: 'The project has no role "admni", which OrdersController.remove demands.',
      }),
    ]);
    const right = ['--access-map', put('access.json', map.slice(0, 1))];
    expect((await examine({ args: right, variables: key() })).of('names')[0]).toMatchObject({
      status: 'ok',
      message: 'The project has every role and permission that is demanded: 1 name, 1 handler.',
    });
  });

  it('asks for a management key where there is a map and no key, and tries a key alone', async () => {
    const args = ['--access-map', put('access.json', map)];
    expect((await examine({ args })).of('names')[0]).toMatchObject({ status: 'warning' });
    expect((await examine()).of('names')[0]).toMatchObject({
      status: 'skipped',
      message: expect.stringMatching(
        /lists what each handler demands.*describeAccess\(app\).*nestjs-descope\/inspect/,
      ),
    });
    emulator.faults.add({ path: '/v1/mgmt/role/all', status: 200, body: { roles: [{ name: 'admin' }] } });
    const { of } = await examine({ variables: key() });
    expect(of('names')[0]?.message).toMatch(
      /^The management key is accepted; the project has 1 role and 1 permission\./,
    );
  });

  it('finds a management key that Descope rejects, and an outage, and prints no key', async () => {
    const DESCOPE_MANAGEMENT_KEY = 'K2this-is-the-wrong-key';
    const { exitStatus, of, output } = await examine({ variables: { DESCOPE_MANAGEMENT_KEY } });
    expect([exitStatus, of('names')[0]?.code]).toEqual([1, 'CONFIG_MANAGEMENT_KEY_REFUSED']);
    emulator.faults.add({ path: '/v1/mgmt/role/all', status: 500 });
    expect((await examine({ variables: key() })).of('names')[0]?.code).toBe('DESCOPE_UNAVAILABLE');
    expect(output).not.toContain(DESCOPE_MANAGEMENT_KEY);
  });

  it('does not take another list for an access map', async () => {
    const args = ['--access-map', put('access.json', [{ handler: 7 }])];
    expect((await examine({ args, variables: key() })).of('names')[0]?.status).toBe('problem');
  });
});

describe('The doctor, about versions', () => {
  it('finds a version of Nest, or of Node, that is not supported', async () => {
    install({ ...NEST_12, '@nestjs/core': '10.4.0', '@nestjs/websockets': '10.0.0' });
    rmSync(join(folder, 'node_modules/rxjs'), { recursive: true });
    const { exitStatus, of } = await examine({ nodeVersion: '18.20.0' });
    expect(exitStatus).toBe(1);
    expect(of('nest').map(({ message, advice }) => [message, advice])).toEqual([
      ['@nestjs/core 10.4.0 is not in ^11.0.0 || ^12.0.0.', 'npm install "@nestjs/core@^11.0.0 || ^12.0.0"'],
      ['@nestjs/websockets 10.0.0 is not in ^11.0.0 || ^12.0.0.', expect.anything()],
      ['rxjs is not installed.', 'npm install "rxjs@^7.1.0"'],
    ]);
    expect(of('node')[0]).toMatchObject({ status: 'problem', message: expect.stringContaining('18.20.0') });
  });

  it('finds packages above the folder, and says where to run it when there are none', async () => {
    expect((await examine()).of('nest')[0]).toMatchObject({ status: 'warning' });
    install(NEST_12);
    mkdirSync(join(folder, 'apps/api'), { recursive: true });
    folder = join(folder, 'apps/api');
    expect((await examine()).of('nest')[0]?.message).toContain('@nestjs/common 12.5.1');
    folder = join(folder, '../..');
  });

  it.each([
    ['11.0.0', '^11.0.0 || ^12.0.0', true],
    ['12.9.1', '^11.0.0 || ^12.0.0', true],
    ['10.9.9', '^11.0.0 || ^12.0.0', false],
    ['13.0.0', '^11.0.0 || ^12.0.0', false],
    ['20.18.9', '^20.19.0 || ^22.12.0 || >=24.0.0', false],
    ['20.20.2', '^20.19.0 || ^22.12.0 || >=24.0.0', true],
    ['23.1.0', '^20.19.0 || ^22.12.0 || >=24.0.0', false],
    ['25.0.0', '^20.19.0 || ^22.12.0 || >=24.0.0', true],
    ['0.1.11', '^0.1.12 || ^0.2.0', false],
    ['0.1.14', '^0.1.12 || ^0.2.0', true],
    ['0.3.0', '^0.1.12 || ^0.2.0', false],
    ['12.0.0-next.1', '^12.0.0', true],
  ])('takes %s for a version in %s: %s', (version, range, expected) => {
    expect(isInRange(version, range)).toBe(expected);
  });
});

describe('nestjs-descope doctor', () => {
  let transpiled: TranspiledCommand;
  beforeAll(() => {
    clearEnvironment();
    transpiled = transpileCommand();
  });
  afterAll(() => transpiled.remove());

  const run = (args: readonly string[], env: Record<string, string> = {}, input = '') =>
    runCommand(transpiled.command, ['doctor', ...args], { env, cwd: folder, input });

  it('prints a line for each finding, what to do, and a count; its status is 1 with a problem', async () => {
    const port = await findFreePort();
    const variables = { ...ofEmulator(), DESCOPE_BASE_URI: `http://127.0.0.1:${port}` };
    const { code, stdout, stderr } = await run([], variables);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^ok {7}node +nestjs-descope 0\.1\.0 on Node \d/);
    expect(stdout).toMatch(/\nproblem {2}keys +KEYS_UNAVAILABLE: The keys .*\n +-> Nothing listens at/);
    expect(stdout).toMatch(/\n\n1 problem, 2 warnings\n$/);
    expect(stdout.match(/^(?:problem|warning) .*\n +-> \S/gm)).toHaveLength(3);
    expect((await run([], ofEmulator())).code).toBe(0);
  });

  it('never prints a secret, whatever it is about', async () => {
    const token = await emulator.signToken({ claims: { aud: 'billing' } });
    const secrets = {
      DESCOPE_MANAGEMENT_KEY: 'K2wrong-management',
      DESCOPE_AUTH_MANAGEMENT_KEY: 'K2auth-key',
    };
    put('.env', 'DESCOPE_MANAGEMENT_KEY=K2of-the-file\nDESCOPE_IS_STAFF_ROLE=x\n');
    for (const variables of [
      { ...ofEmulator(), ...secrets, DESCOPE_AUDIENCE: 'orders' },
      { ...ofEmulator(), DESCOPE_AUDIENCE: 'orders' },
      { ...ofEmulator(), DESCOPE_AUDIENCE: 'orders', DESCOPE_MANAGEMENT_KEY: 'K2one\nK2wrong' },
      {
        ...secrets,
        DESCOPE_PROJECT_ID: 'K2wrong-management',
        DESCOPE_BASE_URI: 'https://u:K2auth-key@x.example',
      },
    ])
      for (const args of [
        ['--token', '-'],
        ['--token', '-', '--json'],
      ]) {
        const { stdout, stderr, code } = await run(args, variables, token);
        expect(code).toBe(1);
        for (const secret of [token, token.split('.')[2] ?? '', 'K2wrong', 'K2auth', 'K2of-the-file'])
          expect(stdout + stderr).not.toContain(secret);
      }
  });

  it('shows its usage on --help', async () => {
    const help = await run(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^Usage: .*doctor/) });
    expect(help.stdout).toContain("writeFileSync('access.json', JSON.stringify(describeAccess(app)))");
  });

  it.each<[string[], string]>([
    [['--prot'], "Unknown option '--prot'"],
    [['extra-eyJhbGciOi'], 'Unexpected argument; the doctor takes options only'],
    [['--token', 'eyJhbGciOi.x.y'], '--token takes "-" and nothing else'],
    [['--token'], '--token'],
    [['--dotenv', 'none.env'], '--dotenv: the file none.env cannot be read (ENOENT)'],
    [['--options', 'none.json'], '--options: the file none.json cannot be read (ENOENT)'],
    [['--options', 'broken.json'], '--options: the file broken.json is not JSON'],
    [['--options', 'list.json'], '--options: the file must hold an object'],
    [['--access-map', 'object.json'], '--access-map: the file must hold the list'],
  ])('ends with code 2 on %j', async (args, message) => {
    put('broken.json', '{"managementKey": K2secret}');
    put('list.json', []);
    put('object.json', {});
    const ended = await run(args);
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toContain('Usage: nestjs-descope doctor');
    expect(ended.stderr).not.toMatch(/eyJ|K2secret| {4}at /);
  });
});

describe('The standard input of the doctor', () => {
  const read = async (isTTY: boolean, chunks: readonly string[], ends = true) => {
    const [input, errors] = [new PassThrough(), new PassThrough()];
    for (const chunk of chunks) input.write(chunk);
    if (ends) input.end();
    const text = await readStandardInput(Object.assign(input, { isTTY }), errors);
    return { text, prompt: String(errors.read() ?? '') };
  };

  it('asks for the token at a terminal, and takes the first line that is not empty', async () => {
    const prompt = 'Paste the session token, then press Ctrl+D:\n';
    expect(await read(true, ['\n', 'eyJ.a.b'], false)).toEqual({
      text: '\neyJ.a.b',
      prompt: `${prompt}\n`, // what follows begins on a line of its own
    });
    expect(await read(true, ['eyJ.a.b\n'], false)).toEqual({ text: 'eyJ.a.b\n', prompt });
    expect(await read(true, [])).toEqual({ text: '', prompt });
  });

  it('is read to its end without a prompt elsewhere', async () => {
    expect(await read(false, ['eyJ.', 'a.b\n'])).toEqual({ text: 'eyJ.a.b\n', prompt: '' });
  });
});

describe('docs/cli.md', () => {
  const page = readFileSync('docs/cli.md', 'utf8');
  const optionsOf = (text: string) =>
    [...text.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help');

  it('has every option of the emulator and of the doctor in its tables, and no other one', () => {
    const parts = page.split(/^## /m);
    for (const [title, usage] of [
      ['The emulator\n', USAGE],
      ['The doctor\n', DOCTOR_USAGE],
    ] as const) {
      const part = parts.find((text) => text.startsWith(title)) ?? '';
      const rows = [...part.matchAll(/^\| `--([\w-]+)/gm)].map(([, name]) => name);
      expect(rows.sort()).toEqual(optionsOf(usage).sort());
    }
  });

  it('has every check of the doctor, and none that there is not', async () => {
    const options = put('options.json', { session: {} });
    const args = ['--token', '-', '--options', options];
    const { findings } = await examine({ args, input: await emulator.signToken() });
    const named = [...page.matchAll(/^\| ((?:`[a-z]+`(?:, )?)+) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z]+)`/g)].map(([, name]) => name),
    );
    expect([...new Set(findings.map(({ check }) => check))].sort()).toEqual([...new Set(named)].sort());
  });
});
