// The decorators of methods that are tools, resources and prompts of an MCP server, and of their parameters.
import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator, SetMetadata } from '@nestjs/common';
import type { ParameterPipe } from '../auth/param.decorators.js';
import type { McpKind } from '../auth/transports/mcp.js';
import { readMcpArguments, readMcpExtra } from '../auth/transports/mcp.js';
import { DescopeConfigError } from '../core/errors.js';

/** What a method offers: the name of a tool or prompt, or the URI or URI template of a resource. */
export interface McpMark {
  readonly kind: McpKind;
  readonly key: string;
}

const MARK = 'nestjs-descope:mcp';

/**
 * Marks a method of a provider as the tool of this name, so that the access decorators on it and on its class apply to the
 * tool. It registers nothing: pass `DescopeMcp.handler()` to `registerTool` of the MCP SDK. Not for `@rekog/mcp-nest`, which
 * has its own decorators.
 * @throws {DescopeConfigError} CONFIG_DEMAND_EMPTY without a name
 * @example `@McpTool('list_orders') @Scopes('orders:read') list(@McpArguments() { limit }: { limit: number }) {}`
 */
export function McpTool(name: string): MethodDecorator {
  return mark('tool', name, '@McpTool');
}

/**
 * Marks a method of a provider as the resource with this URI, or with the URIs of this template: see `McpTool`.
 * @throws {DescopeConfigError} CONFIG_DEMAND_EMPTY without a URI
 * @see https://www.rfc-editor.org/rfc/rfc6570
 * @example `@McpResource('orders://{id}') @Tenant({ from: 'dct' }) read(@McpArguments() { id }: { id: string }) {}`
 */
export function McpResource(uri: string): MethodDecorator {
  return mark('resource', uri, '@McpResource');
}

/**
 * Marks a method of a provider as the prompt of this name: see `McpTool`.
 * @throws {DescopeConfigError} CONFIG_DEMAND_EMPTY without a name
 * @example `@McpPrompt('summarize') @Roles('analyst') summarize(@McpArguments() { topic }: { topic: string }) {}`
 */
export function McpPrompt(name: string): MethodDecorator {
  return mark('prompt', name, '@McpPrompt');
}

function mark(kind: McpKind, key: string, decorator: string): MethodDecorator {
  if (typeof key !== 'string' || key === '') {
    const message = `${decorator}() needs a name or URI: the one with which it is registered at the MCP server.`;
    throw new DescopeConfigError('CONFIG_DEMAND_EMPTY', message, { decorator });
  }
  return SetMetadata(MARK, { kind, key } satisfies McpMark);
}

/** Reads what a method offers; `undefined` for another method. */
export function readMcpMark(handler: object): McpMark | undefined {
  return Reflect.getMetadata(MARK, handler) as McpMark | undefined;
}

/**
 * Passes the arguments of a call to a method with `@McpTool`, `@McpPrompt` or `@McpResource`. For a resource they are the
 * values of its template, and `uri`.
 */
export const McpArguments: (...pipes: ParameterPipe[]) => ParameterDecorator = createParamDecorator(
  (_data: undefined, context: ExecutionContext) => readMcpArguments(context),
);

/** Passes what the MCP SDK gives a handler beside the arguments, such as `signal`. */
export const McpExtra: (...pipes: ParameterPipe[]) => ParameterDecorator = createParamDecorator(
  (_data: undefined, context: ExecutionContext) => readMcpExtra(context),
);
