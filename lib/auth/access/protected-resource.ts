// Protected resources of OAuth: the decorator of a controller, and the resource that a request is for.
import { toNamedScopes } from '../../core/config/resource.js';
import { isScope } from '../../core/token/claims.js';
import type { Demand } from '../../core/user/demands.js';
import type { AcceptanceConfig } from '../../core/user/token-acceptance.js';
import type { DescopeCall } from '../transports/call.js';
import { addDemand, invalid } from './access-metadata.js';
import type { AccessPolicy, HandlerClass } from './access-policy.js';

/** The options of `@ProtectedResource`. */
export interface ProtectedResourceOptions {
  /**
   * The path of the resource, which is added to the option `resource.url`, such as `'/mcp'`. It is the path under which the
   * controller is served, or the beginning of it.
   * @defaultValue the path under which the controller is served, with the global prefix
   */
  readonly path?: string;
  /**
   * The scopes that clients may request.
   * @defaultValue the option `resource.scopes`
   */
  readonly scopes?: readonly string[];
}

const PATH = /^\/?(?:[\w~%-][\w.~%-]*\/?)*$/; // no parameters: the metadata has one URL

/**
 * Makes a controller an OAuth protected resource. Its metadata is served at `/.well-known/oauth-protected-resource` followed
 * by its path, challenges name that URL and the missing scopes, and a token is accepted only if it was issued for the
 * resource's URL (`aud`). Tokens of apps and agents are accepted, too. Needs the option `resource`.
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID when an option is unknown, `path` is not a path without parameters, or
 *   `scopes` are not scopes (RFC 6749 §3.3)
 * @see https://www.rfc-editor.org/rfc/rfc9728
 * @see https://www.rfc-editor.org/rfc/rfc8707
 * @example `@ProtectedResource({ scopes: ['orders:read'] }) @Controller('orders') export class OrdersController {}`
 */
export function ProtectedResource(options: ProtectedResourceOptions = {}): ClassDecorator {
  const { path, scopes, ...others } = { ...options };
  const isPath = path === undefined || (typeof path === 'string' && PATH.test(path));
  const areScopes = scopes === undefined || (Array.isArray(scopes) && scopes.every(isScope));
  if (!isPath || !areScopes || Object.keys(others).length > 0)
    throw invalid(
      '@ProtectedResource()',
      '{ path, scopes }: a path without parameters such as "/mcp", and scopes without spaces or quotes',
    );
  const named = scopes === undefined ? {} : { scopes: toNamedScopes(scopes) };
  const demand = path === undefined ? named : { path: toResourcePath(path), ...named };
  const decorate = addDemand({ kind: 'resource', ...demand }, '@ProtectedResource');
  return (type) => decorate(type);
}

/** Converts a path to the form with a slash at its beginning and none at its end; the empty string for the root. */
export function toResourcePath(path: string): string {
  const plain = path.replace(/^\/+|\/+$/g, '');
  return plain === '' ? '' : `/${plain}`;
}

// The resource that a request is for.

/** A protected resource of the application. */
export interface ProtectedResourceView {
  /** Its URL, by which clients and tokens name it. */
  readonly url: string;
  /** The URL of its metadata. */
  readonly metadataUrl: string;
  /** The tokens that it accepts. */
  readonly acceptance: AcceptanceConfig;
}

/** The resource of a request, and the scopes that its handler demands. */
export interface RequestResource extends ProtectedResourceView {
  readonly wantedScopes: readonly string[];
}

/**
 * Remembers the resource of each request to a protected resource. A call that is made within the request, such as that of
 * an MCP tool, is for the same resource.
 */
export class RequestResources {
  readonly #ofRequest = new WeakMap<object, RequestResource>();

  /** @param find finds the resource of a class; `undefined` for a class that is none */
  constructor(readonly find: (type: HandlerClass) => ProtectedResourceView | undefined) {}

  /** Remembers the resource of a handler's class; for a class that is none, that of the request stays for calls within it. */
  note(call: DescopeCall, { demands }: AccessPolicy): void {
    const { context } = call;
    const isHttp = context.getType() === 'http';
    if (!isHttp && !demands.some(({ kind }) => kind === 'resource')) return;
    const resource = this.find(context.getClass());
    if (resource !== undefined)
      this.#ofRequest.set(call.key, { ...resource, wantedScopes: toWantedScopes(demands) });
    // A handler may pass its request on to the next route (`next()`), which has its own audience.
    else if (isHttp) this.#ofRequest.delete(call.key);
  }

  /** Recalls the resource of a request by the key of its state. */
  recall(key: object): RequestResource | undefined {
    return this.#ofRequest.get(key);
  }
}

/** Lists the scopes with which a token meets all demands. Of scopes one of which is enough, the first is listed. */
export function toWantedScopes(demands: readonly Demand[]): readonly string[] {
  const wanted = new Set<string>();
  const ofScopes = demands.filter((demand) => demand.kind === 'scopes');
  for (const { names } of ofScopes.filter(({ match }) => match === 'all'))
    for (const name of names) wanted.add(name);
  for (const { names } of ofScopes.filter(({ match }) => match === 'any'))
    if (!names.some((name) => wanted.has(name))) for (const name of names.slice(0, 1)) wanted.add(name);
  return [...wanted];
}
