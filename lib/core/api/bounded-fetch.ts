// The one place that goes to the network: bounded in time and size, JSON or nothing.
import { RequestFailure } from '../reason.js';
import { isJsonObject, readText } from '../token/claims.js';
import { withDeadline } from './deadline.js';

/** What goes to the network: Node's `fetch`, or what was made of the application's own. */
export type Fetch = typeof globalThis.fetch;

/** A request that may not take long. */
export interface BoundedRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON body; with it the method is POST, else GET. */
  readonly body?: object;
  /** A form, in place of a JSON body. */
  readonly form?: URLSearchParams;
  /** Milliseconds for headers and body together. */
  readonly timeoutMs: number;
  /** Bytes of the body, after decompression. */
  readonly maxBytes: number;
  readonly fetch: Fetch;
  readonly signal?: AbortSignal;
}

/** A whole answer, whatever its status. */
export interface BoundedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

/**
 * Asks for a JSON document. Rejects with a `RequestFailure` on a redirect, a time-out, too many bytes and broken JSON;
 * any status is an answer.
 */
export async function fetchAnswer(request: BoundedRequest): Promise<BoundedAnswer> {
  request.signal?.throwIfAborted();
  const abort = new AbortController();
  let status: number | undefined;
  try {
    return await inTime(request, abort, async () => {
      const { fetch } = request;
      const response = await fetch(request.url, toInit(request, abort.signal));
      ({ status } = response);
      if (status >= 300 && status < 400) throw new Error('Descope answered with a redirect.');
      const text = await readBody(response, request.maxBytes);
      return { status, headers: response.headers, json: parse(text) };
    });
  } catch (cause) {
    throw new RequestFailure({ url: request.url, status, cause, secrets: readSecrets(request) });
  }
}

/** Asks for a JSON document and takes status 200 only. */
export async function fetchJson(request: BoundedRequest): Promise<unknown> {
  const answer = await fetchAnswer(request);
  if (answer.status !== 200) throw toStatusFailure(request.url, answer);
  return answer.json;
}

/** The failure of a request that was answered with a status of no use; Descope's own code is told, its words are not. */
export function toStatusFailure(url: string, { status, json }: BoundedAnswer): RequestFailure {
  const code = isJsonObject(json) ? readText(json, 'errorCode') : undefined;
  const isOwn = code !== undefined && /^E\d{1,9}$/.test(code);
  return new RequestFailure({ url, status, detail: isOwn ? code : undefined });
}

// What was sent as a credential: behind the scheme and the project id, or in a form.
function readSecrets({ headers = {}, form }: BoundedRequest): readonly string[] {
  const [, ...credentials] = (headers['authorization'] ?? '').replace(/^\S+ /, '').split(':');
  return [...credentials, ...(form?.values() ?? [])];
}

function toInit(request: BoundedRequest, signal: AbortSignal): RequestInit {
  const headers = { accept: 'application/json', ...request.headers };
  const init = { redirect: 'manual', signal } as const;
  if (request.form !== undefined) return { ...init, method: 'POST', headers, body: request.form };
  if (request.body === undefined) return { ...init, headers };
  const body = JSON.stringify(request.body);
  return { ...init, method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body };
}

// The race is for a `fetch` that does not heed its signal: no caller waits longer than it was told.
async function inTime<T>(
  { signal, timeoutMs }: BoundedRequest,
  abort: AbortController,
  run: () => Promise<T>,
): Promise<T> {
  let stop: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('The request was called off.'));
    signal?.addEventListener('abort', stop, { once: true });
  });
  try {
    return await withDeadline(Promise.race([run(), ended]), timeoutMs, 'Descope');
  } finally {
    if (stop !== undefined) signal?.removeEventListener('abort', stop);
    abort.abort(); // also ends a body that nobody reads any more
  }
}

async function readBody(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error(`Descope answered with more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('Descope answered with something that is not JSON.');
  }
}
