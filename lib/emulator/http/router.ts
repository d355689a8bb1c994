// Finds the route of a request, and lets it in only with the credential that the route asks for.
import { timingSafeEqual } from 'node:crypto';
import { DescopeError } from '../errors.js';
import type { ProjectState } from '../project-state.js';
import type { KnownFields } from './fields.js';
import { assertKnownFields, toKnownFields } from './fields.js';
import type { Call, RouteResponse } from './message.js';

/** Who may call a route: anybody, anyone who names the project, or anyone who has the management key. */
type Access = 'open' | 'project' | 'management';

/** What a route does. */
export type Handler = (call: Call, state: ProjectState) => RouteResponse | Promise<RouteResponse>;

/** A route: where it stands, who may call it, what it does. */
export interface Route {
  readonly method: string;
  /** Its path; a part that starts with a colon takes any text. */
  readonly path: string;
  readonly access: Access;
  /** The fields of a body that it knows; without them it takes any. */
  readonly fields?: KnownFields | undefined;
  readonly handle: Handler;
}

/** A handler with the fields that it knows. */
interface Endpoint {
  readonly fields: KnownFields;
  readonly handle: Handler;
}

/** A handler that knows some fields of a body, written `loginId user.name`; all others are rejected. */
export function takes(fields: string, handle: Handler): Endpoint {
  return { fields: toKnownFields(fields), handle };
}

/** Some routes for the same callers; each is written `METHOD /path`. */
export function routesFor(
  access: Access,
  handlers: Readonly<Record<string, Handler | Endpoint>>,
): readonly Route[] {
  return Object.entries(handlers).map(([line, given]) => {
    const [method = '', path = ''] = line.split(' ');
    const { fields, handle } = typeof given === 'function' ? { fields: undefined, handle: given } : given;
    return { method, path, access, fields, handle };
  });
}

/** Finds routes. */
export class Router {
  readonly #routes: readonly { readonly route: Route; readonly parts: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, parts: route.path.split('/') }));
  }

  /** Answers a call, or rejects it with a DescopeError. */
  async answer(call: Omit<Call, 'params'>, state: ProjectState): Promise<RouteResponse> {
    const { route, params } = this.#find(call.method, call.path);
    assertAccess(route.access, call, state);
    if (route.fields) assertKnownFields(call.body, route.fields);
    return route.handle({ ...call, params }, state);
  }

  #find(method: string, path: string): { route: Route; params: ReadonlyMap<string, string> } {
    const parts = path.split('/').map(decode);
    for (const { route, parts: wanted } of this.#routes) {
      const params = route.method === method ? match(wanted, parts) : undefined;
      if (params) return { route, params };
    }
    throw new DescopeError('noSuchEndpoint', `The emulator has no ${method} ${path.slice(0, 200)}`);
  }
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
  if (access === 'open') return;
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

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new DescopeError('badRequest', 'The path is not encoded correctly');
  }
}
