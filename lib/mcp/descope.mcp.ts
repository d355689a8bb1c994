// Methods of providers as handlers of the MCP SDK: with guards, pipes, interceptors, filters and parameter decorators.
import { HttpException, Inject, Injectable } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import type { McpCarrier } from '../auth/transports/mcp.js';
import { findMcpRequest, toMcpError } from '../auth/transports/mcp.js';
import { UNKNOWN_ERROR } from '../auth/transports/mistakes.js';
import { DescopeConfigError, isMistake } from '../core/errors.js';
import { readMcpMark } from './mcp.decorators.js';

/**
 * A handler for `registerTool`, `registerResource` and `registerPrompt` of the MCP SDK, of either major version. The SDK
 * checks its result, so its type fits each of them.
 */
export type McpSdkHandler = (...given: unknown[]) => Promise<never>;

const PARAMETERS = '__routeArguments__'; // Nest's own key of parameter decorators, the same in 11 and 12
const NO_OTHER_PARAMETERS = { exchangeKeyForValue: () => undefined };

/**
 * Runs methods with `@McpTool`, `@McpResource` and `@McpPrompt` as handlers of the MCP SDK. Add it to the providers of a
 * module. Not for `@rekog/mcp-nest`, which runs its methods itself.
 * @example
 * ```ts
 * constructor(private readonly tools: OrderTools, private readonly mcp: DescopeMcp) {}
 * // …
 * server.registerTool('list_orders', { inputSchema }, this.mcp.handler(this.tools, 'list'));
 * ```
 */
@Injectable()
export class DescopeMcp {
  readonly #handlers = new WeakMap<object, Map<string, McpSdkHandler>>();

  constructor(@Inject(ExternalContextCreator) private readonly contexts: ExternalContextCreator) {}

  /**
   * Returns a method of a provider as a handler. Nest's guards, pipes, interceptors and filters run for each call.
   * @param provider the instance that Nest injects
   * @returns the handler, the same one each time
   * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID for a method without `@McpTool`, `@McpResource` or `@McpPrompt`
   */
  handler<Provider extends object>(provider: Provider, method: keyof Provider & string): McpSdkHandler {
    const known = this.#handlers.get(provider) ?? new Map<string, McpSdkHandler>();
    this.#handlers.set(provider, known);
    const handler = known.get(method) ?? this.#create(provider, method);
    known.set(method, handler);
    return handler;
  }

  #create(provider: object, method: string): McpSdkHandler {
    const callback = (provider as Readonly<Record<string, unknown>>)[method];
    if (typeof callback !== 'function' || readMcpMark(callback) === undefined)
      throw unmarked(provider, method);
    const run = this.contexts.create(
      provider,
      callback as (...args: unknown[]) => unknown,
      method,
      PARAMETERS,
      NO_OTHER_PARAMETERS,
      undefined,
      undefined,
      { guards: true, interceptors: true, filters: true },
      'rpc',
    );
    const handle = async (...given: unknown[]): Promise<unknown> => {
      try {
        const result: unknown = await run(toArguments(given), toCarrier(given.at(-1)));
        return isObservable(result) ? await lastValueFrom(result) : result;
      } catch (error) {
        throw toSdkError(error);
      }
    };
    return handle as McpSdkHandler;
  }
}

function unmarked(provider: object, method: string): DescopeConfigError {
  const where = `${provider.constructor.name}.${method}`;
  const message = `${where} has none of @McpTool, @McpResource and @McpPrompt, so its access decorators would not be found. Add the one with which it is registered.`;
  return new DescopeConfigError('CONFIG_DEMAND_INVALID', message, { where });
}

// The SDK passes (extra), (arguments, extra), (uri, extra) or (uri, variables, extra).
function toArguments(given: readonly unknown[]): object {
  const before = given.slice(0, -1);
  const uri = before.find((value) => value instanceof URL);
  const named = before.find((value) => typeof value === 'object' && value !== null && value !== uri);
  return { ...(named as object | undefined), ...(uri === undefined ? {} : { uri: String(uri) }) };
}

function toCarrier(extra: unknown): McpCarrier {
  return { extra, getRawRequest: () => findMcpRequest()?.request };
}

// What the SDK turns into an error of JSON-RPC, or into the result of a tool, is an `Error` with these members.
function toSdkError(error: unknown): unknown {
  // Nest's filter has logged it. JSON-RPC 2.0 §5.1: an internal error.
  if (isMistake(error)) return Object.assign(new Error(UNKNOWN_ERROR, { cause: error }), { code: -32603 });
  const rejection = toMcpError(error) ?? toMcpError(findHttpException(error));
  if (rejection === undefined) return error;
  const { code, message, data } = rejection;
  return Object.assign(new Error(message, { cause: error }), { code, data });
}

function findHttpException(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof HttpException ? error.cause : undefined;
}
