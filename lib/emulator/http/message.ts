// The HTTP messages of a route: the request it is given, read and bounded, and the response it returns.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { DescopeError } from '../errors.js';

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A request to a route. */
export interface Call {
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  /** The segments of the path that the route names with a colon. */
  readonly params: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  /** The address of the caller. */
  readonly address: string;
  readonly headers: IncomingHttpHeaders;
  readonly userAgent: string;
  readonly body: JsonObject;
  readonly authorization: BearerCredential;
  readonly cookies: ReadonlyMap<string, string>;
  /** The OAuth client of Basic authentication. */
  readonly client: ClientCredential | undefined;
}

/** The two parts of `Bearer <project id>[:<token or key>]`; an absent part is an empty string. */
interface BearerCredential {
  readonly projectId: string;
  readonly credential: string;
}

/** An OAuth client and its secret. */
export interface ClientCredential {
  readonly clientId: string;
  readonly clientSecret: string;
}

const BEARER = /^Bearer ([^:\s]+)(?::([^:\s]+))?(?::[^:\s]+)?$/i;

/** Reads an Authorization header; anything but a bearer credential counts as none. */
export function readAuthorization(header: string | undefined): BearerCredential {
  const match = BEARER.exec(header ?? '');
  return { projectId: match?.[1] ?? '', credential: match?.[2] ?? '' };
}

/** Reads a client's Basic credential; both halves are form-encoded (RFC 6749 section 2.3.1). */
export function readClient(header: string | undefined): ClientCredential | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const at = pair.indexOf(':');
  if (at < 1) return undefined;
  return { clientId: formDecode(pair.slice(0, at)), clientSecret: formDecode(pair.slice(at + 1)) };
}

// Many clients do not encode; their secrets may contain a bare percent sign.
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** Reads a Cookie header; of two cookies of one name the first counts. */
export function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(at, 0)).trim();
    if (name && !cookies.has(name)) cookies.set(name, part.slice(at + 1).trim());
  }
  return cookies;
}

const MAX_BODY_BYTES = 1024 * 1024;

/** Reads the body of a request to a path, JSON or a form; an empty body counts as an empty object. */
export async function readRequestBody(request: IncomingMessage, path: string): Promise<JsonObject> {
  const text = await readRequestText(request);
  if (text.trim() === '') return {};
  const value = isForm(request, path) ? parseForm(text) : parse(text);
  // An array passes too: one management call (the history of users) sends one.
  if (typeof value === 'object' && value !== null) return value as JsonObject;
  throw new DescopeError('badRequest', 'The request body must be a JSON object');
}

/** Reads the text of a body; rejects one that is too large. */
export async function readRequestText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // The rest is read and dropped: a client that is still writing would not see the response.
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
    if (length > MAX_BODY_BYTES * 16) break;
  }
  if (length > MAX_BODY_BYTES) {
    throw new DescopeError('tooLarge', `A request body may have at most ${MAX_BODY_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

// OAuth's endpoints take forms (RFC 6749 appendix B), and so do the emulator's pages; Descope's own take JSON alone.
function isForm({ headers }: IncomingMessage, path: string): boolean {
  const type = headers['content-type'] ?? '';
  return /^\/(?:oauth2|emulator)\//.test(path) && type.startsWith('application/x-www-form-urlencoded');
}

function parseForm(text: string): JsonObject {
  const fields = [...new URLSearchParams(text)];
  const names = fields.map(([name]) => name);
  if (new Set(names).size === names.length) return Object.fromEntries(fields);
  // RFC 6749 section 3.2: request parameters must not be included more than once.
  throw new DescopeError('badRequest', 'The request contains a form field twice');
}

function parse(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DescopeError('badRequest', 'The request body is not valid JSON');
  }
  if (isTooDeep(value)) throw new DescopeError('badRequest', 'The request body is nested too deeply');
  return value;
}

/** Whether JSON is nested more than 100 levels deep: what it becomes could not be written as JSON again. */
export function isTooDeep(value: unknown, left = 100): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return left === 0 || Object.values(value).some((member) => isTooDeep(member, left - 1));
}

/** The response of a route; a body that is neither a string nor bytes is sent as JSON. */
export interface RouteResponse {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** A response of 200. */
export function ok(body: unknown = {}): RouteResponse {
  return { status: 200, body };
}

/** Writes a response; with `dripMs` byte by byte, this many milliseconds apart. */
export async function sendResponse(
  response: ServerResponse,
  result: RouteResponse,
  dripMs?: number,
): Promise<void> {
  const { bytes, type } = toBytes(result.body);
  response.statusCode = result.status;
  response.setHeader('content-type', type);
  // RFC 9110 section 8.6: that of a 304 would be the length of the body which the client has.
  if (result.status !== 304) response.setHeader('content-length', bytes.length);
  for (const [name, value] of Object.entries(result.headers ?? {})) {
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  if (dripMs !== undefined) await drip(response, bytes, dripMs);
  response.end(dripMs === undefined ? bytes : undefined);
}

function toBytes(body: unknown): { bytes: Uint8Array; type: string } {
  if (body instanceof Uint8Array) return { bytes: body, type: 'application/octet-stream' };
  if (typeof body === 'string') {
    const type = body.trimStart().startsWith('<') ? 'text/html' : 'text/plain';
    return { bytes: Buffer.from(body), type };
  }
  return { bytes: Buffer.from(JSON.stringify(body)), type: 'application/json' };
}

async function drip(response: ServerResponse, bytes: Uint8Array, everyMs: number): Promise<void> {
  for (const byte of bytes) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await wait(everyMs, undefined, { ref: false });
  }
}
