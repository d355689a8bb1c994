// Clients of the MCP SDK as they are, of both major versions, with a token: lists, calls, and the rejection that steps up.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Controller, UseGuards } from '@nestjs/common';
import {
  McpController,
  McpHttpControllerFor,
  McpStrategy,
  StreamableHttpTransport,
  Tool,
} from '@rekog/mcp-nest';
import { AuthGuard, CurrentUser, DescopeModule, Roles, Scopes } from 'nestjs-descope';
import { filterMcpLists, McpEndpoint, mcpTransport } from 'nestjs-descope/mcp';
import type { TestIdentity } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { MCP_AUDIENCE, MCP_URL, serveMcp } from '../../support/mcp.js';

@UseGuards(AuthGuard)
@McpController()
class Tools {
  @Tool({ name: 'who', description: 'Who calls' }) who(@CurrentUser('id') id: string) {
    return { id };
  }

  @Scopes('orders:write') @Tool({ name: 'add', description: 'Adds' }) add() {
    return { added: true };
  }

  @Roles('admin') @Tool({ name: 'remove', description: 'Removes' }) remove() {
    return { removed: true };
  }
}

interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string }): Promise<object>;
  close(): Promise<void>;
}

describe.each(ADAPTERS)('A client of the MCP SDK, on %s,', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;
  beforeAll(async () => {
    const transport = new StreamableHttpTransport();
    const strategy = new McpStrategy({
      name: 'orders',
      version: '1.0.0',
      transports: [transport],
      serverMutator: filterMcpLists,
    });
    @McpEndpoint()
    @Controller('mcp')
    class McpRoute extends McpHttpControllerFor(transport) {}
    const options = { resource: { url: MCP_URL }, transports: [mcpTransport], audience: null };
    const parts = { imports: [DescopeModule.forRoot(options)], controllers: [McpRoute, Tools] };
    application = await start(adapter, parts, {
      override: (builder) => descope.override(builder),
      configure: serveMcp(strategy),
    });
  });
  afterAll(() => application.close());

  const toRequestInit = (caller: TestIdentity) => ({ headers: descope.as(caller).bearer });
  const info = { name: 'test', version: '1.0.0' };
  const CLIENTS: Readonly<Record<string, (caller: TestIdentity) => Promise<AnyClient>>> = {
    'version 1': async (caller) => {
      const client = new OldClient(info);
      const url = new URL('/mcp', application.url);
      await client.connect(new OldTransport(url, { requestInit: toRequestInit(caller) }));
      return client;
    },
    'version 2': async (caller) => {
      const client = new Client(info);
      const url = new URL('/mcp', application.url);
      await client.connect(new StreamableHTTPClientTransport(url, { requestInit: toRequestInit(caller) }));
      return client;
    },
    'version 2, without a handshake': async (caller) => {
      const client = new Client(info, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
      const url = new URL('/mcp', application.url);
      await client.connect(new StreamableHTTPClientTransport(url, { requestInit: toRequestInit(caller) }));
      expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
      return client;
    },
  };

  it.each(Object.keys(CLIENTS))(
    'of %s, speaks its revision, and lists and calls what its token allows',
    async (version) => {
      const ada: TestIdentity = { kind: 'agent', sub: 'U2ada', aud: MCP_AUDIENCE };
      const client = (await CLIENTS[version]?.(ada)) as AnyClient;
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(['who', 'add']);
      expect(JSON.stringify(await client.callTool({ name: 'who' }))).toContain('U2ada');
      expect(await client.callTool({ name: 'remove' })).toMatchObject({ isError: true });
      await expect(client.callTool({ name: 'add' })).rejects.toThrow(/403|insufficient|scope/i);
      await client.close();
      const admin = { ...ada, scope: 'orders:write', roles: ['admin'] };
      const stronger = (await CLIENTS[version]?.(admin)) as AnyClient;
      expect((await stronger.listTools()).tools).toHaveLength(3);
      expect(JSON.stringify(await stronger.callTool({ name: 'add' }))).toContain('added');
      await stronger.close();
    },
  );

  it('of version 2 loses its subscription when its token expires', async () => {
    const exp = Math.floor(Date.now() / 1000) + 3;
    const client = new Client(info, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    const requestInit = toRequestInit({ kind: 'agent', sub: 'U2ada', aud: MCP_AUDIENCE, exp });
    await client.connect(
      new StreamableHTTPClientTransport(new URL('/mcp', application.url), { requestInit }),
    );
    const subscription = await client.listen({ toolsListChanged: true });
    const started = Date.now();
    expect(await subscription.closed).toBe('remote');
    expect(Date.now() - started).toBeLessThan(10_000);
    await client.close();
  });
});
