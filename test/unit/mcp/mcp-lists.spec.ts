// Lists of an MCP server outside of an endpoint, and of servers of other shapes.
import { describe, expect, it } from '@jest/globals';
import { filterMcpLists } from 'nestjs-descope/mcp';
import { runInMcpRequest } from '#lib/auth/transports/mcp.js';

type Handler = (request: object, extra: object) => unknown;

function toServer() {
  const handlers = new Map<unknown, Handler>();
  const server = {
    setRequestHandler: (...args: unknown[]) => {
      handlers.set(args[0], args.at(-1) as Handler);
    },
  };
  return { server, handlers };
}

const list = () => ({ tools: [{ name: 'a' }, { name: 'b' }, { title: 'nameless' }], nextCursor: 'x' });
const allowing = (...names: string[]) => ({
  request: {},
  isListed: (_kind: unknown, key: string) => Promise.resolve(names.includes(key)),
  isCompleted: (kind: unknown, key: string) => names.includes(`${String(kind)} ${key}`),
});

describe('filterMcpLists()', () => {
  it('keeps what the caller may see, and the rest of the result, for each request anew', async () => {
    const { server, handlers } = toServer();
    expect(filterMcpLists(server)).toBe(server);
    server.setRequestHandler('tools/list', list);
    const read = () => handlers.get('tools/list')?.({}, { http: {} });
    expect(await runInMcpRequest(allowing('a'), read)).toEqual({ tools: [{ name: 'a' }], nextCursor: 'x' });
    expect(await runInMcpRequest(allowing('b'), read)).toEqual({ tools: [{ name: 'b' }], nextCursor: 'x' });
    expect(await runInMcpRequest(allowing(), read)).toEqual({ tools: [], nextCursor: 'x' });
  });

  it('shows nothing over HTTP where no endpoint knows the caller, and everything over stdio', async () => {
    const { server, handlers } = toServer();
    filterMcpLists({ server });
    server.setRequestHandler('tools/list', list);
    for (const extra of [{ http: {} }, { requestInfo: {} }])
      expect(await handlers.get('tools/list')?.({}, extra)).toEqual({ tools: [], nextCursor: 'x' });
    expect(await handlers.get('tools/list')?.({}, {})).toEqual(list());
  });

  it('knows the schemas of version 1 of the SDK, and changes no other handler', async () => {
    const { server, handlers } = toServer();
    filterMcpLists(server);
    const [newer, older] = [
      { shape: { method: { value: 'tools/list' } } },
      { shape: { method: { _def: { value: 'tools/list' } } } },
    ];
    for (const schema of [newer, older]) {
      server.setRequestHandler(schema, list);
      expect(await runInMcpRequest(allowing('b'), () => handlers.get(schema)?.({}, {}))).toMatchObject({
        tools: [{ name: 'b' }],
      });
    }
    const call = () => ({ content: [] });
    server.setRequestHandler('tools/call', call);
    server.setRequestHandler({ shape: {} }, call);
    expect([...handlers.values()].slice(-2)).toEqual([call, call]);
  });

  it.each([
    ['a prompt', { type: 'ref/prompt', name: 'a' }, 'prompt a'],
    ['a resource', { type: 'ref/resource', uri: 'a' }, 'resource a'],
  ])('lets arguments of %s be completed for those who may use it', async (_what, ref, allowed) => {
    const { server, handlers } = toServer();
    filterMcpLists(server);
    const completed = { completion: { values: ['secret'] } };
    server.setRequestHandler('completion/complete', () => completed);
    const complete = (extra: object) => handlers.get('completion/complete')?.({ params: { ref } }, extra);
    expect(await runInMcpRequest(allowing(allowed), () => complete({ http: {} }))).toEqual(completed);
    const nothing = { completion: { values: [], total: 0, hasMore: false } };
    expect(await runInMcpRequest(allowing(), () => complete({ http: {} }))).toEqual(nothing);
    expect(await complete({ http: {} })).toEqual(nothing);
    expect(await complete({})).toEqual(completed);
  });

  it('passes on a result that is no list', async () => {
    const { server, handlers } = toServer();
    filterMcpLists(server);
    server.setRequestHandler('prompts/list', () => null);
    expect(await runInMcpRequest(allowing(), () => handlers.get('prompts/list')?.({}, {}))).toBe(null);
  });
});
