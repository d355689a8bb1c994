// The headers of a response, whatever framework it belongs to.
import type { ResponseLike } from '../core/place/token-place.js';

/** A response of a framework that can be written to. */
export interface ResponseWriter extends ResponseLike {
  /** Node's own response, where there is one. */
  readonly node: NodeHead | undefined;
}

/** What Node writes an answer's head with. */
export interface NodeHead {
  readonly headersSent: boolean;
  getHeader(name: string): unknown;
  getHeaderNames(): readonly string[];
  setHeader(name: string, value: string): unknown;
  writeHead(...args: readonly unknown[]): unknown;
}

// Express's response is Node's own; Fastify's reply keeps its headers apart until it is sent.
interface NodeResponse {
  setHeader(name: string, value: string): unknown;
  appendHeader(name: string, value: string): unknown;
  getHeader?(name: string): unknown;
  removeHeader?(name: string): unknown;
}

const SET_COOKIE = 'set-cookie';

interface FastifyReply {
  readonly raw?: unknown;
  header(name: string, value: string): unknown;
  getHeader(name: string): unknown;
  removeHeader?(name: string): unknown;
}

/** Brings a framework's response to what is written; `undefined` for something that has no headers. */
export function toResponseLike(response: unknown): ResponseWriter | undefined {
  if (isNodeResponse(response)) {
    return {
      set: (name, value) => void response.setHeader(name, value),
      append: (name, value) => {
        if (!hasValue(response.getHeader?.(name), value)) response.appendHeader(name, value);
      },
      dropCookie: (name) => {
        const kept = findKept(response.getHeader?.(SET_COOKIE), name);
        if (kept === undefined) return;
        response.removeHeader?.(SET_COOKIE);
        for (const line of kept) response.appendHeader(SET_COOKIE, line);
      },
      node: isNodeHead(response) ? response : undefined,
    };
  }
  return isFastifyReply(response) ? toReplyWriter(response) : undefined;
}

function toReplyWriter(reply: FastifyReply): ResponseWriter {
  return {
    node: isNodeHead(reply.raw) ? reply.raw : undefined,
    set: (name, value) => void reply.header(name, value),
    append: (name, value) => {
      const there = reply.getHeader(name);
      if (hasValue(there, value)) return;
      const isCookie = name.toLowerCase() === SET_COOKIE; // of which Fastify keeps several by itself
      const before = isCookie ? undefined : there;
      reply.header(name, typeof before === 'string' && before !== '' ? `${before}, ${value}` : value);
    },
    dropCookie: (name) => {
      const kept = findKept(reply.getHeader(SET_COOKIE), name);
      if (kept === undefined) return;
      reply.removeHeader?.(SET_COOKIE);
      for (const line of kept) reply.header(SET_COOKIE, line);
    },
  };
}

// The lines that stay without a cookie's; `undefined` where none of them is about it.
function findKept(there: unknown, name: string): readonly string[] | undefined {
  const lines = [there].flat().filter((line): line is string => typeof line === 'string');
  const kept = lines.filter((line) => !line.startsWith(`${name}=`));
  return kept.length === lines.length ? undefined : kept;
}

// A GraphQL request writes as often as it has guarded fields, and clients read 16 kB of headers at most.
function hasValue(there: unknown, value: string): boolean {
  if (Array.isArray(there)) return there.includes(value);
  return typeof there === 'string' && (there === value || there.split(', ').includes(value));
}

function isNodeResponse(value: unknown): value is NodeResponse {
  return has(value, 'setHeader') && has(value, 'appendHeader');
}

function isNodeHead(value: unknown): value is NodeHead {
  return ['writeHead', 'getHeader', 'getHeaderNames', 'setHeader'].every((method) => has(value, method));
}

function isFastifyReply(value: unknown): value is FastifyReply {
  return has(value, 'header') && has(value, 'getHeader');
}

function has(value: unknown, method: string): boolean {
  if (typeof value !== 'object' || value === null || !(method in value)) return false;
  return typeof (value as Record<string, unknown>)[method] === 'function';
}
