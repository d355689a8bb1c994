// Attacks on an MCP server that keeps sessions: foreign tokens, hidden tools, and the session and stream of another caller.
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
import type { McpReply } from '../../support/mcp.js';
import {
  callTool,
  initialize,
  MCP_AUDIENCE,
  MCP_URL,
  namesOf,
  sendMcp,
  serveMcp,
  textOf,
  toMessage,
} from '../../support/mcp.js';

const PAUSE_MS = 20;

@UseGuards(AuthGuard)
@McpController()
class Tools {
  @Tool({ name: 'who', description: 'Who calls' }) async who(@CurrentUser('id') id: string) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return { id };
  }

  @Roles('admin') @Tool({ name: 'remove', description: 'Removes' }) remove() {
    return { removed: true };
  }

  @Scopes('orders:write') @Tool({ name: 'add', description: 'Adds' }) add(@CurrentUser('id') id: string) {
    return { added: id };
  }
}

describe.each(ADAPTERS)('An MCP endpoint on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;
  beforeAll(async () => {
    const transport = new StreamableHttpTransport({ statefulMode: true, enableJsonResponse: true });
    const strategy = new McpStrategy({
      name: 'orders',
      version: '1.0.0',
      transports: [transport],
      serverMutator: filterMcpLists,
    });
    @McpEndpoint()
    @Controller('mcp')
    class McpRoute extends McpHttpControllerFor(transport) {}
    // Another resource of the application, to which the same sessions are no use.
    @McpEndpoint()
    @Controller('other')
    class OtherRoute extends McpHttpControllerFor(transport) {}
    const options = { resource: { url: MCP_URL }, transports: [mcpTransport], audience: null };
    const parts = { imports: [DescopeModule.forRoot(options)], controllers: [McpRoute, OtherRoute, Tools] };
    application = await start(adapter, parts, {
      override: (builder) => descope.override(builder),
      configure: serveMcp(strategy),
    });
  });
  afterAll(() => application.close());

  const agent = (sub: string, more: Partial<TestIdentity> = {}): TestIdentity => ({
    kind: 'agent',
    sub,
    aud: MCP_AUDIENCE,
    ...more,
  });
  const ada = agent('U2ada');
  const bob = agent('U2bob', { roles: ['admin'] });
  const toHeaders = (caller: TestIdentity, session?: string) => ({
    ...descope.as(caller).bearer,
    ...(session === undefined ? {} : { 'mcp-session-id': session }),
  });
  const send = (message: unknown, caller: TestIdentity, session?: string, path = '/mcp'): Promise<McpReply> =>
    sendMcp(application.url + path, message, toHeaders(caller, session));
  const open = async (caller: TestIdentity): Promise<string> => {
    const { status, headers } = await send(initialize(), caller);
    expect(status).toBe(200);
    return headers.get('mcp-session-id') ?? '';
  };
  const NO_SESSION = { jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' } };

  it('serves the session of its own caller, also after a new sign-in', async () => {
    const session = await open(ada);
    expect(session).not.toBe('');
    expect(JSON.parse(textOf(await send(callTool('who'), ada, session)))).toEqual({ id: 'U2ada' });
    const richer = { ...ada, scope: 'orders:write' };
    expect(JSON.parse(textOf(await send(callTool('add'), richer, session)))).toEqual({ added: 'U2ada' });
  });

  it("rejects messages of another user, or of the user's other client, in a session", async () => {
    const session = await open(ada);
    for (const other of [bob, { ...ada, azp: 'another-client' }, { ...ada, kind: 'app' } as const]) {
      const message = callTool('who');
      const reply = await send(message, other, session);
      expect([reply.status, reply.messages]).toEqual([404, [{ ...NO_SESSION, id: message.id }]]);
    }
    expect((await send(callTool('who'), ada, session)).status).toBe(200);
  });

  it("rejects another user's stream, and the end of another user's session", async () => {
    const session = await open(ada);
    const accept = 'text/event-stream';
    for (const method of ['GET', 'DELETE']) {
      const headers = { accept, ...toHeaders(bob, session) };
      const { status, body } = await application.request('/mcp', { method, headers });
      expect([method, status, body]).toEqual([method, 404, { ...NO_SESSION, id: null }]);
    }
    expect((await send(callTool('who'), ada, session)).status).toBe(200);
    const deleted = await application.request('/mcp', { method: 'DELETE', headers: toHeaders(ada, session) });
    expect(deleted.status).toBe(200);
  });

  it('rejects a session that was never opened, or at another endpoint, and two at once', async () => {
    const session = await open(ada);
    expect((await send(callTool('who'), ada, 'made-up')).status).toBe(404);
    expect((await send(callTool('who'), ada, `${session}, ${session}`)).status).toBe(404);
    const elsewhere = { ...ada, aud: `${MCP_URL}/other` };
    expect((await send(callTool('who'), elsewhere, session, '/other')).status).toBe(404);
  });

  it('judges messages of one session at the same time, each by its own token', async () => {
    const session = await open(ada);
    const callers = Array.from({ length: 20 }, (_, index) =>
      index % 2 ? ada : { ...ada, scope: 'orders:write' },
    );
    const replies = await Promise.all(callers.map((caller) => send([callTool('add')], caller, session)));
    expect(replies.map(({ result }) => result?.['isError'] === true)).toEqual(
      callers.map((_, index) => index % 2 === 1),
    );
  });

  it('ends a stream when the token of its caller expires', async () => {
    const session = await open(ada);
    const exp = Math.floor(Date.now() / 1000) + 2;
    const started = Date.now();
    const chunks = await readStream(`${application.url}/mcp`, {
      accept: 'text/event-stream',
      ...toHeaders({ ...ada, exp }, session),
    });
    expect(chunks.status).toBe(200);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it('rejects a tool that the list leaves out when it is called by its name', async () => {
    const session = await open(ada);
    expect(namesOf(await send(toMessage('tools/list'), ada, session), 'tools')).toEqual(['who', 'add']);
    const reply = await send(callTool('remove'), ada, session);
    expect([reply.result?.['isError'], textOf(reply)]).toEqual([
      true,
      'ACCESS_ROLE_MISSING: This is not allowed.',
    ]);
    const batch = await send([callTool('who'), callTool('remove')], ada, session);
    expect(batch.messages.map(({ result }) => (result as { isError?: boolean }).isError === true)).toEqual([
      false,
      true,
    ]);
  });

  it.each<[string, Partial<TestIdentity>, string]>([
    ['another resource', { aud: `${MCP_URL}/other` }, 'TOKEN_AUDIENCE_MISMATCH'],
    ['the origin', { aud: MCP_URL }, 'TOKEN_AUDIENCE_MISMATCH'],
    ['no resource', { aud: undefined as never }, 'TOKEN_AUDIENCE_MISMATCH'],
    [
      "another project's server",
      { iss: 'https://api.descope.com/v1/apps/agentic/P2otherotherotherotherother/MS2other' },
      'TOKEN_ISSUER_MISMATCH',
    ],
    [
      "another project's apps",
      { iss: 'https://api.descope.com/v1/apps/P2otherotherotherotherother' },
      'TOKEN_ISSUER_MISMATCH',
    ],
    [
      'an ID token',
      { iss: `https://api.descope.com/${descope.projectId}`, drn: undefined, nonce: 'x' },
      'TOKEN_',
    ],
  ])('rejects a token for %s', async (_what, claims, code) => {
    const { status, body, headers } = await application.request('/mcp', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...toHeaders({ ...ada, ...claims }) },
      body: JSON.stringify(initialize()),
    });
    expect([status, body['code']]).toEqual([401, expect.stringMatching(`^${code}`)]);
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});

function readStream(url: string, headers: Record<string, string>): Promise<{ status: number | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, agent: false }, (response) => {
      response.resume();
      const end = () => resolve({ status: response.statusCode });
      response.on('close', end).on('error', end);
    });
    sent.on('error', reject).end();
  });
}
