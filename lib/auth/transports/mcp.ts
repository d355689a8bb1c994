// Calls of MCP's tools, resources and prompts: each belongs to the HTTP request that brought it.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ExecutionContext } from '@nestjs/common';
import { HttpException } from '@nestjs/common';
import type { MaybePromise } from '../../core/maybe-promise.js';
import type { ContextRequest } from './call.js';
import type { DescopeTransport } from './transport.js';
import { readOwnMember, toThrown } from './transport.js';

/** The kind of what an MCP server offers. */
export type McpKind = 'tool' | 'resource' | 'prompt';

/** The HTTP request whose MCP messages are being handled. */
export interface McpRequest {
  readonly request: ContextRequest;
  /** Checks whether its caller may see a tool, resource or prompt in a list. */
  isListed(kind: McpKind, key: string): MaybePromise<boolean>;
  /** Checks whether its caller may also have the values of its arguments suggested. */
  isCompleted(kind: McpKind, key: string): MaybePromise<boolean>;
}

/** The second argument of a call. `@rekog/mcp-nest` has such a context, and `DescopeMcp` creates one. */
export interface McpCarrier {
  /** Returns the HTTP request; `undefined` for another transport of MCP, such as stdio. */
  getRawRequest(): unknown;
  /** What the MCP SDK passes to a handler beside the arguments. */
  readonly extra?: unknown;
}

// One storage for all copies of the package in a process. Several requests may share one server object of the SDK, so only
// the asynchronous context says which of them a call belongs to.
const CURRENT = Symbol.for('nestjs-descope:mcp-request');
const shared = globalThis as { [CURRENT]?: AsyncLocalStorage<McpRequest> };
const current = (shared[CURRENT] ??= new AsyncLocalStorage());

/** Runs the handler of an HTTP request, whose MCP calls then belong to this request. */
export function runInMcpRequest<T>(request: McpRequest, run: () => T): T {
  return current.run(request, run);
}

/** Finds the HTTP request whose MCP messages are being handled; `undefined` outside of one. */
export function findMcpRequest(): McpRequest | undefined {
  return current.getStore();
}

/**
 * The transport of the tools, resources and prompts of an MCP server, for `@rekog/mcp-nest` and for `DescopeMcp`. A call is
 * authenticated by the HTTP request that brought it. Calls over stdio, and messages of other microservices, are rejected.
 * @example `DescopeModule.forRoot({ transports: [mcpTransport], resource: { url: 'https://mcp.example.com' } })`
 */
export const mcpTransport: DescopeTransport = {
  type: 'rpc',
  findRequest: (context) => {
    const carrier = readCarrier(context);
    return carrier === undefined ? undefined : (findMcpRequest()?.request ?? carrier.getRawRequest());
  },
  readParam: (context, name) => readOwnMember(context.switchToRpc().getData(), name),
  isSafe: () => false,
  toRejection: (rejection) => toThrown('rpc', rejection, toMcpError(rejection)),
};

/** Reads the arguments of a call. */
export function readMcpArguments(context: ExecutionContext): unknown {
  return context.switchToRpc().getData();
}

/** Reads what the MCP SDK passes to a handler beside the arguments. */
export function readMcpExtra(context: ExecutionContext): unknown {
  return readCarrier(context)?.extra;
}

function readCarrier(context: ExecutionContext): McpCarrier | undefined {
  const carrier: unknown = context.switchToRpc().getContext();
  if (typeof carrier !== 'object' || carrier === null || !('getRawRequest' in carrier)) return undefined;
  return typeof carrier.getRawRequest === 'function' ? (carrier as McpCarrier) : undefined;
}

/** A rejection in JSON-RPC. A tool's caller receives the message as the result of the call, marked as an error. */
export interface McpError {
  readonly status: 'error';
  /** JSON-RPC 2.0 §5.1: an invalid request. */
  readonly code: -32600;
  readonly message: string;
  readonly data: { readonly code: string };
}

/** Converts a rejection to MCP's form; `undefined` for what is none. */
export function toMcpError(rejection: unknown): McpError | undefined {
  if (!(rejection instanceof HttpException)) return undefined;
  const { code, message } = rejection.getResponse() as { readonly code?: string; readonly message: string };
  if (code === undefined) return undefined; // not of this package
  return { status: 'error', code: -32600, message: `${code}: ${message}`, data: { code } };
}
