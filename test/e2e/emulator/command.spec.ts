// The command `nestjs-descope emulator`, in a process of its own.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { TranspiledCommand } from '../../support/command.js';
import { runCommand, transpileCommand } from '../../support/command.js';
import { clearEnvironment } from '../../support/environment.js';
import { findFreePort } from '../../support/free-port.js';
import { startWebhookReceiver } from '../../support/webhook-receiver.js';

let transpiled: TranspiledCommand;

const inFolder = (name: string) => join(transpiled.folder, name);

beforeAll(() => {
  clearEnvironment();
  transpiled = transpileCommand();
});
afterAll(() => transpiled.remove());

type Options = Parameters<typeof runCommand>[2];
const emulate = (args: readonly string[], options?: Options) =>
  runCommand(transpiled.command, ['emulator', ...args], options);

// Signs up, refreshes, shows the first refresh token again, and then the second one.
async function replay(url: string, projectId: string) {
  const post = async (path: string, credential: string, body: object = {}) => {
    const authorization = `Bearer ${projectId}${credential}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/auth/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { refreshJwt: string; claims: { iat: number; exp: number } };
    return { status: response.status, ...answer };
  };
  const user = { loginId: 'ada@example.com', password: 'Correct-horse-1' };
  const first = await post('password/signup', '', user);
  const second = await post('refresh', `:${first.refreshJwt}`);
  const replayed = await post('refresh', `:${first.refreshJwt}`);
  const last = await post('refresh', `:${second.refreshJwt}`);
  return {
    lifetime: first.claims.exp - first.claims.iat,
    refreshed: second.status,
    replayed: replayed.status,
    afterReplay: last.status,
  };
}

function signUp(url: string, projectId: string, fields: object = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${projectId}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ loginId: 'ada@example.com', password: 'Correct-horse-1', ...fields });
  return fetch(`${url}/v1/auth/password/signup`, { method: 'POST', headers, body });
}

describe('nestjs-descope emulator', () => {
  it('says how to use it, serves the seed, and ends cleanly on SIGTERM', async () => {
    writeFileSync(inFolder('seed.json'), JSON.stringify({ users: [{ loginId: 'ada@example.com' }] }));
    let keys: Promise<unknown> | undefined;
    const onOutput = (stdout: string, stop: () => void) => {
      const uri = /DESCOPE_BASE_URI=(\S+)\n +DESCOPE_PROJECT_ID=(\S+)\n/.exec(stdout);
      if (!uri) return;
      keys = fetch(`${uri[1]}/v2/keys/${uri[2]}`).then((response) => response.json());
      void keys.finally(stop);
    };
    const ended = await emulate(['--seed', inFolder('seed.json'), '--port', '0'], { onOutput });
    expect(await keys).toEqual({ keys: [expect.objectContaining({ kty: 'RSA' })] });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(
      /project id +P2emulator\w+\n +management key +K2\S+\n +login ids +ada@example.com\n/,
    );
  });

  it('rotates refresh tokens, ends a sign-in on a replay and shortens sessions when it is told to', async () => {
    const flags = ['--port', '0', '--session-seconds', '60', '--refresh-rotation', '--replay-ends-sign-in'];
    let seen: Promise<unknown> | undefined;
    const onOutput = (stdout: string, stop: () => void) => {
      const uri = /DESCOPE_BASE_URI=(\S+)\n +DESCOPE_PROJECT_ID=(\S+)\n/.exec(stdout);
      if (!uri || seen) return;
      seen = replay(uri[1] ?? '', uri[2] ?? '');
      void seen.finally(stop);
    };
    expect((await emulate(flags, { onOutput })).code).toBe(0);
    expect(await seen).toEqual({ lifetime: 60, refreshed: 200, replayed: 401, afterReplay: 401 });
  });

  it('prints what it ignores, once, and rejects it with --strict', async () => {
    const ask = async (flags: readonly string[]) => {
      let statuses: Promise<readonly number[]> | undefined;
      const onOutput = (stdout: string, stop: () => void) => {
        const uri = /DESCOPE_BASE_URI=(\S+)\n +DESCOPE_PROJECT_ID=(\S+)\n/.exec(stdout);
        if (!uri || statuses) return;
        const send = (loginId: string) => signUp(uri[1] ?? '', uri[2] ?? '', { loginId, captcha: 'x' });
        statuses = Promise.all([send('bob'), send('eve')]).then((both) => both.map(({ status }) => status));
        void statuses.finally(stop);
      };
      const { stdout } = await emulate(['--port', '0', ...flags], { onOutput });
      return { statuses: await statuses, lines: stdout.match(/^ignored in .*$/gm) };
    };
    const line = 'ignored in POST /v1/auth/password/signup: captcha';
    expect(await ask([])).toEqual({ statuses: [200, 200], lines: [line] });
    expect(await ask(['--strict'])).toEqual({ statuses: [400, 400], lines: null });
  });

  it('sends the audit events to the webhook, and shows which arrived', async () => {
    const receiver = await startWebhookReceiver();
    receiver.respondWith(204, 401);
    let signedUp: Promise<Response> | undefined;
    const onOutput = (stdout: string, stop: () => void) => {
      const uri = /DESCOPE_BASE_URI=(\S+)\n +DESCOPE_PROJECT_ID=(\S+)\n/.exec(stdout);
      if (uri) signedUp ??= signUp(uri[1] ?? '', uri[2] ?? '');
      if (stdout.includes('webhook LoginSucceed')) void signedUp?.finally(stop);
    };
    const flags = ['--port', '0', '--webhook', receiver.url, '--webhook-secret', receiver.secret];
    const { code, stdout } = await emulate(flags, { onOutput });
    expect([code, (await signedUp)?.status]).toEqual([0, 200]);
    expect(receiver.received).toMatchObject([
      { isSigned: true, event: { action: 'UserCreated' } },
      { isSigned: true, event: { action: 'LoginSucceed' } },
    ]);
    expect(stdout).toContain('webhook UserCreated: delivered\nwebhook LoginSucceed: failed (status 401)\n');
    await receiver.close();
  });

  it('shows its usage on --help, also by its older name', async () => {
    const ended = await emulate(['--help']);
    expect(ended).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^Usage: .*emulator/) });
    expect(await runCommand(transpiled.alias, ['--help'])).toEqual(ended);
    expect((await runCommand(transpiled.alias, ['--prot'])).code).toBe(2);
  });

  it('shows how to call an application with a session of a seeded user', async () => {
    writeFileSync(inFolder('two.json'), JSON.stringify({ users: [{ loginId: "o'neil@example.com" }] }));
    const onOutput = (_stdout: string, stop: () => void) => stop();
    const { stdout, stderr } = await emulate(['--seed', inFolder('two.json'), '--port', '0'], { onOutput });
    expect(stdout).toContain(
      `TOKEN=$(npx nestjs-descope emulator --token 'o'\\''neil@example.com' --url http`,
    );
    expect(stdout).toMatch(/curl -H "Authorization: Bearer \$TOKEN" http:\/\/localhost:3000\//);
    expect([stdout.includes('password/signup'), stderr]).toEqual([false, '']);
  });

  it('shows a line to paste that starts an application, and the lines of a .env file', async () => {
    const onOutput = (_stdout: string, stop: () => void) => stop();
    const { stdout } = await emulate(['--port', '0'], { onOutput });
    const [, url = ''] = /url +(\S+)\n/.exec(stdout) ?? [];
    expect(stdout).toContain(
      `\n  eval "$(npx nestjs-descope emulator --env --url ${url})" && npm run start:dev\n`,
    );
    expect(stdout).toMatch(
      new RegExp(
        `\\n  DESCOPE_BASE_URI=${url}\\n  DESCOPE_PROJECT_ID=P2emulator\\w+\\n  DESCOPE_MANAGEMENT_KEY=K2\\S+\\n`,
      ),
    );
  });

  it('listens where other machines reach it with --allow-remote only, and warns of it loudly', async () => {
    let health: Promise<unknown> | undefined;
    const onOutput = (stdout: string, stop: () => void) => {
      const url = /url +(\S+)\n/.exec(stdout)?.[1];
      if (url === undefined || health !== undefined) return;
      health = fetch(`${url}/health`).then((response) => response.json());
      void health.finally(stop);
    };
    const remote = ['--host', '0.0.0.0', '--port', '0'];
    const ended = await emulate([...remote, '--allow-remote'], { onOutput });
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(
      /WARNING[^]*listens on 0\.0\.0\.0[^]*sign in as any user[^]*DESCOPE_ALLOW_INSECURE/,
    );
    expect(ended.stdout).toMatch(/url +http:\/\/127\.0\.0\.1:\d+\n/);
    expect(await health).toEqual({ status: 'up', emulator: true, projectId: 'P2emulator00000000000000000A' });
    expect((await emulate(remote)).code).toBe(2);
    const stop = (_stdout: string, end: () => void) => end();
    const local = await emulate(['--port', '0', '--allow-remote'], { onOutput: stop });
    expect([local.code, local.stderr]).toEqual([0, '']);
  });

  it('prints the address of its console, with the token that it was given', async () => {
    let opened: Promise<Response> | undefined;
    const onOutput = (stdout: string, stop: () => void) => {
      const consoleUrl = /console +(http\S+)\n/.exec(stdout)?.[1];
      if (consoleUrl === undefined || opened !== undefined) return;
      opened = fetch(consoleUrl, { redirect: 'manual' });
      void opened.finally(stop);
    };
    const token = 'a-token-for-the-console';
    const { code, stdout } = await emulate(['--port', '0', '--console-token', token], { onOutput });
    expect([code, (await opened)?.status, (await opened)?.headers.get('location')]).toEqual([
      0,
      303,
      '/emulator/',
    ]);
    expect(stdout).toMatch(new RegExp(`console +http://127\\.0\\.0\\.1:\\d+/\\?token=${token}\\n`));
    const short = await emulate(['--port', '0', '--console-token', 'short']);
    expect([short.code, short.stderr]).toEqual([
      2,
      expect.stringContaining('consoleToken must have at least 16'),
    ]);
  });

  it('says how to take another port when its own is taken', async () => {
    const emulator = await startEmulator();
    const ended = await emulate(['--port', new URL(emulator.url).port]);
    await emulator.close();
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('another port with --port; 0') });
  });

  it.each([
    [['--prot', '1'], "Unknown option '--prot'"],
    [['extra'], "Unexpected argument 'extra'"],
    [['--port'], '--port'],
    [['--port', 'x'], '--port must be a whole number from 0 to 65535, got "x"'],
    [['--host', '0.0.0.0'], 'host must be a loopback address'],
    [['--host', '0.0.0.0', '--allow-remote', '--env'], '--host is for starting an emulator'],
    [['--token'], '--token'],
    [['--session-seconds', '1h'], '--session-seconds must be a positive whole number of seconds, got "1h"'],
  ])('ends with code 2 on bad flags: %j', async (args, message) => {
    const ended = await emulate(args);
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).not.toContain('    at ');
  });

  it('says what is wrong with a seed file', async () => {
    writeFileSync(inFolder('bad.json'), '{"users":[{"email":7}]}');
    const ended = await emulate(['--seed', inFolder('bad.json')]);
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('- users[0].loginId is missing'),
    });
  });

  it('does not start in production', async () => {
    const ended = await emulate([], { env: { NODE_ENV: 'production' } });
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('NODE_ENV=production') });
  });
});

