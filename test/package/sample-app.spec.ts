// The built sample app as people meet it: started by node, read from its terminal, ended by a signal.
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startEmulator } from 'nestjs-descope/emulator';
import { WebSocket } from 'ws';
import { ADAPTERS, ask } from '../support/application.js';

const MAIN = 'sample-app/dist/main.js';
const READY = 'Stop it with Ctrl+C.';

interface Terminal {
  readonly process: ChildProcess;
  readonly exit: Promise<number | null>;
  stdout: string;
  stderr: string;
}

let running: Terminal | undefined;

function run(environment: Record<string, string>): Terminal {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [MAIN], { env: { PATH, PORT: '0', ...environment } });
  const exit = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  const terminal: Terminal = { process: child, exit, stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (terminal.stdout += String(text)));
  child.stderr.on('data', (text) => (terminal.stderr += String(text)));
  return (running = terminal);
}

async function start(environment: Record<string, string>): Promise<Terminal & { readonly url: string }> {
  const terminal = run(environment);
  const ended = terminal.exit.then((code) => {
    throw new Error(`The sample app ended with ${code}: ${terminal.stderr}`);
  });
  const ready = new Promise<void>((resolve) => {
    terminal.process.stdout?.on('data', () => terminal.stdout.includes(READY) && resolve());
  });
  await Promise.race([ready, ended]);
  ended.catch(() => undefined);
  return Object.assign(terminal, { url: /Open +(\S+)/.exec(terminal.stdout)?.[1] ?? '' });
}

interface CallList {
  readonly text: string;
  /** The lines that set variables, for the shell. */
  readonly variables: string;
  readonly calls: readonly (readonly [status: number, line: string])[];
}

