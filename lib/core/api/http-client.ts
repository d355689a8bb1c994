// The HTTP client of the request pipeline, limited in time and size, and the application's own `fetch` for it.
import { withDeadline } from '../deadline.js';
import { RequestFailure } from '../request-failure.js';
import { isJsonObject, readText } from '../token/claims.js';

/**
 * The type of Node's `fetch`.
 * @see https://nodejs.org/api/globals.html#fetch
 */
export type Fetch = typeof globalThis.fetch;

/** A request with limits of time and size. */
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

/** A whole response, whatever its status. */
export interface BoundedResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

/**
 * Fetches a JSON document, whatever the status. Rejects with a `RequestFailure` on a redirect, a time-out, too many bytes
 * and broken JSON.
 */
export async function fetchBounded(request: BoundedRequest): Promise<BoundedResponse> {
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

/**
 * Creates the failure of a request with an unexpected status. Its message has Descope's error code, and nothing else of
 * the response.
 */
export function toStatusFailure(url: string, { status, json }: BoundedResponse): RequestFailure {
  const code = isJsonObject(json) ? readText(json, 'errorCode') : undefined;
  const isOwn = code !== undefined && /^E\d{1,9}$/.test(code);
  return new RequestFailure({ url, status, detail: isOwn ? code : undefined });
}

// The credentials that were sent: after the scheme and the project id, or in a form.
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

// The race is for a `fetch` that ignores its signal: no caller waits longer than `timeoutMs`.
async function inTime<T>(
  { signal, timeoutMs }: BoundedRequest,
  abort: AbortController,
  run: () => Promise<T>,
): Promise<T> {
  let stop: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('The request was aborted.'));
    signal?.addEventListener('abort', stop, { once: true });
  });
  try {
    return await withDeadline(() => Promise.race([run(), ended]), { timeoutMs, who: 'Descope' });
  } finally {
    if (stop !== undefined) signal?.removeEventListener('abort', stop);
    abort.abort(); // also ends a body that is not read any more
  }
}

async function readBody(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = response.body ?? [];
  for await (const chunk of body) {
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

// A `fetch` of the application: it is called with plain values, and its response is converted to Node's.

/** The second argument of a `fetch` of the application: plain values, which every implementation of `fetch` accepts. */
export interface FetchInit {
  /** The HTTP method; `GET` if it is left out. */
  readonly method?: string;
  /** The headers, as a plain object. */
  readonly headers: Record<string, string>;
  /** The body. A body of another type that a caller gave, such as a stream, is passed on unchanged. */
  readonly body?: string | URLSearchParams | null;
  /** What to do with a redirect; calls to Descope set `'manual'`. */
  readonly redirect?: 'error' | 'follow' | 'manual';
  /** Aborts the request. */
  readonly signal?: AbortSignal | null;
}

/** The part of a response that is read: every implementation of `Response` has it. */
export interface FetchResponse {
  /** The HTTP status. */
  readonly status: number;
  /** The reason phrase. */
  readonly statusText?: string;
  /** The URL of the response. */
  readonly url?: string;
  /** The headers, read by `forEach` only. */
  readonly headers: { forEach(visit: (value: string, name: string) => void): void };
  /** The body; `null` if there is none. */
  readonly body: FetchBody | null;
}

/** The body of a response, which is read in chunks. */
export interface FetchBody {
  /**
   * Opens the body for reading, as `ReadableStream` does.
   * @returns the reader of its chunks
   */
  getReader(): {
    /** Reads the next chunk; `done` is `true` after the last one. */
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    /** Stops reading, and releases the body. */
    cancel(reason?: unknown): Promise<void>;
  };
}

/**
 * A `fetch` function of the application: Node's, undici's, or its own.
 * @returns a promise of the response
 * @example `const fetch: FetchLike = (url, init) => undici.fetch(url, { ...init, dispatcher })`
 */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchResponse>;

type Target = Parameters<Fetch>[0];

const EMPTY_STATUSES = [204, 205, 304]; // a Response of these must not have a body

/**
 * Converts any `fetch` to the type of Node's. Requests, headers and forms are unpacked: another package accepts only
 * its own classes.
 */
export function toNodeFetch(fetch: FetchLike): Fetch {
  if (fetch === globalThis.fetch) return globalThis.fetch;
  return async (target, init) => {
    const given = { ...readRequest(target), ...init };
    const { headers, body } = await toPlain(given);
    // Further members are passed on to that `fetch`, such as undici's `dispatcher`.
    return toResponse(await fetch(toUrl(target), { ...given, headers, body }));
  };
}

function toUrl(target: Target): string {
  return target instanceof Request ? target.url : String(target);
}

function readRequest(target: Target): RequestInit {
  if (!(target instanceof Request)) return {};
  const { method, headers, body, redirect, signal, integrity, keepalive } = target;
  const init = { method, headers, redirect, signal, integrity, keepalive };
  return body === null ? init : { ...init, body, duplex: 'half' };
}

async function toPlain({
  headers: given,
  body = null,
}: RequestInit): Promise<Required<Pick<FetchInit, 'headers' | 'body'>>> {
  const headers = new Headers(given);
  const isForm = body instanceof FormData;
  const packed = isForm ? new Response(body) : undefined;
  const type = packed?.headers.get('content-type') ?? null;
  if (type !== null && !headers.has('content-type')) headers.set('content-type', type);
  const sent = packed === undefined ? body : await packed.blob();
  return { headers: Object.fromEntries(headers), body: sent as NonNullable<FetchInit['body']> | null };
}

function toResponse(answer: FetchResponse): Response {
  if (answer instanceof Response) return answer;
  const { status, statusText = '', url = '', body } = answer;
  const headers = new Headers();
  answer.headers.forEach((value, name) => headers.append(name, value));
  const isEmpty = body === null || EMPTY_STATUSES.includes(status);
  const response = new Response(isEmpty ? null : toStream(body), { status, statusText, headers });
  return Object.defineProperty(response, 'url', { value: url });
}

function toStream(body: FetchBody): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    pull: async (stream) => {
      const { done, value } = await reader.read();
      if (value !== undefined) stream.enqueue(value);
      if (done) stream.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