describe('nestjs-descope emulator, asked of an emulator that runs', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator({ seed: { users: [{ loginId: 'ada@example.com', roles: ['admin'] }] } });
  });
  afterEach(() => emulator.reset());
  afterAll(() => emulator.close());

  it.each(['--url', '--port', 'DESCOPE_BASE_URI'])(
    'prints a token and nothing else, found by %s',
    async (by) => {
      const { url } = emulator;
      const where = by === '--url' ? ['--url', `${url}/`] : ['--port', new URL(url).port];
      const ended =
        by === 'DESCOPE_BASE_URI'
          ? await emulate(['--token', 'ada@example.com'], { env: { DESCOPE_BASE_URI: url } })
          : await emulate(['--token', 'ada@example.com', ...where]);
      expect([ended.code, ended.stderr]).toEqual([0, '']);
      expect(ended.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
      const authorization = `Bearer ${emulator.projectId}:${ended.stdout.trim()}`;
      const claims = await fetch(`${url}/v1/auth/validate`, { method: 'POST', headers: { authorization } });
      expect(await claims.json()).toMatchObject({ drn: 'DS', roles: ['admin'] });
    },
  );

  it('prints lines for eval, which an application boots with', async () => {
    const { url, projectId, managementKey } = emulator;
    expect(await emulate(['--env', '--url', url])).toEqual({
      code: 0,
      stderr: '',
      stdout: `export DESCOPE_BASE_URI=${url}\nexport DESCOPE_PROJECT_ID=${projectId}\nexport DESCOPE_MANAGEMENT_KEY=${managementKey}\n`,
    });
  });

  it('is not counted among the requests that a test looks at, where it only asks for health', async () => {
    await emulate(['--env', '--url', emulator.url]);
    expect(emulator.requests.count('/health')).toBe(0);
    await emulate(['--token', 'ada@example.com', '--url', emulator.url]);
    expect(emulator.requests.all.map(({ path }) => path)).toEqual(['/v1/mgmt/auth/signin']);
  });

  it('names a user that there is not', async () => {
    const ended = await emulate(['--token', 'eve@example.com', '--url', emulator.url]);
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toMatch(/has no user "eve@example\.com"\. Add it to the file of --seed/);
  });

  it('says that none answers, and how to start one', async () => {
    const port = await findFreePort();
    const ended = await emulate(['--token', 'ada@example.com', '--port', String(port)]);
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toContain(`127.0.0.1:${port} does not answer (ECONNREFUSED). Start one with`);
    expect((await emulate(['--env', '--port', '1'])).stderr).toContain('does not answer (bad port)');
  });

  it('sends no credential to a server that is no emulator', async () => {
    const seen: unknown[] = [];
    const server = createServer(({ url, headers }, response) => {
      seen.push([url, headers.authorization]);
      response.end('{"status":"up","projectId":"P2testtesttesttesttesttestte"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ended = await emulate(['--token', 'ada@example.com', '--url', url]);
    server.close();
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('is not an emulator') });
    expect(seen).toEqual([['/health', undefined]]);
  });

  it.each([
    [{ projectId: 'P2\n\u001b[2J' }, ['--env'], 'is not an emulator'],
    [{ errorMessage: '\u001b[2Jgo away\u009b' }, ['--token', 'ada'], 'status 200: \uFFFD[2Jgo away\uFFFD)'],
    [{ sessionJwt: '\u001b[2J.x.y' }, ['--token', 'ada'], 'its answer holds no session token'],
  ])('prints nothing that controls a terminal, whatever answers: %j', async (answer, args, said) => {
    const server = createServer((_request, response) => {
      const health = { emulator: true, projectId: 'P2testtesttesttesttesttestte' };
      response.end(JSON.stringify({ ...health, ...answer }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stdout, stderr } = await emulate([...args, '--url', url]);
    server.close();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/[^\P{Control}\n]/u);
  });

  it.each(['--url', 'DESCOPE_BASE_URI'])(
    'takes no URL with a password from %s, and does not print it',
    async (by) => {
      const url = 'http://ada:Correct-horse-1@127.0.0.1:4400';
      const isVariable = by === 'DESCOPE_BASE_URI';
      const { code, stdout, stderr } = await emulate(['--env', ...(isVariable ? [] : ['--url', url])], {
        env: isVariable ? { DESCOPE_BASE_URI: url } : {},
      });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('must have no user name and no password');
      expect(stderr).not.toContain('Correct-horse-1');
    },
  );
});

describe('nestjs-descope', () => {
  it('shows its commands on --help, and the version of the package', async () => {
    const help = await runCommand(transpiled.command, ['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/Commands:\n {2}emulator .*\n/);
    const version = await runCommand(transpiled.command, ['--version']);
    expect([version.code, version.stdout]).toEqual([0, '0.1.0\n']);
  });

  it.each([
    [[], 'A command is missing'],
    [['emulate'], 'Unknown command "emulate"'],
    [['--prot'], 'Unknown command "--prot"'],
    [['constructor'], 'Unknown command "constructor"'],
  ])('ends with code 2 on %j', async (args, message) => {
    const ended = await runCommand(transpiled.command, args);
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toMatch(new RegExp(`^${message}\n\nUsage: nestjs-descope <command>`));
  });
});
