// The command `nestjs-descope-emulator`, in a process of its own.
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommand, transpileCommand } from '../../support/emulator-command.js';

let command: string;

const inFolder = (name: string) => join(dirname(command), name);

beforeAll(() => {
  command = transpileCommand();
});
afterAll(() => rmSync(dirname(command), { recursive: true }));

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

describe('nestjs-descope-emulator', () => {
  it('says how to use it, serves the seed, and ends cleanly on SIGTERM', async () => {
    writeFileSync(inFolder('seed.json'), JSON.stringify({ users: [{ loginId: 'ada@example.com' }] }));
    let keys: Promise<unknown> | undefined;
    const onOutput = (stdout: string, stop: () => void) => {
      const uri = /DESCOPE_BASE_URI=(\S+) DESCOPE_PROJECT_ID=(\S+) /.exec(stdout);
      if (!uri) return;
      keys = fetch(`${uri[1]}/v2/keys/${uri[2]}`).then((response) => response.json());
      void keys.finally(stop);
    };
    const ended = await runCommand(command, ['--seed', inFolder('seed.json'), '--port', '0'], { onOutput });
    expect(await keys).toEqual({ keys: [expect.objectContaining({ kty: 'RSA' })] });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(
      /project id +P2emulator\w+\n +management key +K2\S+\n +login ids +ada@example.com\n/,
    );
  });

  it('rotates refresh tokens, ends a sign-in on a replay and shortens sessions when it is told to', async () => {
    const flags = ['--session-seconds', '60', '--refresh-rotation', '--replay-ends-sign-in'];
    let seen: Promise<unknown> | undefined;
    const onOutput = (stdout: string, stop: () => void) => {
      const uri = /DESCOPE_BASE_URI=(\S+) DESCOPE_PROJECT_ID=(\S+) /.exec(stdout);
      if (!uri || seen) return;
      seen = replay(uri[1] ?? '', uri[2] ?? '');
      void seen.finally(stop);
    };
    expect((await runCommand(command, flags, { onOutput })).code).toBe(0);
    expect(await seen).toEqual({ lifetime: 60, refreshed: 200, replayed: 401, afterReplay: 401 });
  });

  it('shows its usage on --help', async () => {
    const ended = await runCommand(command, ['--help']);
    expect(ended).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Usage:') });
  });

  it.each([
    [['--prot', '1'], "Unknown option '--prot'"],
    [['extra'], "Unexpected argument 'extra'"],
    [['--port'], '--port'],
    [['--port', 'x'], '--port must be a whole number from 0 to 65535, got "x"'],
    [['--host', '0.0.0.0'], 'host must be a loopback address'],
    [['--session-seconds', '1h'], '--session-seconds must be a positive whole number of seconds, got "1h"'],
  ])('ends with code 2 on bad flags: %j', async (args, message) => {
    const ended = await runCommand(command, args);
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).not.toContain('    at ');
  });

  it('says what is wrong with a seed file', async () => {
    writeFileSync(inFolder('bad.json'), '{"users":[{"email":7}]}');
    const ended = await runCommand(command, ['--seed', inFolder('bad.json')]);
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('- users[0].loginId is missing'),
    });
  });

  it('does not start in production', async () => {
    const ended = await runCommand(command, [], { env: { NODE_ENV: 'production' } });
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('NODE_ENV=production') });
  });
});
