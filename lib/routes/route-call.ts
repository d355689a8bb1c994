// One call of a route and its answer, whatever framework it came through.
import type { Notify } from '../core/notice.js';
import type { Exchange } from '../core/place/token-place.js';
import { tellRefusal } from '../core/refusal.js';
import { toRequestLike } from '../auth/context-request.js';
import type { ContextRequest } from '../auth/context-request.js';
import { toHttpRefusal } from '../auth/http-error.js';
import { toResponseLike } from '../auth/response-writer.js';
import { keepPrivate } from '../auth/answer/private-answer.js';

/** A request that a route answers by itself, past interceptors and pipes. */
export interface RouteCall {
  readonly exchange: Exchange;
  /** The framework's request: what sessions are remembered by. */
  readonly request: ContextRequest;
  /** The path as the browser knows it, without the query. */
  readonly path: string;
  readonly body: unknown;
  readonly query: Readonly<Record<string, unknown>>;
}

/** What a route answers. A text is HTML, an object JSON, nothing is nothing. */
export interface RouteReply {
  readonly status: number;
  readonly body?: object | string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The part of Express's response and of Fastify's reply that both have. */
interface FrameworkResponse {
  status(code: number): FrameworkResponse;
  send(body?: unknown): unknown;
}

interface FrameworkRequest extends ContextRequest {
  readonly originalUrl?: string;
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, unknown>>;
}

/** What answers a request, and who hears of its refusals. */
export interface Answering {
  readonly run: (call: RouteCall) => RouteReply | Promise<RouteReply>;
  readonly notify: Notify;
}

/** Answers a request with what `run` replies; nothing of it may be kept by a cache. Refusals are thrown as HTTP exceptions. */
export async function answer(
  request: FrameworkRequest,
  response: FrameworkResponse,
  { run, notify }: Answering,
): Promise<void> {
  const writer = toResponseLike(response);
  if (writer === undefined) throw new TypeError('The routes of DescopeModule need an HTTP response.');
  const exchange = { request: toRequestLike(request), response: writer };
  try {
    const reply = await run({ exchange, request, ...readInput(request) });
    if (reply.headers?.['Cache-Control'] === undefined) keepPrivate(writer);
    for (const [name, value] of Object.entries(reply.headers ?? {})) writer.set(name, value);
    response.status(reply.status).send(reply.body);
  } catch (error) {
    tellRefusal(error, notify);
    keepPrivate(writer);
    const refusal = toHttpRefusal(error);
    for (const [name, value] of refusal?.headers ?? []) writer.set(name, value);
    throw refusal?.exception ?? error;
  }
}

function readInput(request: FrameworkRequest): Pick<RouteCall, 'path' | 'body' | 'query'> {
  // RFC 9112 §3.2.2: a request may name its whole address, of which the host is not ours to repeat.
  const path = /^(?:https?:\/\/[^/?#]*)?([^?#]*)/i.exec(request.originalUrl ?? '')?.[1] ?? '';
  return { path, body: request.body, query: { ...request.query } };
}