async function readCalls(url: string): Promise<CallList> {
  const text = await runInShell(`curl --silent --fail ${url}/calls`);
  const variables = [...text.matchAll(/^\w+=\$\(.*$/gm)].map(([line]) => line).join('\n');
  const calls = [...text.matchAll(/^# (\d{3}) .*\n(curl .*)$/gm)];
  return { text, variables, calls: calls.map(([, status, line]) => [Number(status), line ?? '']) };
}

interface Answer {
  readonly line: string;
  readonly status: number;
  readonly text: string;
}

/** Pastes lines into one shell, after those that set variables. */
async function runCalls(variables: string, lines: readonly string[]): Promise<Answer[]> {
  const mark = '----- next line -----';
  const script = lines.map((line) => `echo; echo '${mark}'; ${line} --silent --max-time 10`);
  const texts = (await runInShell([variables, ...script].join('\n'))).split(`${mark}\n`).slice(1);
  return texts.map((text, index) => ({
    line: lines[index] ?? '',
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]),
    text,
  }));
}

async function runInShell(script: string): Promise<string> {
  return (await promisify(execFile)('sh', ['-ec', script], { timeout: 20_000 })).stdout;
}

// The page leaves out what differs with each run.
function toPattern(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replace(/[[\](){}.?*+^$|\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

beforeAll(() => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build first.`);
});
afterEach(() => {
  running?.process.kill('SIGKILL');
});

describe.each(ADAPTERS)('The built sample app on %s', (adapter) => {
  let opened: ReturnType<typeof start> | undefined;
  /** One application for the tests that ask it as people do, and do not end it. */
  const open = async () => {
    const terminal = await (opened ??= start({ HTTP_ADAPTER: adapter }));
    if (running === terminal) running = undefined;
    return terminal;
  };
  afterAll(async () => (await opened)?.process.kill('SIGKILL'));

  it('prints four short lines that do what they say', async () => {
    const { stdout, stderr } = await open();
    const lines = stdout.split('\n').filter((line) => /^ {2}(?:\w+=|curl )/.test(line));
    expect(lines).toHaveLength(4);
    const [define = '', ...calls] = lines;
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(120);
    const answers = await runCalls(
      define,
      calls.map((line) => line.replace(/#.*/, '')),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toEqual(calls.map((line) => Number(/# (\d{3})$/.exec(line)?.[1])));
    expect(statuses).toEqual([401, 200, 403]);
    expect(stderr).toBe('');
  });

  it('lists lines to paste that do what they say', async () => {
    const { url, stderr } = await open();
    const { variables, calls } = await readCalls(url);
    expect(calls.map(([status]) => status)).toEqual([
      200, 401, 200, 200, 403, 200, 200, 403, 403, 200, 201, 200, 200, 200,
    ]);
    const answers = await runCalls(
      variables,
      calls.map(([, line]) => line),
    );
    expect(answers.map(({ status, line }) => [status, line])).toEqual(calls);
    expect(stderr).toBe('');
  });

  it('lists lines for GraphQL and the gateway that are answered with orders, and with a rejection', async () => {
    const { url } = await open();
    const { text, variables, calls } = await readCalls(url);
    const graphql = calls.filter(([, line]) => line.includes('/graphql'));
    const answers = await runCalls(
      variables,
      graphql.map(([, line]) => line),
    );
    expect(answers.map(({ text: answer }) => answer)).toEqual([
      expect.stringContaining('{"data":{"products":["Tea","Coffee"]}}'),
      expect.stringContaining('{"data":{"orders":[{"id":"1","product":"Tea"},'),
      expect.stringMatching(/"code":"FORBIDDEN".*"code":"ACCESS_ROLE_MISSING"/),
    ]);
    const gateway = /^node -e .*$/m.exec(text)?.[0] ?? '';
    expect(await runInShell(`${variables}\n${gateway}`)).toMatch(
      /^\{"event":"orders","data":\[\{"id":"1",.*\n1000 \n$/,
    );
    const unsigned = gateway.replace('Bearer $BOB', 'Basic x');
    expect(await runInShell(unsigned)).toMatch(/1008 SESSION_MISSING\n$/);
  });

  it('answers the commands of docs/graphql.md as it says', async () => {
    const { url } = await open();
    const [, script = ''] =
      /^```sh\n(curl [^`]*\/graphql[^]*?)^```$/m.exec(readFileSync('docs/graphql.md', 'utf8')) ?? [];
    const said = [...script.matchAll(/^# (.*)$/gm)].map(([, line = '']) => line);
    expect(said.length).toBeGreaterThanOrEqual(5);
    const output = await runInShell(script.replaceAll('127.0.0.1:3000', new URL(url).host));
    expect(output.trimEnd().split('\n')).toEqual(said.map((line) => expect.stringMatching(toPattern(line))));
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends at once on %s, whatever is connected', async (signal) => {
    const terminal = await start({ HTTP_ADAPTER: adapter });
    const silent = connect(Number(new URL(terminal.url).port), '127.0.0.1').on('error', () => undefined);
    await once(silent, 'connect');
    const { text: token } = await ask(`${terminal.url}/embedded/tokens/ada`);
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(`${terminal.url}/live`, { headers });
    await once(socket, 'open');
    expect((await ask(`${terminal.url}/public`)).status).toBe(200);
    const before = Date.now();
    terminal.process.kill(signal);
    expect(await terminal.exit).toBe(0);
    expect(Date.now() - before).toBeLessThan(4_000); // an idle connection is kept for five seconds
    silent.destroy();
  });

  it('answers what it was asked before it ends', async () => {
    await using emulator = await startEmulator({ seed: { users: [{ loginId: 'dora@example.com' }] } });
    const { sessionJwt } = await emulator.signIn('dora@example.com');
    emulator.faults.add({ path: '/v2/keys', delayMs: 800 });
    const project = { DESCOPE_PROJECT_ID: emulator.projectId, DESCOPE_BASE_URI: emulator.url };
    const terminal = await start({ HTTP_ADAPTER: adapter, ...project });
    const answer = ask(`${terminal.url}/me`, { headers: { authorization: `Bearer ${sessionJwt}` } });
    await new Promise((resolve) => setTimeout(resolve, 500)); // so that it has come
    terminal.process.kill('SIGTERM');
    expect([200, 503]).toContain((await answer).status);
    expect(await terminal.exit).toBe(0);
  });

  it('uses the project that the environment names', async () => {
    await using emulator = await startEmulator({ seed: { users: [{ loginId: 'dora@example.com' }] } });
    const { sessionJwt } = await emulator.signIn('dora@example.com');
    const { url, stdout } = await start({
      HTTP_ADAPTER: adapter,
      NODE_ENV: 'production',
      DESCOPE_PROJECT_ID: emulator.projectId,
      DESCOPE_BASE_URI: emulator.url,
    });
    expect(stdout).toContain(`project ${emulator.projectId}`);
    const headers = { authorization: `Bearer ${sessionJwt}` };
    expect((await ask(`${url}/me`, { headers })).status).toBe(200);
    const page = await ask(`${url}/`);
    for (const shown of ['$SESSION_TOKEN', 'href="/auth/login"']) expect(page.text).toContain(shown);
    expect(stdout).toContain('"Authorization: Bearer $SESSION_TOKEN"');
    const { calls } = await readCalls(url);
    const own = calls.filter(([, line]) => !line.includes('ACCESS_KEY'));
    const answers = await runCalls(
      `SESSION_TOKEN=${sessionJwt}`,
      own.map(([, line]) => line),
    );
    expect(answers.map(({ status, line }) => [status, line])).toEqual(own);
    expect((await ask(`${url}/auth/login`)).text).toContain(emulator.projectId);
    const form = { method: 'POST', headers: { origin: url, ...headers } };
    expect((await ask(`${url}/embedded/tokens`, form)).status).toBe(404);
    for (const path of ['/embedded/outbox', '/embedded/tokens/ada', '/embedded/access-key'])
      expect((await ask(url + path)).status).toBe(404);
  });
});

describe('The built sample app', () => {
  it('prints what each route demands with ACCESS_MAP=table, and ends', async () => {
    const terminal = run({ ACCESS_MAP: 'table' });
    expect(await terminal.exit).toBe(0);
    const { stdout } = terminal;
    expect(stdout).toMatch(/GET +\/me +required +- +global +AccessController\.\w+/);
    expect(stdout).toMatch(/GET +\/public +public +- +global/);
    expect(stdout).toMatch(/Mutation +cancelOrder +required +roles: admin +global +OrdersResolver\.\w+/);
    expect(stdout).toMatch(/Query +products +public +- +global/);
    expect(stdout).toMatch(
      /websocket MESSAGE +\/live cancel +required +roles: admin +own +OrdersGateway\.\w+/,
    );
    expect(stdout).not.toContain('NONE');
  });

  it('writes it as JSON with ACCESS_MAP=json, and ends', async () => {
    const terminal = run({ ACCESS_MAP: 'json' });
    expect(await terminal.exit).toBe(0);
    const map = JSON.parse(terminal.stdout) as readonly { kind: string; path: string; access: string }[];
    expect(map.find(({ path }) => path === '/public')).toMatchObject({ access: 'public', guard: 'global' });
    expect(map.find(({ path }) => path === '/me')).toMatchObject({ access: 'required' });
    expect(new Set(map.map(({ kind }) => kind))).toEqual(new Set(['http', 'graphql', 'websocket']));
  });

  it.each([
    ['HTTP_ADAPTER=koa', { HTTP_ADAPTER: 'koa' }, 'HTTP_ADAPTER is "koa"; it must be express or fastify.'],
    ['NODE_ENV=production', { NODE_ENV: 'production' }, 'Set DESCOPE_PROJECT_ID'],
    ['a project id that is none', { DESCOPE_PROJECT_ID: 'P2' }, 'projectId'],
    ['an address of another machine', { HOST: '192.0.2.1' }, 'It cannot listen where HOST says'],
  ])('says once why it cannot start with %s', async (_what, environment, reason) => {
    const terminal = run(environment);
    expect(await terminal.exit).toBe(1);
    expect(terminal.stdout).toBe('');
    expect(terminal.stderr).toContain(reason);
    expect(terminal.stderr.match(/cannot start/g)).toHaveLength(1);
    expect(terminal.stderr).not.toMatch(/\n\s+at /);
  });
});
