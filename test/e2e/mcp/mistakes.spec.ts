// A mistake of the application's developers in a tool of an MCP server: its caller learns nothing of it, and the log has it once.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { Controller, Injectable, Post, Req, Res, UseGuards } from '@nestjs/common';
import {
  McpController,
  McpHttpControllerFor,
  McpStrategy,
  StreamableHttpTransport,
  Tool,
} from '@rekog/mcp-nest';
import { AuthGuard, DescopeM2mClient, DescopeModule } from 'nestjs-descope';
import { DescopeMcp, McpEndpoint, McpTool, mcpTransport } from 'nestjs-descope/mcp';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { callTool, MCP_AUDIENCE, MCP_URL, sendMcp, serveMcp, textOf } from '../../support/mcp.js';

const SECRET = 'clientId must be'; // what only a developer may read

@UseGuards(AuthGuard)
@McpController()
class Tools {
  constructor(private readonly machines: DescopeM2mClient) {}

  @McpTool('mistaken')
  @Tool({ name: 'mistaken', description: 'Calls another service' })
  mistaken() {
    return this.machines.getToken({} as never);
  }

  @McpTool('foreign')
  @Tool({ name: 'foreign', description: 'Fails' })
  foreign(): string {
    throw new RangeError('not ours');
  }
}

@Injectable()
class SdkTools extends Tools {
  @McpTool('mistaken') override mistaken() {
    return super.mistaken();
  }

  @McpTool('foreign') override foreign() {
    return super.foreign();
  }
}

interface Fastify {
  readonly raw?: unknown;
  readonly body?: unknown;
  hijack?(): void;
}

@McpEndpoint({ path: '/mcp' })
@Controller('mcp/sdk')
class SdkController {
  readonly #handle;

  constructor(tools: SdkTools, mcp: DescopeMcp) {
    const handler = createMcpHandler(() => {
      const server = new McpServer({ name: 'orders', version: '2.0.0' });
      for (const name of ['mistaken', 'foreign'] as const)
        server.registerTool(name, { description: name }, mcp.handler(tools, name));
      return server;
    });
    this.#handle = toNodeHandler(handler);
  }

  @Post()
  async post(@Req() request: Fastify, @Res() response: Fastify) {
    response.hijack?.();
    await this.#handle((request.raw ?? request) as never, (response.raw ?? response) as never, request.body);
  }
}

describe.each(ADAPTERS)('A mistake in a tool, on %s', (adapter) => {
  const descope = createTestDescope();
  const logger = new CollectingLogger();
  let application: RunningApplication;
  beforeAll(async () => {
    const transport = new StreamableHttpTransport();
    const strategy = new McpStrategy({ name: 'orders', version: '1.0.0', transports: [transport] });
    @McpEndpoint({ path: '/mcp' })
    @Controller('mcp')
    class McpRoute extends McpHttpControllerFor(transport) {}
    const options = { resource: { url: MCP_URL }, transports: [mcpTransport], audience: null };
    const parts = {
      imports: [DescopeModule.forRoot(options)],
      controllers: [McpRoute, Tools, SdkController],
      providers: [SdkTools, DescopeMcp],
    };
    application = await start(adapter, parts, {
      logger,
      override: (builder) => descope.override(builder),
      configure: serveMcp(strategy),
    });
  });
  afterAll(() => application.close());

  it.each(['/mcp/sdk', '/mcp'])(
    'tells the caller nothing, and the log everything, once: %s',
    async (path) => {
      const { bearer } = descope.as({ kind: 'agent', sub: 'U2ada', aud: MCP_AUDIENCE });
      logger.entries.length = 0;
      const reply = await sendMcp(`${application.url}${path}`, callTool('mistaken'), bearer);
      expect([reply.result?.['isError'], textOf(reply)]).toEqual([true, 'Internal server error']);
      expect(JSON.stringify(reply.messages)).not.toContain(SECRET);
      const errors = logger.entries.filter((entry) => entry.startsWith('error'));
      expect(errors.filter((entry) => entry.includes(SECRET))).toHaveLength(1);
    },
  );

  it('leaves what is not of this package to the SDK', async () => {
    const { bearer } = descope.as({ kind: 'agent', sub: 'U2ada', aud: MCP_AUDIENCE });
    expect(textOf(await sendMcp(`${application.url}/mcp/sdk`, callTool('foreign'), bearer))).toBe('not ours');
  });
});
