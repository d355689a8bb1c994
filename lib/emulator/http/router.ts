// Finds the route of a request, and rejects a request without the credential that the route requires.
import { timingSafeEqual } from 'node:crypto';
import { toOrigin } from '../audit/origin.js';
import { DescopeError } from '../errors.js';
import type { ProjectState } from '../project-state.js';
import type { KnownFields } from './known-fields.js';
import { findUnknown, NO_FIELDS, toFieldRejection, toKnownFields } from './known-fields.js';
import type { Call, RouteResponse } from './message.js';
import type { Access } from './origins.js';

/** Handles a request to a route. */
export type Handler = (call: Call, state: ProjectState) => RouteResponse | Promise<RouteResponse>;

/** An endpoint: its method and path, the credential it requires, and its handler. */
export interface Route {
  readonly method: string;
  /** The path; a segment that starts with a colon matches any other. */
  readonly path: string;
  readonly access: Access;
  /** The fields of the body that the route knows. */
  readonly fields: KnownFields;
  /** The parameters of the query that the route knows. */
  readonly query: KnownFields;
  /** Whether a specification demands that unknown fields are ignored: `strict` does not reject them. */
  readonly ignoresOthers: boolean;
  readonly handle: Handler;
}

/** A handler with what it knows of a request. */
type Endpoint = Pick<Route, 'fields' | 'query' | 'ignoresOthers' | 'handle'>;

/** Adds the fields of the body that a handler knows, written `loginId user.name`; without it, it knows none. */
export function takes(fields: string, handle: Handler): Endpoint {
  return { ...toEndpoint(handle), fields: toKnownFields(fields) };
}

/** Adds the parameters of the query that a handler knows, also to one that takes fields of the body. */
export function takesQuery(parameters: string, handler: Handler | Endpoint): Endpoint {
  return { ...toEndpoint(handler), query: toKnownFields(parameters) };
}

/** Lets unknown fields pass also with the setting `strict`, where a specification demands that they are ignored. */
export function ignoresOthers(endpoint: Endpoint): Endpoint {
  return { ...endpoint, ignoresOthers: true };
}

function toEndpoint(handler: Handler | Endpoint): Endpoint {
  if (typeof handler !== 'function') return handler;
  return { fields: NO_FIELDS, query: NO_FIELDS, ignoresOthers: false, handle: handler };
}

/** Creates routes that require the same credential; each key is `METHOD /path`. */
export function routesFor(
  access: Access,
  handlers: Readonly<Record<string, Handler | Endpoint>>,
): readonly Route[] {
  return Object.entries(handlers).map(([line, entry]) => {
    const [method = '', path = ''] = line.split(' ');
    return { method, path, access, ...toEndpoint(entry) };
  });
}

/** Is told the names of what a request has and its route does not know. */
type IgnoredListener = (names: readonly string[]) => void;

/** Dispatches requests to routes. */
export class Router {
  readonly #routes: readonly { readonly route: Route; readonly parts: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, parts: route.path.split('/') }));
  }

  /** Who may call what a path names; undefined where there is no route. */
  accessOf(method: string, path: string): Access | undefined {
    return this.#find(method, toParts(path) ?? [])?.route.access;
  }

  /** Handles a request, or rejects it with a DescopeError. */
  async handle(
    call: Omit<Call, 'params'>,
    state: ProjectState,
    onIgnored: IgnoredListener = () => undefined,
  ): Promise<RouteResponse> {
    const { route, params } = this.#require(call.method, call.path);
    assertAccess(route.access, call, state);
    const unknown = findUnknown(call, route);
    if (unknown.length > 0 && state.settings.strict && !route.ignoresOthers) throw toFieldRejection(unknown);
    if (unknown.length > 0) onIgnored(unknown);
    const origin = toOrigin(call, route.access === 'management');
    return state.audit.during(origin, () => route.handle({ ...call, params }, state));
  }

  #require(method: string, path: string): RouteMatch {
    const parts = toParts(path);
    if (!parts) throw new DescopeError('badRequest', 'The path is not encoded correctly');
    const found = this.#find(method, parts);
    if (found) return found;
    const what = `${method} ${path.slice(0, 200)}`;
    throw new DescopeError('noSuchEndpoint', `The emulator does not implement ${what}`);
  }

  // What answers GET answers HEAD (RFC 9110 section 9.3.2); the server leaves the body out.
  #find(method: string, parts: readonly string[]): RouteMatch | undefined {
    const wantedMethod = method === 'HEAD' ? 'GET' : method;
    for (const { route, parts: wanted } of this.#routes) {
      const params = route.method === wantedMethod ? match(wanted, parts) : undefined;
      if (params) return { route, params };
    }
    return undefined;
  }
}

interface RouteMatch {
  readonly route: Route;
  readonly params: ReadonlyMap<string, string>;
}

function match(wanted: readonly string[], parts: readonly string[]): ReadonlyMap<string, string> | undefined {
  if (wanted.length !== parts.length) return undefined;
  const params = new Map<string, string>();
  for (const [index, want] of wanted.entries()) {
    const part = parts[index] ?? '';
    if (want.startsWith(':') && part !== '') params.set(want.slice(1), part);
    else if (want !== part) return undefined;
  }
  return params;
}

function assertAccess(access: Access, call: Omit<Call, 'params'>, state: ProjectState): void {
  if (access === 'open' || access === 'page') return;
  const { projectId, credential } = call.authorization;
  if (projectId !== state.projectId) {
    throw new DescopeError('invalidToken', 'The Authorization header does not name this project');
  }
  if (access === 'management' && !isSame(credential, state.managementKey)) {
    throw new DescopeError('invalidToken', 'The management key is missing or wrong');
  }
}

function isSame(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function toParts(path: string): readonly string[] | undefined {
  try {
    return path.split('/').map((part) => decodeURIComponent(part));
  } catch {
    return undefined;
  }
}
