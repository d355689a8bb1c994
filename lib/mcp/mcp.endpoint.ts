// The route of an MCP server: a protected resource whose calls get a challenge where a client can obtain what they lack.
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import {
  applyDecorators,
  HttpException,
  Inject,
  Injectable,
  Optional,
  UseInterceptors,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Observable } from 'rxjs';
import type { AccessPolicy } from '../auth/access/access-policy.js';
import { readAccessPolicy } from '../auth/access/access-policy.js';
import type {
  ProtectedResourceOptions,
  RequestResource,
  RequestResources,
} from '../auth/access/protected-resource.js';
import { ProtectedResource, toWantedScopes } from '../auth/access/protected-resource.js';
import type { Application } from '../auth/applications.js';
import { respondWithError } from '../auth/error-response.js';
import {
  DESCOPE_APPLICATION,
  DESCOPE_CONFIG,
  DESCOPE_NOTIFY,
  DESCOPE_RESOURCES,
} from '../auth/injection-tokens.js';
import { readSession } from '../auth/request-user.js';
import { onSessionEnd } from '../auth/session-end.js';
import type { DescopeCall } from '../auth/transports/call.js';
import { openCall } from '../auth/transports/call.js';
import type { McpKind } from '../auth/transports/mcp.js';
import { runInMcpRequest, toMcpError } from '../auth/transports/mcp.js';
import type { DescopeConfig } from '../core/config/config.js';
import type { Notify } from '../core/logging.js';
import type { McpCaller } from './mcp-access.js';
import { assertObtained, hasObtained, isPermitted } from './mcp-access.js';
import { McpHandlers } from './mcp-handlers.js';
import { McpSessions, SESSION_HEADER } from './mcp-sessions.js';

/**
 * Makes a controller the endpoint of an MCP server: a protected resource (`ProtectedResource`), which also
 * - rejects a call of a tool, resource or prompt that lacks a scope, or a stronger sign-in, with 403 or 401 and the challenge
 *   by which a client obtains it,
 * - gives `filterMcpLists` the caller of a list,
 * - rejects with 404 the session (`Mcp-Session-Id`) that another caller opened, and ends a stream with the caller's token.
 *
 * The access decorators of tools, resources and prompts are checked by `AuthGuard` when they are called.
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID as `ProtectedResource`
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 * @example `@McpEndpoint({ scopes: ['orders:read'] }) @Controller('mcp') export class McpController {}`
 */
export function McpEndpoint(options: ProtectedResourceOptions = {}): ClassDecorator {
  return applyDecorators(ProtectedResource(options), UseInterceptors(McpInterceptor));
}

/** The interceptor of an endpoint. It runs after the guards, when the caller is known. */
@Injectable()
class McpInterceptor implements NestInterceptor {
  readonly #handlers: McpHandlers;
  readonly #sessions = new McpSessions();

