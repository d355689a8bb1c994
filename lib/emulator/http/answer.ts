// What a route answers, and how it is written to the socket.
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** An answer before it is written; everything but text is sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** An answer of 200. */
export function ok(body: unknown = {}): Answer {
  return { status: 200, body };
}

/** Writes an answer; with `dripMs` byte by byte, at that distance in milliseconds. */
export async function sendAnswer(response: ServerResponse, answer: Answer, dripMs?: number): Promise<void> {
  const { text, type } = toText(answer.body);
  const bytes = Buffer.from(text);
  response.statusCode = answer.status;
  response.setHeader('content-type', type);
  response.setHeader('content-length', bytes.length);
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  if (dripMs !== undefined) await drip(response, bytes, dripMs);
  response.end(dripMs === undefined ? bytes : undefined);
}

function toText(body: unknown): { text: string; type: string } {
  if (typeof body === 'string') {
    return { text: body, type: body.trimStart().startsWith('<') ? 'text/html' : 'text/plain' };
  }
  return { text: JSON.stringify(body), type: 'application/json' };
}

async function drip(response: ServerResponse, bytes: Buffer, everyMs: number): Promise<void> {
  for (const byte of bytes) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await wait(everyMs, undefined, { ref: false });
  }
}
