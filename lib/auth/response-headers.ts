// Writes response headers for any framework, and keeps responses that depend on the caller out of shared caches.
import type { ResponseLike } from '../core/http/token-store.js';

/** A framework's response whose headers can be written. */
export interface ResponseWriter extends ResponseLike {
  /** Node's own response, if there is one. */
  readonly node: NodeHead | undefined;
}

/** The head of Node's own response. */
export interface NodeHead {
  readonly response: object;
  readonly isSent: boolean;
  writeHead: WriteHead; // the response's own, or the one that replaced it
  get(name: string): unknown;
  set(name: string, value: string): void;
  names(): readonly string[];
}

/** Writes a head. */
export type WriteHead = (...args: unknown[]) => unknown;

// The methods of Node's response. Fastify's reply keeps its headers apart until it is sent.
interface HeadMethods {
  readonly setHeader: (this: object, name: string, value: string) => unknown;
  readonly appendHeader: (this: object, name: string, value: string) => unknown;
  readonly getHeader?: (this: object, name: string) => unknown;
  readonly getHeaderNames?: (this: object) => readonly string[];
  readonly removeHeader?: (this: object, name: string) => unknown;
  readonly writeHead?: WriteHead;
  /** Reads `headersSent`, if that is an accessor. */
  readonly readSent?: ((this: object) => unknown) | undefined;
}

interface FastifyReply {
  readonly raw?: unknown;
  header(name: string, value: string): unknown;
  getHeader(name: string): unknown;
  removeHeader?(name: string): unknown;
}

const SET_COOKIE = 'set-cookie';
/** Converts a framework's response to a writer; `undefined` for a value that has no headers. */
export function toResponseLike(response: unknown): ResponseWriter | undefined {
  const writer = toNodeWriter(response);
  if (writer !== undefined) return writer;
  return hasMethod(response, 'header') && hasMethod(response, 'getHeader')
    ? new ReplyWriter(response as FastifyReply)
    : undefined;
}

function toNodeWriter(response: unknown): NodeWriter | undefined {
  if (typeof response !== 'object' || response === null) return undefined;
  const methods = readMethods(response);
  return methods && new NodeWriter(response, methods);
}

// Express gives each response its own shape, so that each method is looked up again, through five prototypes: up to a
// microsecond each. The methods of a prototype are looked up once. What a middleware put on the response itself comes first.
const methodsOf = new WeakMap<object, HeadMethods>();

function readMethods(response: object): HeadMethods | undefined {
  const prototype = Object.getPrototypeOf(response) as object | null;
  const isOwn = Object.hasOwn(response, 'setHeader') || Object.hasOwn(response, 'getHeader');
  if (isOwn || prototype === null) return findMethods(response);
  const known = methodsOf.get(prototype);
  if (known !== undefined) return known;
  const found = findMethods(prototype);
  if (found !== undefined) methodsOf.set(prototype, found);
  return found;
}

function findMethods(source: object): HeadMethods | undefined {
  if (!hasMethod(source, 'setHeader') || !hasMethod(source, 'appendHeader')) return undefined;
  const { setHeader, appendHeader, getHeader, getHeaderNames, removeHeader, writeHead } =
    source as Required<HeadMethods>;
  const readSent = findAccessor(source, 'headersSent');
  return { setHeader, appendHeader, getHeader, getHeaderNames, removeHeader, writeHead, readSent };
}

function findAccessor(source: object, name: string): HeadMethods['readSent'] {
  for (let item: object | null = source; item !== null; item = Object.getPrototypeOf(item) as object | null) {
    const found = Object.getOwnPropertyDescriptor(item, name) as
      { get?: (this: object) => unknown } | undefined;
    if (found !== undefined) return found.get;
  }
  return undefined;
}

class NodeWriter implements ResponseWriter, NodeHead {
  constructor(
    readonly response: object,
    private readonly methods: HeadMethods,
  ) {}

  get node(): NodeHead | undefined {
    const { getHeader, getHeaderNames, writeHead } = this.methods;
    return getHeader && getHeaderNames && writeHead && this;
  }

  get isSent(): boolean {
    const { readSent = () => readMember(this.response, 'headersSent') } = this.methods;
    return readSent.call(this.response) === true;
  }

  get writeHead(): WriteHead {
    const isOwn = Object.hasOwn(this.response, 'writeHead');
    return (isOwn ? readMember(this.response, 'writeHead') : this.methods.writeHead) as WriteHead;
  }

  set writeHead(writeHead: WriteHead) {
    (this.response as { writeHead: WriteHead }).writeHead = writeHead;
  }

  get(name: string): unknown {
    return this.methods.getHeader?.call(this.response, name);
  }

  names(): readonly string[] {
    return this.methods.getHeaderNames?.call(this.response) ?? [];
  }

  set(name: string, value: string): void {
    this.methods.setHeader.call(this.response, name, value);
  }

  append(name: string, value: string): void {
    const there = this.get(name);
    if (there === undefined)
      this.set(name, value); // `appendHeader` would be cold
    else if (!hasValue(there, value)) this.methods.appendHeader.call(this.response, name, value);
  }

  dropCookie(name: string): void {
    const kept = findKept(this.get(SET_COOKIE), name);
    if (kept === undefined) return;
    this.methods.removeHeader?.call(this.response, SET_COOKIE);
    for (const line of kept) this.methods.appendHeader.call(this.response, SET_COOKIE, line);
  }
}

