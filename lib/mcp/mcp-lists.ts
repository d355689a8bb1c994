// Leaves out of the lists of an MCP server what its caller may not use.
import type { McpKind } from '../auth/transports/mcp.js';
import { findMcpRequest } from '../auth/transports/mcp.js';

/** A list of MCP: the member of its result, the kind of its items, and the member that names an item. */
interface ListForm {
  readonly member: string;
  readonly kind: McpKind;
  readonly key: string;
}

const LISTS = new Map<unknown, ListForm>([
  ['tools/list', { member: 'tools', kind: 'tool', key: 'name' }],
  ['prompts/list', { member: 'prompts', kind: 'prompt', key: 'name' }],
  ['resources/list', { member: 'resources', kind: 'resource', key: 'uri' }],
  ['resources/templates/list', { member: 'resourceTemplates', kind: 'resource', key: 'uriTemplate' }],
]);

type Members = Readonly<Record<string, unknown>>;
type RequestHandler = (...args: unknown[]) => unknown;

interface LowLevelServer {
  setRequestHandler(...args: unknown[]): unknown;
}

/**
 * Makes the lists of an MCP server leave out the tools, resources and prompts for which the caller lacks a role, a
 * permission or a tenant, or is of a kind that they do not accept. Those that lack only a scope or a stronger sign-in stay,
 * so that a client can obtain it. A list is a courtesy: each call is checked by itself. Call it before the server has tools.
 * @param server a server of the MCP SDK, of either major version
 * @returns the same server
 * @throws {TypeError} for anything else
 * @example `const server = filterMcpLists(new McpServer({ name: 'orders', version: '1.0.0' }));`
 * @example `new McpStrategy({ serverMutator: filterMcpLists, … })`
 */
export function filterMcpLists<Server extends object>(server: Server): Server {
  const inner: unknown = 'server' in server ? server.server : server;
  if (!isLowLevel(inner)) throw new TypeError('filterMcpLists() expects a server of the MCP SDK.');
  const setRequestHandler = inner.setRequestHandler.bind(inner);
  inner.setRequestHandler = (...args) => {
    const list = LISTS.get(readMethod(args[0]));
    const handler = args.at(-1);
    if (list === undefined || typeof handler !== 'function') return setRequestHandler(...args);
    const filtered: RequestHandler = async (...given) => {
      const result = await (handler as RequestHandler)(...given);
      return filterResult(result, list, isOverHttp(given[1]));
    };
    return setRequestHandler(...args.slice(0, -1), filtered);
  };
  return server;
}

function isLowLevel(value: unknown): value is LowLevelServer {
  return (
    typeof value === 'object' &&
    value !== null &&
    'setRequestHandler' in value &&
    typeof value.setRequestHandler === 'function'
  );
}

// Version 2 of the SDK passes the name of the method, version 1 the schema of its request.
function readMethod(given: unknown): unknown {
  if (typeof given === 'string') return given;
  const { method } = toMembers(toMembers(given)['shape']);
  const { value, _def: def } = toMembers(method);
  return value ?? toMembers(def)['value'];
}

// Over stdio there is no request, and the process belongs to its caller.
function isOverHttp(extra: unknown): boolean {
  const { http, requestInfo } = toMembers(extra); // of version 2 and of version 1
  return http !== undefined || requestInfo !== undefined;
}

async function filterResult(result: unknown, list: ListForm, isHttp: boolean): Promise<unknown> {
  const { member, kind, key } = list;
  const items = toMembers(result)[member];
  const request = findMcpRequest();
  if (!Array.isArray(items) || (request === undefined && !isHttp)) return result;
  const kept: unknown[] = [];
  for (const item of items) {
    const name = toMembers(item)[key];
    // Without @McpEndpoint on the route, the caller is not known.
    if (typeof name === 'string' && (await request?.isListed(kind, name)) === true) kept.push(item);
  }
  return { ...toMembers(result), [member]: kept };
}

function toMembers(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}
