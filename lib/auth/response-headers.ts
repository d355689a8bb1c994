// The headers of a response, whatever framework it belongs to.
import type { ResponseLike } from '../core/http/token-store.js';

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

// Keeps an answer that depends on who asks out of shared caches, whatever its handler says of caching.

const CACHING = 'Cache-Control';
const HELD = Symbol('held');

/** A `writeHead` of ours. */
interface HeldHead {
  (...args: readonly unknown[]): unknown;
  [HELD]?: true;
}

/**
 * Makes an answer `no-store` and `Vary: Cookie`, at the latest when its head is written: `@Header('Cache-Control',
 * 'public')` comes after the guard and the middleware. What says `private` or `no-store` stays as it is. An answer to a
 * bearer token is no exception: `public`, `s-maxage` and `must-revalidate` let shared caches store it (RFC 9111 §3.5).
 */
export function keepPrivate(response: ResponseWriter | undefined): void {
  if (response === undefined) return; // not every transport has headers
  const { node } = response;
  if (node !== undefined && (node.headersSent || (node.writeHead as HeldHead)[HELD] === true)) return;
  response.set(CACHING, 'no-store');
  response.append('Vary', 'Cookie');
  if (node !== undefined) holdHead(node);
}

// The one place that both adapters pass, with streams and hijacked replies too.
function holdHead(node: NodeHead): void {
  const { writeHead } = node;
  const held: HeldHead = (...args) => {
    const isReady = node.headersSent || isSettled(node, args);
    return writeHead.call(node, ...(isReady ? args : settleHead(node, args)));
  };
  held[HELD] = true;
  node.writeHead = held;
}

// The usual answer, of whose caching nobody else has said anything: nothing is made anew for it.
function isSettled(node: NodeHead, args: readonly unknown[]): boolean {
  const given = args.find(isObject);
  if (Array.isArray(given) || node.getHeaderNames().some(isTargeted)) return false;
  let caching = node.getHeader(CACHING);
  let vary = node.getHeader('Vary');
  for (const name in given) {
    if (name === 'cache-control') caching = given[name];
    else if (name === 'vary') vary = given[name];
    else if (isAboutCaching(name)) return false;
  }
  return (
    caching === 'no-store' && (vary === 'Cookie' || (typeof vary === 'string' && vary.endsWith(', Cookie')))
  );
}

function isAboutCaching(name: string): boolean {
  return isNamed(name, CACHING) || isNamed(name, 'Vary') || isTargeted(name);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

// What is given to writeHead, as Fastify does with all of its headers, counts more than what was set before.
function settleHead(node: NodeHead, args: readonly unknown[]): unknown[] {
  const given = args.find(isObject);
  const pairs = given === undefined ? [] : toPairs(given);
  const read = (wanted: string) => pairs.filter(([name]) => isNamed(name, wanted)).map(([, value]) => value);
  const [caching = node.getHeader(CACHING)] = read(CACHING).slice(-1);
  node.setHeader(CACHING, isPrivate(caching) ? String(caching) : 'no-store');
  node.setHeader('Vary', toVary([node.getHeader('Vary'), ...read('Vary')]));
  for (const name of node.getHeaderNames().filter(isTargeted)) node.setHeader(name, 'no-store');
  if (given === undefined) return [...args];
  const rest = pairs
    .filter(([name]) => !isNamed(name, CACHING) && !isNamed(name, 'Vary'))
    .map(([name, value]) => [name, isTargeted(name) ? 'no-store' : value] as const);
  // A list stays a list: it may name a header twice.
  const kept = Array.isArray(given) ? rest.flat() : Object.fromEntries(rest);
  return args.map((value) => (value === given ? kept : value));
}

// Node takes an object, or a list in which names and values alternate.
function toPairs(headers: object): (readonly [name: string, value: unknown])[] {
  if (!Array.isArray(headers)) return Object.entries(headers);
  const list: readonly unknown[] = headers;
  return list.flatMap((name, at) => (at % 2 === 0 ? [[String(name), list[at + 1]] as const] : []));
}

function isNamed(name: string, wanted: string): boolean {
  return name.length === wanted.length && name.toLowerCase() === wanted.toLowerCase();
}

// What is meant for some caches goes before Cache-Control there (RFC 9213 §2.1).
function isTargeted(name: string): boolean {
  return name.length > CACHING.length && /^(?:(?:.+-)?cdn-cache-control|surrogate-control)$/i.test(name);
}

// `private="…"` is about the named fields only (RFC 9111 §5.2.2.7), and `no-cache` lets a cache keep the answer.
function isPrivate(caching: unknown): boolean {
  const directives = toItems(caching).map((item) => item.toLowerCase());
  if (directives.includes('no-store')) return true;
  const isShared = directives.some((directive) => directive === 'public' || directive.startsWith('s-maxage'));
  return directives.includes('private') && !isShared;
}

function toVary(values: readonly unknown[]): string {
  const items = [...values.flatMap(toItems), 'Cookie'];
  if (items.includes('*')) return '*';
  return [...new Map(items.map((item) => [item.toLowerCase(), item])).values()].join(', ');
}

function toItems(value: unknown): string[] {
  const texts = [value].flat().filter((text) => text !== undefined);
  return texts
    .flatMap((text) => String(text).split(','))
    .map((item) => item.trim())
    .filter(Boolean);
}
