// The keys over a real socket: whatever a server does, it is an answer in time or an outage.
import { stat } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fetchKeys } from '#lib/core/api/descope-api.js';
import { RemoteKeySet } from '#lib/core/token/remote-key-set.js';
import { whileBusy } from '../../../support/busy.js';
import { codeLater, codeOf, createClock, createSigningKey, PROJECT_ID } from '../../../support/tokens.js';

type Respond = (response: ServerResponse, request: IncomingMessage) => void;

const TIMEOUT_MS = 800;
const SLACK_MS = 3_000; // a busy machine; the bar is 5 s
const PATIENCE_MS = 10_000; // where an answer comes
const { jwk } = createSigningKey('RS256', 'SK1');
const good: Respond = (response) => void response.end(JSON.stringify({ keys: [jwk] }));
const text =
  (body: string | Buffer, headers = {}, status = 200): Respond =>
  (response) =>
    void response.writeHead(status, headers).end(body);

let server: Server;
let baseUrl: string;
let respond: Respond = good;
let requests: IncomingMessage[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request);
    respond(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const load = (signal: AbortSignal, fetch = globalThis.fetch, timeoutMs = PATIENCE_MS) =>
  fetchKeys({ baseUrl, projectId: PROJECT_ID, timeoutMs, fetch }, signal);
const fetchNow = (fetch = globalThis.fetch, timeoutMs = PATIENCE_MS) =>
  load(new AbortController().signal, fetch, timeoutMs);

// Each is for ever: the client must end it.
function drip(chunk: string, everyMs: number): Respond {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(chunk), everyMs);
    response.on('close', () => clearInterval(timer));
  };
}

const jsonOfBytes = (size: number) => JSON.stringify({ keys: [jwk], filler: 'x'.repeat(size) });
const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));

const FAILURES: readonly [string, Respond][] = [
  ['status 500', text('{"keys":[]}', {}, 500)],
  ['status 404', text('{}', {}, 404)],
  ['status 429', text('{}', { 'retry-after': '1' }, 429)],
  ['status 201 with good keys', text(JSON.stringify({ keys: [jwk] }), {}, 201)],
  ['status 204', text('', {}, 204)],
  ['status 304', text('', {}, 304)],
  ['HTML', text('<!doctype html><h1>It works</h1>', { 'content-type': 'text/html' })],
  ['nothing', text('')],
  ['truncated JSON', text(JSON.stringify({ keys: [jwk] }).slice(0, -4))],
  ['less than it promised', text('{"keys":[', { 'content-length': '1000' })],
  ['JSON that is not UTF-8', text(Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]))],
  ['{}', text('{}')],
  ['null', text('null')],
  ['a list', text(JSON.stringify([jwk]))],
  ['keys: null', text('{"keys":null}')],
  ['keys as an object', text('{"keys":{"0":{}}}')],
  ['keys as a text', text('{"keys":"SK1"}')],
  ['keys that are inherited', text(`{"__proto__":{"keys":[${JSON.stringify(jwk)}]}}`)],
  ['257 KB', text(jsonOfBytes(257 * 1024))],
  ['endless bytes', drip('x'.repeat(65_536), 1)],
  ['a slow drip', drip(' ', 20)],
  ['a gzip bomb', text(bomb, { 'content-encoding': 'gzip' })],
  ['broken gzip', text('not gzip', { 'content-encoding': 'gzip' })],
  ['a redirect elsewhere', text('', { location: 'http://127.0.0.1:1/keys' }, 302)],
  ['a redirect to good keys', text(JSON.stringify({ keys: [jwk] }), { location: '/elsewhere' }, 307)],
  ['a reset', (response) => void response.socket?.resetAndDestroy()],
  [
    'a reset in the body',
    (response) => {
      response.writeHead(200).write('{"keys":[');
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    },
  ],
  ['no HTTP', (response) => void response.socket?.end('SSH-2.0-OpenSSH\r\n')],
  ['silence', () => undefined],
  ['headers and then silence', (response) => response.writeHead(200).flushHeaders()],
];

