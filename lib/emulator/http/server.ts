// The emulator's HTTP server: reads requests, meets ordered faults, writes answers, ends at once.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { FaultOrder } from '../controls/faults.js';
import { EmulatorError } from '../errors.js';
import type { ProjectState } from '../project-state.js';
import type { Answer, JsonObject } from './message.js';
import { DescopeError, readAuthorization, readClient, readCookies, sendAnswer } from './message.js';
import type { Router } from './router.js';

const BAD_REQUEST = new DescopeError('badRequest', 'This is not an HTTP request').toBody();

/** Makes a server that does not listen yet. */
export function createEmulatorServer(state: ProjectState, router: Router): Server {
  const server = createServer({ maxHeaderSize: 64 * 1024, requestTimeout: 30_000 }, (request, response) => {
    void handle({ request, response, state, router }).catch(() => response.destroy());
  });
  server.on('clientError', (_error, socket) => rejectGarbage(socket as Socket));
  return server;
}

/** Listens, and says at which URL. */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `The emulator cannot listen on ${host}:${port}: ${cause.code ?? cause.message}`;
      reject(new EmulatorError('EMULATOR_ADDRESS_TAKEN', message, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
}

/** Stops listening and destroys what is still open. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly state: ProjectState;
  readonly router: Router;
}

async function handle(exchange: Exchange): Promise<void> {
  const { request, response, state } = exchange;
  addHeaders(response, toCorsHeaders(request));
  response.setHeader('date', new Date(state.clock.now()).toUTCString()); // as its tokens are dated
  if (isPreflight(request)) return answerPreflight(request, response);
  const { method, path } = readTarget(request);
  state.requests.add({ method, path: path.slice(0, 1000), atMs: state.clock.now() });
  const fault = state.faults.take(method, path);
  if (fault && (await isSilenced(request, fault))) return;
  const answer = (fault && toFaultyAnswer(fault)) ?? (await toAnswer(exchange));
  if (answer.status === 413) response.setHeader('connection', 'close');
  await sendAnswer(response, answer, fault?.dripMs);
}

// A browser sends it before the request proper, which alone is logged and meets faults.
function answerPreflight(request: IncomingMessage, response: ServerResponse): void {
  addHeaders(response, toPreflightHeaders(request));
  response.writeHead(204).end();
}

function addHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

// The target is split by hand: a URL parser would throw on some of what clients send, and tidy up the rest.
function readTarget({ method = 'GET', url = '/' }: IncomingMessage) {
  const [path = '/'] = url.split('?', 1);
  return { method, path, query: new URLSearchParams(url.slice(path.length)) };
}

async function isSilenced(request: IncomingMessage, fault: FaultOrder): Promise<boolean> {
  if (fault.delayMs !== undefined) await wait(fault.delayMs, undefined, { ref: false });
  if (fault.reset) request.socket.destroy();
  return fault.hang === true || fault.reset === true;
}

async function toAnswer({ request, state, router }: Exchange): Promise<Answer> {
  try {
    const call = {
      ...readTarget(request),
      address: request.socket.remoteAddress ?? '',
      body: await readRequestBody(request),
      authorization: readAuthorization(request.headers.authorization),
      cookies: readCookies(request.headers.cookie),
      client: readClient(request.headers.authorization),
    };
    return await router.answer(call, state);
  } catch (cause) {
    return toRejection(cause);
  }
}

function toRejection(cause: unknown): Answer {
  const detail = cause instanceof Error ? cause.message : String(cause);
  const error = cause instanceof DescopeError ? cause : new DescopeError('broken', `Emulator: ${detail}`);
  return { status: error.status, body: error.toBody() };
}

function toFaultyAnswer(fault: FaultOrder): Answer | undefined {
  const { status, body, headers = {}, redirect } = fault;
  if (redirect !== undefined) return { status: 302, body: '', headers: { ...headers, location: redirect } };
  if (status === undefined && body === undefined) return undefined;
  const message = `The emulator was told to answer ${status ?? 200}`;
  return { status: status ?? 200, body: body ?? new DescopeError('broken', message).toBody(), headers };
}

function rejectGarbage(socket: Socket): void {
  if (!socket.writable) return;
  const body = JSON.stringify(BAD_REQUEST);
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}

// Lets pages of other origins call: the web component in a browser, with credentials.

// Any origin is let in, because the emulator listens on loopback alone and holds nothing worth keeping from a page.
/** The headers that let the asking page read the answer; none where no page asks. */
export function toCorsHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  if (headers.origin === undefined) return { vary: 'Origin' };
  return {
    'access-control-allow-origin': headers.origin,
    'access-control-allow-credentials': 'true',
    vary: 'Origin',
  };
}

/** Tells whether a browser only asks what it may send. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/** What a browser may send: whatever it asks for. */
export function toPreflightHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return {
    'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': headers['access-control-request-headers'] ?? '',
    'access-control-max-age': '600',
  };
}

// Reads a request's body: bounded, as JSON or as a form, as an object.

/** The longest body that is read, in bytes. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Reads the object of a request; an empty body counts as an empty object. */
export async function readRequestBody(request: IncomingMessage): Promise<JsonObject> {
  const text = await readWithinLimit(request);
  if (text.trim() === '') return {};
  const value = isForm(request) ? parseForm(text) : parse(text);
  // An array is let through: one management call (the history of users) sends one.
  if (typeof value === 'object' && value !== null) return value as JsonObject;
  throw new DescopeError('badRequest', 'The request body must be a JSON object');
}

async function readWithinLimit(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // What is beyond the limit is read and dropped: a client that is still writing would not see the answer.
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
    if (length > MAX_BODY_BYTES * 16) break;
  }
  if (length > MAX_BODY_BYTES) {
    throw new DescopeError('tooLarge', `A request body may have ${MAX_BODY_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

// OAuth's endpoints take forms (RFC 6749 appendix B); Descope's own take JSON alone.
function isForm({ url = '', headers }: IncomingMessage): boolean {
  const type = headers['content-type'] ?? '';
  return url.startsWith('/oauth2/') && type.startsWith('application/x-www-form-urlencoded');
}

function parseForm(text: string): JsonObject {
  const fields = [...new URLSearchParams(text)];
  const names = fields.map(([name]) => name);
  if (new Set(names).size === names.length) return Object.fromEntries(fields);
  // RFC 6749 section 3.2: request parameters must not be included more than once.
  throw new DescopeError('badRequest', 'A form field stands twice in the request');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DescopeError('badRequest', 'The request body is not valid JSON');
  }
}
