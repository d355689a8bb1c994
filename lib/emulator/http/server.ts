// The emulator's HTTP server: reads requests, applies faults, writes responses, and stops at once.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { EmulatorConsole } from '../console/console.js';
import type { FaultOptions } from '../controls/faults.js';
import { DescopeError, EmulatorError } from '../errors.js';
import type { ProjectState } from '../project-state.js';
import { IGNORED_HEADER } from './known-fields.js';
import type { JsonObject, RouteResponse } from './message.js';
import { readAuthorization, readClient, readCookies, readRequestBody, sendResponse } from './message.js';
import type { Router } from './router.js';

const BAD_REQUEST = new DescopeError('badRequest', 'This is not an HTTP request').toBody();

/** Creates a server, which does not listen yet. */
export function createEmulatorServer(state: ProjectState, router: Router): Server {
  // A connection that is kept for long is rarely closed in the moment when a busy test sends on it.
  const options = { maxHeaderSize: 64 * 1024, requestTimeout: 30_000, keepAliveTimeout: 60_000 };
  const webConsole = new EmulatorConsole(state, router);
  const server = createServer(options, (request, response) => {
    void handle({ request, response, state, router, webConsole }).catch(() => response.destroy());
  });
  server.on('clientError', (_error, socket) => rejectMalformed(socket as Socket));
  return server;
}

/** Listens, and returns the URL. */
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
  return `http://${toUrlHost(host)}:${bound}`;
}

// All addresses of a machine are none to connect to; loopback is among them.
function toUrlHost(host: string): string {
  if (isIP(host) === 6) return host === '::' ? '[::1]' : `[${host}]`;
  return host === '0.0.0.0' ? '127.0.0.1' : host;
}

/** Stops listening and destroys open connections. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly state: ProjectState;
  readonly router: Router;
  readonly webConsole: EmulatorConsole;
}

async function handle(exchange: HttpExchange): Promise<void> {
  const { request, response, state } = exchange;
  // It takes no CORS, is not logged, and has no faults: a fault for every path would lock it.
  if (await exchange.webConsole.respond(request, response)) return;
  addHeaders(response, toCorsHeaders(request));
  response.setHeader('date', new Date(state.clock.now()).toUTCString()); // the date of its tokens
  if (isPreflight(request)) {
    respondToPreflight(request, response);
    return;
  }
  const { method, path } = readTarget(request);
  if (method === 'GET' && path === '/health') {
    await sendResponse(response, toHealth(state));
    return;
  }
  const logged = state.requests.add({ method, path: path.slice(0, 1000), atMs: state.clock.now() });
  const startedMs = state.clock.monotonicMs();
  const fault = state.faults.take(method, path);
  if (fault && (await isSuppressed(request, fault))) return;
  const onIgnored = (names: readonly string[]) => {
    response.setHeader(IGNORED_HEADER, names.join(', '));
    state.requests.noteIgnored(logged, names);
  };
  const result = (fault && toFaultResponse(fault)) ?? (await toResponse(exchange, onIgnored));
  if (result.status === 413) response.setHeader('connection', 'close');
  await sendResponse(response, result, fault?.dripMs);
  const durationMs = state.clock.monotonicMs() - startedMs;
  state.requests.finish(logged, { status: result.status, durationMs });
}

// Only the request that follows is logged and has faults.
function respondToPreflight(request: IncomingMessage, response: ServerResponse): void {
  addHeaders(response, toPreflightHeaders(request));
  response.writeHead(204).end();
}

// For the runtime of a container, which asks often: it is not logged, and has no faults. Descope has no such path.
function toHealth({ projectId }: ProjectState): RouteResponse {
  return { status: 200, body: { status: 'up', emulator: true, projectId } };
}

function addHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

// Split by hand: a URL parser would throw on some targets, and normalize others.
function readTarget({ method = 'GET', url = '/' }: IncomingMessage) {
  const [path = '/'] = url.split('?', 1);
  return { method, path, query: new URLSearchParams(url.slice(path.length)) };
}

async function isSuppressed(request: IncomingMessage, fault: FaultOptions): Promise<boolean> {
  if (fault.delayMs !== undefined) await wait(fault.delayMs, undefined, { ref: false });
  if (fault.reset) request.socket.destroy();
  return fault.hang === true || fault.reset === true;
}

async function toResponse(
  { request, state, router }: HttpExchange,
  onIgnored: (names: readonly string[]) => void,
): Promise<RouteResponse> {
  try {
    const call = {
      ...readTarget(request),
      address: request.socket.remoteAddress ?? '',
      headers: request.headers,
      userAgent: request.headers['user-agent'] ?? '',
      body: await readRequestBody(request),
      authorization: readAuthorization(request.headers.authorization),
      cookies: readCookies(request.headers.cookie),
      client: readClient(request.headers.authorization),
    };
    return await router.handle(call, state, onIgnored);
  } catch (cause) {
    return toRejection(cause, request.url);
  }
}

function toRejection(cause: unknown, url = ''): RouteResponse {
  const detail = cause instanceof Error ? cause.message : String(cause);
  const error = cause instanceof DescopeError ? cause : new DescopeError('broken', `Emulator: ${detail}`);
  return { status: error.status, body: url.startsWith('/oauth2/') ? toOAuthBody(error) : error.toBody() };
}

// RFC 6749 section 5.2.
function toOAuthBody(error: DescopeError): JsonObject {
  const code = error.status < 500 ? 'invalid_request' : 'server_error';
  return { error: code, error_description: error.message, ...error.toBody() };
}

function toFaultResponse(fault: FaultOptions): RouteResponse | undefined {
  const { status, body, headers = {}, redirect } = fault;
  if (redirect !== undefined) return { status: 302, body: '', headers: { ...headers, location: redirect } };
  if (status === undefined && body === undefined) return undefined;
  const message = `The emulator simulates a fault: ${status ?? 200}`;
  return { status: status ?? 200, body: body ?? new DescopeError('broken', message).toBody(), headers };
}

function rejectMalformed(socket: Socket): void {
  if (!socket.writable) return;
  const body = JSON.stringify(BAD_REQUEST);
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}

// What a user decides on, and the emulator's own pages: no other page may read or send it.
const CONSENT = /^\/(?:emulator\/|oauth2\/v1\/apps\/(?:[^?]*\/)?(?:authorize|consent)(?:\?|$))/;

// Every origin is allowed: the emulator is for development only and has no data to protect from a page.
/** The CORS headers of a response; without an origin, and where a user consents, only `vary`. */
function toCorsHeaders({ headers, url = '' }: IncomingMessage): Readonly<Record<string, string>> {
  if (headers.origin === undefined || CONSENT.test(url)) return { vary: 'Origin' };
  return {
    'access-control-allow-origin': headers.origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': IGNORED_HEADER,
    vary: 'Origin',
  };
}

/** Whether a request is a CORS preflight. */
function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/** The CORS headers of a preflight: they allow what it asks for. */
function toPreflightHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return {
    'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': headers['access-control-request-headers'] ?? '',
    'access-control-max-age': '600',
  };
}
