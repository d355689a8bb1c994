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
  const kind = readKind(response);
  if (kind === 'node') return new NodeWriter(response as NodeResponse);
  return kind === 'reply' ? new ReplyWriter(response as FastifyReply) : undefined;
}

type ResponseKind = 'node' | 'reply' | 'other';

// A framework's responses have one prototype; to look for six methods on each of them costs more than all that is written.
const kinds = new WeakMap<object, ResponseKind>();

function readKind(response: unknown): ResponseKind {
  if (typeof response !== 'object' || response === null) return 'other';
  const prototype = Object.getPrototypeOf(response) as object | null;
  const known = prototype === null ? undefined : kinds.get(prototype);
  if (known !== undefined) return known;
  const kind = isNodeResponse(response) ? 'node' : isFastifyReply(response) ? 'reply' : 'other';
  // What has its methods itself says nothing of others that look alike.
  const isOwn = ['setHeader', 'header'].some((method) => Object.hasOwn(response, method));
  if (prototype !== null && kind !== 'other' && !isOwn) kinds.set(prototype, kind);
  return kind;
}

class NodeWriter implements ResponseWriter {
  constructor(private readonly response: NodeResponse) {}

  get node(): NodeHead | undefined {
    return isNodeHead(this.response) ? this.response : undefined;
  }

  set(name: string, value: string): void {
    this.response.setHeader(name, value);
  }

  append(name: string, value: string): void {
    if (!hasValue(this.response.getHeader?.(name), value)) this.response.appendHeader(name, value);
  }

  dropCookie(name: string): void {
    const kept = findKept(this.response.getHeader?.(SET_COOKIE), name);
    if (kept === undefined) return;
    this.response.removeHeader?.(SET_COOKIE);
    for (const line of kept) this.response.appendHeader(SET_COOKIE, line);
  }
}

class ReplyWriter implements ResponseWriter {
  constructor(private readonly reply: FastifyReply) {}

  get node(): NodeHead | undefined {
    const { raw } = this.reply;
    return isNodeHead(raw) ? raw : undefined;
  }

  set(name: string, value: string): void {
    this.reply.header(name, value);
  }

  append(name: string, value: string): void {
    const there = this.reply.getHeader(name);
    if (hasValue(there, value)) return;
    const isCookie = name.toLowerCase() === SET_COOKIE; // of which Fastify keeps several by itself
    const before = isCookie ? undefined : there;
    this.reply.header(name, typeof before === 'string' && before !== '' ? `${before}, ${value}` : value);
  }

  dropCookie(name: string): void {
    const kept = findKept(this.reply.getHeader(SET_COOKIE), name);
    if (kept === undefined) return;
    this.reply.removeHeader?.(SET_COOKIE);
    for (const line of kept) this.reply.header(SET_COOKIE, line);
  }
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
  return has(value, 'writeHead') && has(value, 'getHeaderNames') && has(value, 'getHeader');
}

function isFastifyReply(value: unknown): value is FastifyReply {
  return has(value, 'header') && has(value, 'getHeader');
}

function has(value: unknown, method: string): boolean {
  if (typeof value !== 'object' || value === null || !(method in value)) return false;
  return typeof (value as Record<string, unknown>)[method] === 'function';
}
