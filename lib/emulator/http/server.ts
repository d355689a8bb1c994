// The emulator's HTTP server: reads requests, applies faults, writes responses, and stops at once.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { FaultOptions } from '../controls/faults.js';
import { DescopeError, EmulatorError } from '../errors.js';
import type { ProjectState } from '../project-state.js';
import { IGNORED_HEADER } from './known-fields.js';
import type { JsonObject, RouteResponse } from './message.js';
import { readAuthorization, readClient, readCookies, readRequestBody, sendResponse } from './message.js';
import type { MountedPath, Mounts } from './mounts.js';
import type { CallerRules } from './origins.js';
import { assertHost, toCorsHeaders } from './origins.js';
import type { Router } from './router.js';

const BAD_REQUEST = new DescopeError('badRequest', 'This is not an HTTP request').toBody();

/** What a server needs to answer. */
export interface ServerParts {
  readonly mounts: Mounts;
  readonly router: Router;
  readonly rules: CallerRules;
}

/** Creates a server, which does not listen yet. */
export function createEmulatorServer(parts: ServerParts): Server {
  // A connection that is kept for long is rarely closed in the moment when a busy test sends on it.
  const options = { maxHeaderSize: 64 * 1024, requestTimeout: 30_000, keepAliveTimeout: 60_000 };
  const server = createServer(options, (request, response) => {
    void handle({ request, response, ...parts }).catch(() => response.destroy());
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

interface HttpExchange extends ServerParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function handle(exchange: HttpExchange): Promise<void> {
  const { request, response, mounts } = exchange;
  const { method, path: fullPath, query } = readTarget(request);
  const { state, path, responses, webConsole } = mounts.find(fullPath);
  responses.add(response);
  response.once('close', () => responses.delete(response));
  // It takes no CORS, is not logged, and has no faults: a fault for every path would lock it.
  if (await webConsole.respond(request, response, path)) return;
  response.setHeader('date', new Date(state.clock.now()).toUTCString()); // the date of its tokens
  if (!(await acceptsCaller(exchange, path))) return;
  if (isPreflight(request)) {
    respondToPreflight(request, response);
    return;
  }
  if ((method === 'GET' || method === 'HEAD') && path === '/health') {
    await sendResponse(response, toHealth(state));
    return;
  }
  await respondAsDescope(exchange, { method, path, query, state });
}

interface RequestTarget extends Pick<MountedPath, 'path' | 'state'> {
  readonly method: string;
  readonly query: URLSearchParams;
}

async function respondAsDescope(exchange: HttpExchange, target: RequestTarget): Promise<void> {
  const { request, response } = exchange;
  const { method, path, state } = target;
  const logged = state.requests.add({ method, path: path.slice(0, 1000), atMs: state.clock.now() });
  const startedMs = state.clock.monotonicMs();
  const fault = state.faults.take(method, path);
  if (fault && (await isSuppressed(request, fault))) return;
  const onIgnored = (names: readonly string[]) => {
    response.setHeader(IGNORED_HEADER, names.join(', '));
    state.requests.noteIgnored(logged, names);
  };
  const result = (fault && toFaultResponse(fault)) ?? (await toResponse(exchange, target, onIgnored));
  if (result.status === 413) response.setHeader('connection', 'close');
  await sendResponse(response, result, fault?.dripMs);
  const durationMs = state.clock.monotonicMs() - startedMs;
  state.requests.finish(logged, { status: result.status, durationMs });
}

// A rejected request is neither logged nor has it faults, and its body is not read.
async function acceptsCaller({ request, response, router, rules }: HttpExchange, path: string) {
  response.setHeader('vary', 'Origin');
  try {
    assertHost(request, rules);
    addHeaders(response, toCorsHeaders(request, findAccess(request, router, path), rules));
    return true;
  } catch (cause) {
    response.setHeader('connection', 'close');
    await sendResponse(response, toRejection(cause, path));
    return false;
  }
}

// Only what comes from a browser needs it.
function findAccess(request: IncomingMessage, router: Router, path: string) {
  const { origin, 'sec-fetch-site': site, 'access-control-request-method': asked } = request.headers;
  if (origin === undefined && site === undefined) return undefined;
  return router.accessOf((isPreflight(request) ? asked : request.method) ?? '', path);
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
  { request, router }: HttpExchange,
  { state, ...target }: RequestTarget,
  onIgnored: (names: readonly string[]) => void,
): Promise<RouteResponse> {
  try {
    const call = {
      ...target,
      address: request.socket.remoteAddress ?? '',
      headers: request.headers,
      userAgent: request.headers['user-agent'] ?? '',
      body: await readRequestBody(request, target.path),
      authorization: readAuthorization(request.headers.authorization),
      cookies: readCookies(request.headers.cookie),
      client: readClient(request.headers.authorization),
    };
    return await router.handle(call, state, onIgnored);
  } catch (cause) {
    return toRejection(cause, target.path);
  }
}

function toRejection(cause: unknown, path: string): RouteResponse {
  const detail = cause instanceof Error ? cause.message : String(cause);
  const error = cause instanceof DescopeError ? cause : new DescopeError('broken', `Emulator: ${detail}`);
  return { status: error.status, body: path.startsWith('/oauth2/') ? toOAuthBody(error) : error.toBody() };
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