class ReplyWriter implements ResponseWriter {
  constructor(private readonly reply: FastifyReply) {}

  get node(): NodeHead | undefined {
    return toNodeWriter(this.reply.raw)?.node;
  }

  set(name: string, value: string): void {
    this.reply.header(name, value);
  }

  append(name: string, value: string): void {
    const there = this.reply.getHeader(name);
    if (hasValue(there, value)) return;
    const isCookie = name.toLowerCase() === SET_COOKIE; // Fastify itself keeps several of them
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

// The lines without those of a cookie; `undefined` if no line is about the cookie.
function findKept(there: unknown, name: string): readonly string[] | undefined {
  const lines = [there].flat().filter((line): line is string => typeof line === 'string');
  const kept = lines.filter((line) => !line.startsWith(`${name}=`));
  return kept.length === lines.length ? undefined : kept;
}

// A GraphQL request writes headers once for each guarded field, and clients read at most 16 kB of headers.
function hasValue(there: unknown, value: string): boolean {
  if (Array.isArray(there)) return there.includes(value);
  return typeof there === 'string' && (there === value || there.split(', ').includes(value));
}

function hasMethod(value: unknown, method: string): boolean {
  return typeof value === 'object' && value !== null && typeof readMember(value, method) === 'function';
}

function readMember(value: object, name: string): unknown {
  return (value as Record<string, unknown>)[name];
}

// Keeps a response that depends on the caller out of shared caches, whatever its handler sets.
const CACHING = 'Cache-Control';
const HELD = Symbol('held');

/** A `writeHead` of this package. */
interface HeldHead extends WriteHead {
  [HELD]?: true;
}

/**
 * Makes a response `no-store` and `Vary: Cookie`, at the latest when its head is written: `@Header('Cache-Control',
 * 'public')` is applied after the guard and the middleware. `private` and `no-store` are kept. A response to a bearer token
 * is no exception: with `public`, `s-maxage` and `must-revalidate`, shared caches may store it (RFC 9111 §3.5).
 */
export function keepPrivate(response: ResponseWriter | undefined): void {
  if (response === undefined) return; // not every transport has headers
  const { node } = response;
  const writeHead: HeldHead | undefined = node?.writeHead;
  if (writeHead?.[HELD] === true || node?.isSent === true) return;
  response.set(CACHING, 'no-store');
  response.append('Vary', 'Cookie');
  if (node !== undefined && writeHead !== undefined) node.writeHead = toHeld(node, writeHead);
}

// Both adapters call `writeHead`, also for streams and hijacked replies.
function toHeld(node: NodeHead, writeHead: WriteHead): HeldHead {
  const held: HeldHead = (...args) =>
    writeHead.apply(node.response, node.isSent || isSettled(node, args) ? args : settleHead(node, args));
  held[HELD] = true;
  return held;
}

// The usual response, whose caching headers are those of this package alone: it needs no change.
function isSettled(node: NodeHead, args: readonly unknown[]): boolean {
  const given = args.find(isObject);
  if (Array.isArray(given) || node.names().some(isTargeted)) return false;
  let caching = node.get(CACHING);
  let vary = node.get('Vary');
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

// Headers that are passed to writeHead (Fastify passes all) replace those that were set before.
function settleHead(node: NodeHead, args: readonly unknown[]): unknown[] {
  const given = args.find(isObject);
  const pairs = given === undefined ? [] : toPairs(given);
  const read = (wanted: string) => pairs.filter(([name]) => isNamed(name, wanted)).map(([, value]) => value);
  const [caching = node.get(CACHING)] = read(CACHING).slice(-1);
  node.set(CACHING, isPrivate(caching) ? String(caching) : 'no-store');
  node.set('Vary', toVary([node.get('Vary'), ...read('Vary')]));
  for (const name of node.names().filter(isTargeted)) node.set(name, 'no-store');
  if (given === undefined) return [...args];
  const rest = pairs
    .filter(([name]) => !isNamed(name, CACHING) && !isNamed(name, 'Vary'))
    .map(([name, value]) => [name, isTargeted(name) ? 'no-store' : value] as const);
  // A list stays a list: it may name a header twice.
  const kept = Array.isArray(given) ? rest.flat() : Object.fromEntries(rest);
  return args.map((value) => (value === given ? kept : value));
}

// Node accepts an object, or a list in which names and values alternate.
function toPairs(headers: object): (readonly [name: string, value: unknown])[] {
  if (!Array.isArray(headers)) return Object.entries(headers);
  const list: readonly unknown[] = headers;
  return list.flatMap((name, at) => (at % 2 === 0 ? [[String(name), list[at + 1]] as const] : []));
}

function isNamed(name: string, wanted: string): boolean {
  return name.length === wanted.length && name.toLowerCase() === wanted.toLowerCase();
}

// A targeted field replaces Cache-Control for the caches that it is for (RFC 9213 §2.1). The shortest has 17 characters.
function isTargeted(name: string): boolean {
  return name.length >= 17 && /^(?:(?:.+-)?cdn-cache-control|surrogate-control)$/i.test(name);
}

// `private="…"` is about the named fields only (RFC 9111 §5.2.2.7), and `no-cache` lets a cache store the response.
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
  return [value]
    .flat()
    .flatMap((text) => (typeof text === 'string' || typeof text === 'number' ? `${text}`.split(',') : []))
    .map((item) => item.trim())
    .filter(Boolean);
}