describe('fetchKeys', () => {
  it('gives the members of the set, up to 256 KB', async () => {
    respond = good;
    expect(await fetchNow()).toEqual([jwk]);
    respond = text(jsonOfBytes(250 * 1024));
    expect(await fetchNow()).toEqual([jwk]);
    respond = text(gzipSync(JSON.stringify({ keys: [jwk] })), { 'content-encoding': 'gzip' });
    expect(await fetchNow()).toEqual([jwk]);
  });

  it('takes the keys of a year, none of which was withdrawn', async () => {
    respond = text(JSON.stringify({ keys: Array(366).fill(jwk) }));
    expect(await fetchNow()).toHaveLength(366);
  });

  it('asks for the project’s keys with nothing but the project’s id', async () => {
    respond = good;
    requests = [];
    await fetchNow();
    expect(requests.length).toBe(1);
    expect(requests[0]).toMatchObject({ method: 'GET', url: `/v2/keys/${PROJECT_ID}` });
    const { host: _, connection: _c, ...headers } = requests[0]?.headers ?? {};
    expect(headers['authorization']).toBe(`Bearer ${PROJECT_ID}`);
    expect(Object.keys(headers).filter((name) => /cookie|forwarded|session/.test(name))).toEqual([]);
  });

  it.each(FAILURES)('rejects in time, and follows nothing: %s', async (_, failure) => {
    respond = failure;
    requests = [];
    const start = performance.now();
    await expect(fetchNow(globalThis.fetch, TIMEOUT_MS)).rejects.toThrow();
    expect(performance.now() - start).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    expect(requests.length).toBe(1);
  });

  it('rejects in time with a fetch that heeds no signal', async () => {
    const start = performance.now();
    const deaf = fetchNow(() => new Promise(() => undefined), TIMEOUT_MS);
    await expect(deaf).rejects.toThrow(`${TIMEOUT_MS} ms`);
    expect(performance.now() - start).toBeLessThan(TIMEOUT_MS + SLACK_MS);
  });

  it('takes an answer that came while the process was busy itself', async () => {
    const fetch = async () => {
      await stat('.');
      return new Response(JSON.stringify({ keys: [jwk] }));
    };
    expect(await whileBusy(TIMEOUT_MS + 100, () => fetchNow(fetch, TIMEOUT_MS))).toEqual([jwk]);
  });

  it('ends at once when it is called off, and closes the connection', async () => {
    const abort = new AbortController();
    let closed: (() => void) | undefined;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    respond = (response) => {
      response.on('close', () => closed?.());
      abort.abort();
    };
    await expect(load(abort.signal)).rejects.toThrow();
    await isClosed;
  });

  it('sends nothing when it was called off before', async () => {
    requests = [];
    respond = good;
    await expect(load(AbortSignal.abort())).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(requests.map(({ url }) => url)).toEqual([]);
  });
});

describe('A key set on it', () => {
  it.each(FAILURES)('keeps good keys through %s, and recovers', async (_, failure) => {
    const clock = createClock();
    const config = { maxAgeMs: 600_000, maxStaleMs: 3_600_000, cooldownMs: 10_000 };
    const loadSoon = (signal: AbortSignal) =>
      load(signal, globalThis.fetch, respond === good ? PATIENCE_MS : TIMEOUT_MS);
    const keys = new RemoteKeySet({ load: loadSoon, url: baseUrl, config, clock, notify: () => undefined });
    respond = good;
    await keys.hydrate();
    respond = failure;
    clock.advance(600_000);
    expect(await codeLater(() => keys.find('SK1'))).toBe('accepted');
    clock.advance(10_000);
    respond = good;
    expect(await codeLater(() => keys.find('SK2'))).toBe('TOKEN_KEY_UNKNOWN');
    expect(codeOf(() => keys.find('SK1'))).toBe('accepted');
    keys.close();
  });
});