  @Inject(DESCOPE_APPLICATION) private readonly application!: Application;
  @Inject(DESCOPE_CONFIG) private readonly config!: DescopeConfig;
  @Inject(DESCOPE_NOTIFY) private readonly notify!: Notify;
  @Optional() @Inject(DESCOPE_RESOURCES) private readonly resources?: RequestResources;

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    this.#handlers = new McpHandlers(modules);
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const call = openCall(context, this.application);
    const { config } = this;
    const caller = { call, session: readSession(call), config };
    const { body } = call.request as { readonly body?: unknown };
    this.#assertOwnSession(caller, body);
    await this.#assertCallable(caller, body);
    this.#observe(caller, body);
    const { request } = call;
    const isListed = (kind: McpKind, key: string) => this.#isListed(caller, kind, key);
    const isCompleted = (kind: McpKind, key: string) => this.#isCompleted(caller, kind, key);
    return new Observable((subscriber) =>
      runInMcpRequest({ request, isListed, isCompleted }, () => next.handle().subscribe(subscriber)),
    );
  }

  #assertOwnSession({ call, session }: McpCaller, body: unknown): void {
    const id = call.headers.headers[SESSION_HEADER];
    if (id === undefined) return;
    if (typeof id === 'string' && this.#sessions.isOwn(id, call.context.getClass(), session)) return;
    // As for a session that has ended: a client opens a new one (Streamable HTTP, "Session Management").
    const error = { code: -32_001, message: 'Session not found' };
    throw new HttpException({ jsonrpc: '2.0', id: readId(body), error }, 404);
  }

  // The HTTP status is settled before the MCP server handles the message, so what has a challenge is checked here, too. For
  // several messages at once there is no common status: each is rejected by itself.
  async #assertCallable(caller: McpCaller, body: unknown): Promise<void> {
    const wanted = readWanted(body);
    const policies = wanted === undefined ? [] : this.#handlers.findPolicies(...wanted);
    const [policy] = policies;
    if (policy === undefined || policies.length > 1) return;
    if (caller.session.user !== undefined && !(await isPermitted(policy, caller))) return; // no scope would help
    try {
      assertObtained(policy, caller);
    } catch (error) {
      throw this.#toRejection(error, caller.call, { policy, id: readId(body) });
    }
  }

  #toRejection(
    error: unknown,
    call: DescopeCall,
    { policy, id }: { readonly policy: AccessPolicy; readonly id: unknown },
  ): unknown {
    const resource = this.#toResource(call, policy);
    const thrown = respondWithError(call, error, { notify: this.notify, resource });
    const rejection = toMcpError(thrown);
    if (rejection === undefined || !(thrown instanceof HttpException)) return thrown;
    const { code, message, data } = rejection;
    const body = { jsonrpc: '2.0', id, error: { code, message, data } };
    return new HttpException(body, thrown.getStatus(), { cause: error });
  }

  // With the scopes of the endpoint: a client asks for all that the challenge names, and for nothing else.
  #toResource(call: DescopeCall, { demands }: AccessPolicy): RequestResource | undefined {
    const resource = this.resources?.recall(call.key);
    if (resource === undefined) return undefined;
    const { context } = call;
    const ofEndpoint = readAccessPolicy(context.getClass(), context.getHandler());
    return { ...resource, wantedScopes: toWantedScopes([...demands, ...ofEndpoint.demands]) };
  }

  async #isListed(caller: McpCaller, kind: McpKind, key: string): Promise<boolean> {
    const policies = this.#handlers.findPolicies(kind, key);
    if (policies.length === 0) return true; // it has no access decorators
    for (const policy of policies) if (await isPermitted(policy, caller)) return true;
    return false;
  }

  async #isCompleted(caller: McpCaller, kind: McpKind, key: string): Promise<boolean> {
    if (!(await this.#isListed(caller, kind, key))) return false;
    const policies = this.#handlers.findPolicies(kind, key);
    return policies.length === 0 || policies.some((policy) => hasObtained(policy, caller));
  }

  #observe({ call, session }: McpCaller, body: unknown): void {
    const head = call.response?.node;
    if (head === undefined) return;
    if ([body].flat().some(isInitialize)) this.#sessions.observe(head, call.context.getClass(), session);
    if (!isOpenEnded(call, body) || session.user === undefined) return;
    const response = head.response as NodeStream;
    const sources = { clock: this.config.clock, watch: this.application.watchRevocations };
    response.once(
      'close',
      onSessionEnd(session, () => response.destroy(), sources),
    );
  }
}

/** The members of Node's response that are used. */
interface NodeStream {
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

type Members = Readonly<Record<string, unknown>>;

const CALLS = new Map<unknown, readonly [kind: McpKind, parameter: string]>([
  ['tools/call', ['tool', 'name']],
  ['prompts/get', ['prompt', 'name']],
  ['resources/read', ['resource', 'uri']],
]);

// What a message calls; `undefined` for another one, and for several.
function readWanted(body: unknown): readonly [kind: McpKind, key: string] | undefined {
  const { method, params } = toMembers(body);
  const [kind, parameter] = CALLS.get(method) ?? [];
  const key = parameter === undefined ? undefined : toMembers(params)[parameter];
  return kind === undefined || typeof key !== 'string' ? undefined : [kind, key];
}

function readId(body: unknown): string | number | null {
  const { id } = toMembers(body);
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

// A stream of the server's own messages, which has no end of its own: of revisions with sessions, and of later ones.
function isOpenEnded({ headers }: DescopeCall, body: unknown): boolean {
  // A body that nobody has parsed may ask for one as well.
  if (headers.method === 'GET' || body === undefined) return true;
  return [body].flat().some((message) => toMembers(message)['method'] === 'subscriptions/listen');
}

function isInitialize(message: unknown): boolean {
  return toMembers(message)['method'] === 'initialize';
}

function toMembers(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}
