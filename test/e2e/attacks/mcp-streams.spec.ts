// A stream of an MCP server ends with its caller's token, however the client asked for it.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Post, Res } from '@nestjs/common';
import { DescopeModule } from 'nestjs-descope';
import { McpEndpoint, mcpTransport } from 'nestjs-descope/mcp';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { MCP_AUDIENCE, MCP_URL, toMessage } from '../../support/mcp.js';

interface Response {
  readonly raw?: Response;
  hijack?(): void;
  writeHead(status: number, headers: object): void;
  write(text: string): void;
}

@McpEndpoint()
@Controller('mcp')
class StreamController {
  @Post() open(@Res() response: Response): void {
    response.hijack?.();
    const node = response.raw ?? response;
    node.writeHead(200, { 'content-type': 'text/event-stream' });
    node.write(': open\n\n');
  }
}

describe.each(ADAPTERS)('A stream of an MCP endpoint on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;
  beforeAll(async () => {
    const options = { resource: { url: MCP_URL }, transports: [mcpTransport], audience: null };
    const parts = { imports: [DescopeModule.forRoot(options)], controllers: [StreamController] };
    application = await start(adapter, parts, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  it.each([
    ['in one message', toMessage('subscriptions/listen')],
    ['in one of several messages', [toMessage('ping'), toMessage('subscriptions/listen')]],
  ])('ends with the token where a subscription is opened %s', async (_how, body) => {
    const exp = Math.floor(Date.now() / 1000) + 2;
    const { bearer } = descope.as({ kind: 'agent', sub: 'U2ada', aud: MCP_AUDIENCE, exp });
    const response = await fetch(`${application.url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    expect(response.status).toBe(200);
    const ended: unknown = await response.text().catch((error: unknown) => error);
    expect(ended).toMatchObject({ message: 'terminated' });
  });
});
