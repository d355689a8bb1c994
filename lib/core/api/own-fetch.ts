// Any `fetch` in place of Node's: it is called with plain values, and its answer becomes the platform's own.
import type { Fetch } from './bounded-fetch.js';

/** How a `fetch` is called: with what every `fetch` understands, whichever package it comes from. */
export interface FetchInit {
  readonly method?: string;
  readonly headers: Record<string, string>;
  /** Other bodies of a caller, such as streams, are handed on as they are. */
  readonly body?: string | URLSearchParams | null;
  readonly redirect?: 'error' | 'follow' | 'manual';
  readonly signal?: AbortSignal | null;
}

/** What is read of an answer: a `Response` of any package is one. */
export interface FetchResponse {
  readonly status: number;
  readonly statusText?: string;
  readonly url?: string;
  readonly headers: { forEach(visit: (value: string, name: string) => void): void };
  readonly body: FetchBody | null;
}

/** A body, chunk by chunk. */
interface FetchBody {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/** A `fetch` that an application brings: Node's, undici's, or a function of its own. */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchResponse>;

type Target = Parameters<Fetch>[0];

const EMPTY_STATUSES = [204, 205, 304]; // a Response of these must not have a body

/** Makes Node's kind of `fetch` of any. Requests, headers and forms are unpacked: another package knows only its own. */
export function toNodeFetch(fetch: FetchLike): Fetch {
  if (fetch === globalThis.fetch) return globalThis.fetch;
  return async (target, init) => {
    const given = { ...readRequest(target), ...init };
    const { headers, body } = await toPlain(given);
    // What else there is, is for whoever asked and for that `fetch`: undici's `dispatcher`, for one.
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
