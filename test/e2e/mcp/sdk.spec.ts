// A bare transport of the MCP SDK in a controller, of both major versions: methods of providers as tools.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  McpServer as OldServer,
  ResourceTemplate as OldTemplate,
} from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { Controller, Injectable, Post, Req, Res } from '@nestjs/common';
import type { DescopeRule, DescopeUser } from 'nestjs-descope';
import {
  Authorize,
  CurrentUser,
  DescopeModule,
  Permissions,
  Public,
  Roles,
  Scopes,
  Tenant,
} from 'nestjs-descope';
import {
  DescopeMcp,
  filterMcpLists,
  McpArguments,
  McpEndpoint,
  McpExtra,
  McpPrompt,
  McpResource,
  McpTool,
  mcpTransport,
} from 'nestjs-descope/mcp';
import type { TestIdentity } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import { z } from 'zod';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import type { McpReply } from '../../support/mcp.js';
import {
  callTool,
  initialize,
  MCP_AUDIENCE,
  MCP_URL,
  namesOf,
  sendMcp,
  textOf,
  toMessage,
} from '../../support/mcp.js';

@Injectable()
class Never implements DescopeRule {
  isAllowed() {
    return false;
  }
}

const text = (value: unknown) => ({ content: [{ type: 'text', text: JSON.stringify(value) }] });

@Injectable()
class OrderTools {
  @McpTool('who') who(
    @CurrentUser() user: DescopeUser,
    @CurrentUser('kind') kind: string,
    @McpExtra() extra: object,
  ) {
    return text({ id: user.id, kind, hasSignal: 'signal' in extra || 'mcpReq' in extra });
  }

  @Scopes('orders:write') @McpTool('add') add(@McpArguments() { count }: { count: number }) {
    return text({ count });
  }

  @Roles('admin') @McpTool('remove') remove() {
    return text({ removed: true });
  }

  @Authorize(Never) @McpTool('never') never() {
    return text({ never: true });
  }

  @Tenant({ from: 'param:tenant' }) @Permissions('orders:read', { tenant: true }) @McpTool('named') named() {
    return text({ named: true });
  }

  @Scopes('orders:read') @McpResource('orders://{id}') read(
    @McpArguments() { id, uri }: { id: string; uri: string },
  ) {
    return { contents: [{ uri, text: id }] };
  }

  @Roles('admin') @McpPrompt('plan') plan(@CurrentUser('id') id: string) {
    return { messages: [{ role: 'user', content: { type: 'text', text: id } }] };
  }

  @Public() @McpTool('time') time(@CurrentUser() user: unknown) {
    return text({ time: true, isKnown: user !== undefined });
  }

  unmarked() {}
}

const noInput = {};
const complete = { id: () => ['41', '42'] };
const METADATA = `resource_metadata="${MCP_URL}/.well-known/oauth-protected-resource`;

interface Fastify {
  readonly raw?: unknown;
  hijack?(): void;
}

@McpEndpoint({ path: '/mcp' })
@Controller('mcp/old')
class OldController {
  constructor(
    private readonly tools: OrderTools,
    private readonly mcp: DescopeMcp,
  ) {}

  @Post()
  async post(@Req() request: Fastify & { body: unknown }, @Res() response: Fastify) {
    const { mcp, tools } = this;
    const server = filterMcpLists(new OldServer({ name: 'orders', version: '1.0.0' }));
    for (const name of ['who', 'remove', 'never', 'time'] as const)
      server.registerTool(name, { description: name }, mcp.handler(tools, name));
    server.registerTool('add', { inputSchema: { count: z.number() } }, mcp.handler(tools, 'add'));
    server.registerTool('named', { inputSchema: { tenant: z.string() } }, mcp.handler(tools, 'named'));
    const template = new OldTemplate('orders://{id}', { list: undefined, complete });
    server.registerResource('order', template, {}, mcp.handler(tools, 'read'));
    server.registerPrompt('plan', {}, mcp.handler(tools, 'plan'));
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    await server.connect(transport);
    response.hijack?.();
    await transport.handleRequest(
      (request.raw ?? request) as never,
      (response.raw ?? response) as never,
      request.body,
    );
  }
}

@McpEndpoint({ path: '/mcp' })
@Controller('mcp/new')
class NewController {
  readonly #handle;

  constructor(tools: OrderTools, mcp: DescopeMcp) {
    const handler = createMcpHandler(() => {
      const server = filterMcpLists(new McpServer({ name: 'orders', version: '2.0.0' }));
      for (const name of ['who', 'remove', 'never', 'time'] as const)
        server.registerTool(name, { description: name }, mcp.handler(tools, name));
      server.registerTool('add', { inputSchema: z.object({ count: z.number() }) }, mcp.handler(tools, 'add'));
      server.registerTool(
        'named',
        { inputSchema: z.object({ tenant: z.string() }) },
        mcp.handler(tools, 'named'),
      );
      const template = new ResourceTemplate('orders://{id}', { list: undefined, complete });
      server.registerResource('order', template, {}, mcp.handler(tools, 'read'));
      server.registerPrompt('plan', noInput, mcp.handler(tools, 'plan'));
      return server;
    });
    this.#handle = toNodeHandler(handler);
  }

  @Post()
  async post(@Req() request: Fastify & { body: unknown }, @Res() response: Fastify) {
    response.hijack?.();
    await this.#handle((request.raw ?? request) as never, (response.raw ?? response) as never, request.body);
  }
}

const ENDPOINTS = ['/mcp/old', '/mcp/new'];

