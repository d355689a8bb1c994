// The tools, resources and prompts of an application's MCP servers, found by the decorators of their methods.
import type { ModulesContainer } from '@nestjs/core';
import type { AccessPolicy, Handler, HandlerClass } from '../auth/access/access-policy.js';
import { readAccessPolicy } from '../auth/access/access-policy.js';
import type { McpKind } from '../auth/transports/mcp.js';
import { readHandlers, readMessageMetadata } from '../inspect/handlers.js';
import type { McpMark } from './mcp.decorators.js';
import { readMcpMark } from './mcp.decorators.js';
import { createUriPattern } from './uri-pattern.js';

interface McpHandler extends McpMark {
  readonly type: HandlerClass;
  readonly handler: Handler;
  /** Checks whether a URI is one of the template. */
  readonly isOfTemplate: ((uri: string) => boolean) | undefined;
}

/** Finds the methods behind the names and URIs of MCP. */
export class McpHandlers {
  #all: readonly McpHandler[] | undefined;

  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Finds the policies of a tool, resource or prompt: none if it has no method with decorators, several if several servers of
   * the application have the name.
   */
  findPolicies(kind: McpKind, key: string): readonly AccessPolicy[] {
    const all = (this.#all ??= readMcpHandlers(this.modules)).filter((one) => one.kind === kind);
    const named = all.filter((one) => one.key === key);
    const found = named.length > 0 ? named : all.filter(({ isOfTemplate }) => isOfTemplate?.(key));
    return found.map(({ type, handler }) => readAccessPolicy(type, handler));
  }
}

function readMcpHandlers(modules: ModulesContainer): McpHandler[] {
  return readHandlers(modules).flatMap(({ type, handler }) =>
    readMarks(handler).map((mark) => ({ ...mark, type, handler, isOfTemplate: toPattern(mark) })),
  );
}

// @rekog/mcp-nest writes a pattern of a microservice: `{ mcp: 'tool', name }`.
function readMarks(handler: Handler): McpMark[] {
  const own = readMcpMark(handler);
  const patterns = readMessageMetadata(handler)?.patterns ?? [];
  return [...(own === undefined ? [] : [own]), ...patterns.flatMap(toMark)];
}

const KINDS = new Map<unknown, McpKind>([
  ['tool', 'tool'],
  ['resource', 'resource'],
  ['resource-template', 'resource'],
  ['prompt', 'prompt'],
]);

function toMark(pattern: unknown): McpMark[] {
  const { mcp, name } = Object(pattern) as { readonly mcp?: unknown; readonly name?: unknown };
  const kind = KINDS.get(mcp);
  return kind === undefined || typeof name !== 'string' ? [] : [{ kind, key: name }];
}

function toPattern({ kind, key }: McpMark): McpHandler['isOfTemplate'] {
  return kind === 'resource' && key.includes('{') ? createUriPattern(key) : undefined;
}
