// The headers of a response, whatever framework it belongs to.
import type { ResponseLike } from '../core/place/token-place.js';

// Express's response is Node's own; Fastify's reply keeps its headers apart until it is sent.
interface NodeResponse {
  setHeader(name: string, value: string): unknown;
  appendHeader(name: string, value: string): unknown;
}

interface FastifyReply {
  header(name: string, value: string): unknown;
  getHeader(name: string): unknown;
}

/** Brings a framework's response to what is written; `undefined` for something that has no headers. */
export function toResponseLike(response: unknown): ResponseLike | undefined {
  if (isNodeResponse(response)) {
    return {
      set: (name, value) => void response.setHeader(name, value),
      append: (name, value) => void response.appendHeader(name, value),
    };
  }
  return isFastifyReply(response) ? toReplyWriter(response) : undefined;
}

/** Keeps an answer that depends on a cookie out of shared caches. */
export function keepPrivate(response: ResponseLike | undefined): void {
  response?.set('Cache-Control', 'no-store');
  response?.append('Vary', 'Cookie');
}

function toReplyWriter(reply: FastifyReply): ResponseLike {
  return {
    set: (name, value) => void reply.header(name, value),
    append: (name, value) => {
      const isCookie = name.toLowerCase() === 'set-cookie'; // of which Fastify keeps several by itself
      const before = isCookie ? undefined : reply.getHeader(name);
      reply.header(name, typeof before === 'string' && before !== '' ? `${before}, ${value}` : value);
    },
  };
}

function isNodeResponse(value: unknown): value is NodeResponse {
  return has(value, 'setHeader') && has(value, 'appendHeader');
}

function isFastifyReply(value: unknown): value is FastifyReply {
  return has(value, 'header') && has(value, 'getHeader');
}

function has(value: unknown, method: string): boolean {
  if (typeof value !== 'object' || value === null || !(method in value)) return false;
  return typeof (value as Record<string, unknown>)[method] === 'function';
}
