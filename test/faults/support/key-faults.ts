// The ways in which a key server may fail.
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { FaultOptions } from 'nestjs-descope/emulator';
import type { Surroundings } from './world.js';
import { KEYS } from './world.js';

/** A failure that can be put in place. */
export interface KeyFault {
  readonly name: string;
  readonly apply: (around: Surroundings) => Promise<void> | void;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const HUGE_BYTES = 100 * 1024 * 1024;

/** How many bytes of its 100 MB the huge answer could get rid of, at most, in one call. */
export const hugeAnswer = { mostBytesSent: 0 };

const ordered = (name: string, order: Omit<FaultOptions, 'path'>): KeyFault => ({
  name,
  apply: ({ emulator }) => void emulator.faults.add({ path: KEYS, ...order }),
});

const onTheWire = (name: string, fail: (response: ServerResponse) => void): KeyFault => ({
  name,
  apply: ({ gate }) => gate.fail((_request, response) => fail(response)),
});

/** Every failure; the redirect needs a server elsewhere. */
export function listKeyFaults(elsewhere: string): readonly KeyFault[] {
  return [
    ordered('status 500', { status: 500 }),
    ordered('status 404', { status: 404 }),
    ordered('hang', { hang: true }),
    ordered('slow drip', { dripMs: 100 }),
    onTheWire('headers that drip', dripHeaders),
    ordered('garbage in the body', { body: 'AAAA\u0000{{{' }),
    onTheWire('garbage in place of HTTP', (response) => response.socket?.end(randomBytes(4096))),
    ordered('HTML', { body: '<!doctype html><title>Maintenance</title>' }),
    ordered('{}', { body: {} }),
    ordered('keys: null', { body: { keys: null } }),
    ordered('keys: []', { body: { keys: [] } }),
    ordered('redirect elsewhere', { redirect: elsewhere }),
    onTheWire('100 MB', (response) => void streamHuge(response)),
    onTheWire('truncated', truncate),
    onTheWire('gzip bomb', (response) => sendBomb(response, 'gzip')),
    onTheWire('brotli bomb', (response) => sendBomb(response, 'br')),
    onTheWire('connection reset', (response) => response.socket?.resetAndDestroy()),
    { name: 'connection refused', apply: ({ gate }) => gate.reject() },
  ];
}

/** Takes all failures back. */
export async function heal({ emulator, gate }: Surroundings): Promise<void> {
  emulator.faults.clear();
  await gate.open();
}

function dripHeaders(response: ServerResponse): void {
  const { socket } = response;
  const bytes = [
    ...'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"keys":[]}',
  ];
  const timer = setInterval(() => {
    const next = bytes.shift();
    if (next === undefined || socket === null || socket.destroyed) {
      clearInterval(timer);
      return;
    }
    socket.write(next);
  }, 100);
}

async function streamHuge(response: ServerResponse): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  let sent = 0;
  response.writeHead(200, JSON_TYPE);
  response.write('{"keys":[');
  while (sent < HUGE_BYTES && !response.destroyed) {
    const isTaken = response.write(chunk);
    sent += chunk.length;
    hugeAnswer.mostBytesSent = Math.max(hugeAnswer.mostBytesSent, sent);
    // `drain` never comes to an answer whose reader is gone.
    while (!isTaken && response.writableNeedDrain && !response.destroyed) await sleep(5);
  }
  response.end(']}');
}

function truncate(response: ServerResponse): void {
  response.writeHead(200, { ...JSON_TYPE, 'content-length': 4000 });
  response.write('{"keys":[{"kty":"RSA","kid":"SK', () => response.socket?.destroy());
}

const bombs = new Map<string, Buffer>();

function sendBomb(response: ServerResponse, encoding: 'gzip' | 'br'): void {
  const bomb = bombs.get(encoding) ?? pack(encoding);
  bombs.set(encoding, bomb);
  response.writeHead(200, { ...JSON_TYPE, 'content-encoding': encoding });
  response.end(bomb);
}

function pack(encoding: 'gzip' | 'br'): Buffer {
  const zeros = Buffer.alloc(HUGE_BYTES, ' ');
  if (encoding === 'gzip') return gzipSync(zeros, { level: 1 });
  return brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
}