describe.each(ADAPTERS)('A transport of the MCP SDK on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;
  beforeAll(async () => {
    const options = { resource: { url: MCP_URL }, transports: [mcpTransport], audience: null };
    const parts = {
      imports: [DescopeModule.forRoot(options)],
      controllers: [OldController, NewController],
      providers: [OrderTools, DescopeMcp, Never],
    };
    application = await start(adapter, parts, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  const agent = (more: Partial<TestIdentity> = {}): TestIdentity => ({
    kind: 'agent',
    sub: 'U2ada',
    aud: MCP_AUDIENCE,
    ...more,
  });

  describe.each(ENDPOINTS)('(%s)', (path) => {
    const send = (message: object, caller: TestIdentity | null = agent()): Promise<McpReply> =>
      sendMcp(`${application.url}${path}`, message, caller === null ? {} : descope.as(caller).bearer);

    it('passes the user, the arguments and what the SDK gives', async () => {
      expect(JSON.parse(textOf(await send(callTool('who'))))).toEqual({
        id: 'U2ada',
        kind: 'agent',
        hasSignal: true,
      });
      const added = await send(callTool('add', { count: 3 }), agent({ scope: 'orders:write' }));
      expect(JSON.parse(textOf(added))).toEqual({ count: 3 });
      const read = await send(
        toMessage('resources/read', { uri: 'orders://7' }),
        agent({ scope: 'orders:read' }),
      );
      expect(read.result).toMatchObject({ contents: [{ uri: 'orders://7', text: '7' }] });
      const plan = await send(toMessage('prompts/get', { name: 'plan' }), agent({ roles: ['admin'] }));
      expect(JSON.stringify(plan.result)).toContain('U2ada');
    });

    it('challenges where a token or a scope is missing', async () => {
      expect((await send(initialize(), null)).headers.get('www-authenticate')).toBe(
        `Bearer realm="descope", ${METADATA}/mcp"`,
      );
      const read = toMessage('resources/read', { uri: 'orders://7' });
      for (const message of [callTool('add', { count: 1 }), read]) {
        const { status, headers, error } = await send(message);
        expect([status, error?.['data']]).toEqual([403, { code: 'ACCESS_SCOPE_MISSING' }]);
        expect(headers.get('www-authenticate')).toMatch(
          new RegExp(`error="insufficient_scope", scope="orders:(?:read|write)", ${METADATA}/mcp"$`),
        );
      }
    });

    it('completes arguments for those alone who may make the call', async () => {
      const ref = { type: 'ref/resource', uri: 'orders://{id}' };
      const values = async (caller?: TestIdentity) => {
        const message = toMessage('completion/complete', { ref, argument: { name: 'id', value: '4' } });
        return (await send(message, caller)).result?.['completion'];
      };
      expect(await values()).toMatchObject({ values: [] });
      expect(await values(agent({ scope: 'orders:read' }))).toMatchObject({ values: ['41', '42'] });
    });

    it('lists what the caller may use, and what lacks only a scope', async () => {
      const list = async (caller?: TestIdentity) =>
        namesOf(await send(toMessage('tools/list'), caller), 'tools');
      expect((await list()).sort()).toEqual(['add', 'named', 'never', 'time', 'who']);
      const all = await list(agent({ roles: ['admin'] }));
      expect(all.sort()).toEqual(['add', 'named', 'never', 'remove', 'time', 'who']);
      const prompts = async (caller?: TestIdentity) =>
        namesOf(await send(toMessage('prompts/list'), caller), 'prompts');
      expect(await prompts()).toEqual([]);
      expect(await prompts(agent({ roles: ['admin'] }))).toEqual(['plan']);
      const templates = await send(toMessage('resources/templates/list'));
      expect(namesOf(templates, 'resourceTemplates')).toEqual(['order']);
    });

    it('rejects each call that a decorator forbids, in the form of MCP', async () => {
      const removed = await send(callTool('remove'));
      expect([removed.status, removed.result?.['isError'], textOf(removed)]).toEqual([
        200,
        true,
        'ACCESS_ROLE_MISSING: This is not allowed.',
      ]);
      expect(textOf(await send(callTool('never')))).toMatch(/^ACCESS_POLICY_REFUSED/);
      expect(textOf(await send(callTool('named', { tenant: 'acme' })))).toMatch(/^ACCESS_TENANT_MISSING/);
      const member = agent({ tenants: { acme: { permissions: ['orders:read'] } } });
      expect(textOf(await send(callTool('named', { tenant: 'acme' }), member))).toBe('{"named":true}');
      expect((await send(toMessage('prompts/get', { name: 'plan' }))).error).toMatchObject({
        code: -32600,
        data: { code: 'ACCESS_ROLE_MISSING' },
      });
    });

    it('runs a public tool, whose caller the endpoint knows', async () => {
      expect(JSON.parse(textOf(await send(callTool('time'))))).toMatchObject({ time: true });
    });
  });

  it('rejects each of several messages by itself', async () => {
    const batch = [callTool('who'), callTool('add', { count: 1 }), callTool('remove')];
    const reply = await sendMcp(`${application.url}/mcp/old`, batch, descope.as(agent()).bearer);
    const results = reply.messages.map(({ result }) => (result as { isError?: boolean }).isError === true);
    expect([reply.status, results]).toEqual([200, [false, true, true]]);
  });

  it('refuses a method without a mark, because its decorators would not be found', () => {
    const mcp = application.app.get(DescopeMcp);
    const tools = application.app.get(OrderTools);
    expect(() => mcp.handler(tools, 'unmarked')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_DEMAND_INVALID',
        message: expect.stringContaining('OrderTools.unmarked'),
      }),
    );
    expect(mcp.handler(tools, 'add')).toBe(mcp.handler(tools, 'add'));
    for (const decorate of [McpTool, McpPrompt, McpResource])
      expect(() => decorate('')).toThrow(/needs a name or URI/);
    expect(() => filterMcpLists({})).toThrow(TypeError);
  });
});
