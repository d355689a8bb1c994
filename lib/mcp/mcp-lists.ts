// Leaves out of the lists and suggestions of an MCP server what its caller may not use.
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
 * so that a client can obtain it. Suggestions for arguments (`completion/complete`) are empty where a prompt or resource is left
 * out, or lacks a scope or a stronger sign-in. A list is a courtesy: each call is checked by itself. Call it before the server has tools.
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
    const handler = args.at(-1);
    const filtered =
      typeof handler === 'function' ? toFiltered(readMethod(args[0]), handler as RequestHandler) : undefined;
    return setRequestHandler(...(filtered === undefined ? args : [...args.slice(0, -1), filtered]));
  };
  return server;
}

function toFiltered(method: unknown, handler: RequestHandler): RequestHandler | undefined {
  if (method === 'completion/complete')
    return async (...given) => ((await mayComplete(given)) ? handler(...given) : NOTHING_COMPLETED);
  const list = LISTS.get(method);
  if (list === undefined) return undefined;
  return async (...given) => filterResult(await handler(...given), list, isOverHttp(given[1]));
}

const NOTHING_COMPLETED = { completion: { values: [], total: 0, hasMore: false } };

// No guard runs for the suggestions of an argument, so they are those of a call: also a missing scope counts.
async function mayComplete([message, extra]: readonly unknown[]): Promise<boolean> {
  const request = findMcpRequest();
  if (request === undefined) return !isOverHttp(extra);
  const { type, name, uri } = toMembers(toMembers(toMembers(message)['params'])['ref']);
  const [kind, key] = type === 'ref/prompt' ? (['prompt', name] as const) : (['resource', uri] as const);
  return typeof key === 'string' && request.isCompleted(kind, key);
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
