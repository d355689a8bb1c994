// A resource whose route is public: its tools still accept only tokens that were issued for it.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { Controller, Injectable, Post, Req, Res } from '@nestjs/common';
import { CurrentUser, DescopeModule, Public } from 'nestjs-descope';
import { DescopeMcp, McpEndpoint, McpTool, mcpTransport } from 'nestjs-descope/mcp';
import type { TestIdentity } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { callTool, MCP_URL, sendMcp, textOf } from '../../support/mcp.js';

@Injectable()
class Tools {
  @McpTool('who') who(@CurrentUser('id') id: string) {
    return { content: [{ type: 'text', text: id }] };
  }
}

interface Fastify {
  readonly raw?: unknown;
  hijack?(): void;
}

abstract class Endpoint {
  constructor(
    private readonly tools: Tools,
    private readonly mcp: DescopeMcp,
  ) {}

  protected async answer(request: Fastify & { body: unknown }, response: Fastify): Promise<void> {
    const server = new McpServer({ name: 'orders', version: '1.0.0' });
    server.registerTool('who', {}, this.mcp.handler(this.tools, 'who'));
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

@McpEndpoint()
@Controller('endpoint')
class EndpointController extends Endpoint {
  @Public() @Post() post(@Req() request: Fastify & { body: unknown }, @Res() response: Fastify) {
    return this.answer(request, response);
  }
}
Reflect.defineMetadata('design:paramtypes', [Tools, DescopeMcp], EndpointController);

describe.each(ADAPTERS)('The public route of a resource on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;
  beforeAll(async () => {
    const options = { resource: { url: MCP_URL }, transports: [mcpTransport], audience: null };
    const parts = {
      imports: [DescopeModule.forRoot(options)],
      controllers: [EndpointController],
      providers: [Tools, DescopeMcp],
    };
    application = await start(adapter, parts, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  const call = async (caller: TestIdentity) => {
    const { bearer } = descope.as(caller);
    return textOf(await sendMcp(`${application.url}/endpoint`, [callTool('who')], bearer));
  };

  it('calls its tools with its own tokens alone', async () => {
    const aud = `${MCP_URL}/endpoint`;
    const rejected = expect.stringContaining('The session is not valid.');
    expect(await call({ sub: 'U2ada' })).toEqual(rejected);
    expect(await call({ sub: 'U2ada', aud: `${MCP_URL}/other` })).toEqual(rejected);
    expect(await call({ sub: 'U2ada', aud })).toBe('U2ada');
    expect(await call({ kind: 'agent', sub: 'U2ada', aud })).toBe('U2ada');
  });

  it('is described by metadata', async () => {
    const { status, body } = await application.request(`/.well-known/oauth-protected-resource/endpoint`);
    expect([status, body['resource']]).toEqual([200, `${MCP_URL}/endpoint`]);
  });
});
