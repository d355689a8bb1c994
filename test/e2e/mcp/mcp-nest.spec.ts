// Tools, resources and prompts of @rekog/mcp-nest: access decorators, lists, and the challenge by which a client steps up.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, UseGuards } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  McpContext,
  McpController,
  McpHttpControllerFor,
  McpStrategy,
  Prompt,
  Resource,
  ResourceTemplate,
  StreamableHttpTransport,
  Tool,
} from '@rekog/mcp-nest';
import type { DescopeRule, DescopeUser } from 'nestjs-descope';
import {
  Accepts,
  AuthGuard,
  Authorize,
  CurrentUser,
  DescopeModule,
  Permissions,
  Roles,
  Scopes,
  StepUp,
  Tenant,
} from 'nestjs-descope';
import { filterMcpLists, McpEndpoint, mcpTransport } from 'nestjs-descope/mcp';
import type { TestIdentity } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import { z } from 'zod';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import type { McpReply } from '../../support/mcp.js';
import {
  callTool,
  MCP_AUDIENCE,
  MCP_URL,
  namesOf,
  sendMcp,
  serveMcp,
  textOf,
  toMessage,
} from '../../support/mcp.js';

@Injectable()
class NoMondays implements DescopeRule {
  isAllowed(_user: unknown, context: Parameters<DescopeRule['isAllowed']>[1]) {
    const { day } = context.switchToRpc().getData<{ day: string }>();
    return day !== 'monday';
  }
}

@UseGuards(AuthGuard)
@McpController()
class OrderTools {
  @Tool({ name: 'who', description: 'Who calls' })
  who(@CurrentUser() user: DescopeUser, @CurrentUser('kind') kind: string) {
    return { id: user.id, kind };
  }

  @Scopes('orders:write')
  @Tool({ name: 'add', description: 'Adds', parameters: z.object({ count: z.number() }) })
  add(@Payload() { count }: { count: number }, @Ctx() context: McpContext, @CurrentUser('id') id: string) {
    return { count, id, kind: context.getSession().transport };
  }

  @Roles('admin') @Tool({ name: 'remove', description: 'Removes' }) remove() {
    return { removed: true };
  }

  @Permissions('orders:audit')
  @Scopes('orders:audit')
  @Tool({ name: 'audit', description: 'Audits' })
  audit() {
    return { audited: true };
  }

  @Tenant({ from: 'dct' }) @Tool({ name: 'tenant', description: 'Of a tenant' }) tenant() {
    return { tenant: true };
  }

  @Tenant({ from: 'param:tenant' })
  @Tool({ name: 'named', description: 'Of a tenant', parameters: z.object({ tenant: z.string() }) })
  named() {
    return { named: true };
  }

  @Authorize(NoMondays)
  @Tool({ name: 'days', description: 'Not on Mondays', parameters: z.object({ day: z.string() }) })
  days() {
    return { open: true };
  }

  @StepUp({ acrValues: ['urn:mfa'] }) @Tool({ name: 'pay', description: 'Pays' }) pay() {
    return { paid: true };
  }

  @Accepts('user') @Tool({ name: 'people', description: 'For people' }) people() {
    return { people: true };
  }

  @Roles('admin') @Resource({ name: 'secrets', uri: 'orders://secrets' }) secrets() {
    return { contents: [{ uri: 'orders://secrets', text: 'secret' }] };
  }

  @Scopes('orders:read')
  @ResourceTemplate({ name: 'order', uriTemplate: 'orders://{id}/lines' })
  lines(@Payload() { id }: { id: string }, @CurrentUser('kind') kind: string) {
    return { contents: [{ uri: `orders://${id}/lines`, text: kind }] };
  }

  @Scopes('orders:read') @Prompt({ name: 'summary', description: 'Summarizes' }) summary() {
    return { messages: [{ role: 'user', content: { type: 'text', text: 'Summarize.' } }] };
  }

  @Roles('admin') @Prompt({ name: 'plan', description: 'Plans' }) plan() {
    return { messages: [] };
  }
}

const METADATA = `resource_metadata="${MCP_URL}/.well-known/oauth-protected-resource/mcp"`;
const TOOLS = ['add', 'audit', 'days', 'named', 'pay', 'people', 'remove', 'tenant', 'who'];

describe.each(ADAPTERS)('@rekog/mcp-nest on %s', (adapter) => {
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
    @McpEndpoint({ scopes: ['orders:read', 'orders:write'] })
    @Scopes('orders:connect')
    @Controller('mcp')
    class McpRoute extends McpHttpControllerFor(transport) {}
    application = await start(
      adapter,
      {
        imports: [
          DescopeModule.forRoot({ resource: { url: MCP_URL }, transports: [mcpTransport], audience: null }),
        ],
        controllers: [McpRoute, OrderTools],
        providers: [NoMondays],
      },
      {
        override: (builder) => descope.override(builder),
        configure: serveMcp(strategy),
      },
    );
  });
  afterAll(() => application.close());

  const agent = (more: Partial<TestIdentity> = {}): TestIdentity => {
    const scope = ['orders:connect', more.scope ?? ''].join(' ').trim();
    return { kind: 'agent', sub: 'U2ada', aud: MCP_AUDIENCE, ...more, scope };
  };
  const send = (message: object, caller: TestIdentity | null = agent()): Promise<McpReply> =>
    sendMcp(`${application.url}/mcp`, message, caller === null ? {} : descope.as(caller).bearer);
  const list = async (caller?: TestIdentity) =>
    namesOf(await send(toMessage('tools/list'), caller), 'tools').sort();

  it('challenges a caller without a token, and one whose token is for another resource', async () => {
    const anonymous = await send(toMessage('tools/list'), null);
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer realm="descope", scope="orders:connect", ${METADATA}`,
    ]);
    expect((await send(toMessage('tools/list'), agent({ aud: MCP_URL }))).status).toBe(401);
  });

  it('passes the user to a tool that a token of an agent may call', async () => {
    const reply = await send(callTool('who'));
    expect(reply.status).toBe(200);
    expect(JSON.parse(textOf(reply))).toEqual({ id: 'U2ada', kind: 'agent' });
    const written = await send(callTool('add', { count: 2 }), agent({ scope: 'orders:write' }));
    expect(JSON.parse(textOf(written))).toEqual({ count: 2, id: 'U2ada', kind: 'streamable-http' });
  });

  it('answers a call that lacks a scope with 403 in JSON-RPC, and the challenge with all scopes', async () => {
    const message = callTool('add', { count: 1 });
    const reply = await send(message);
    expect(reply.status).toBe(403);
    expect(reply.headers.get('www-authenticate')).toBe(
      `Bearer realm="descope", error="insufficient_scope", scope="orders:write orders:connect", ${METADATA}`,
    );
    expect(reply.messages).toEqual([
      {
        jsonrpc: '2.0',
        id: message.id,
        error: {
          code: -32600,
          message: 'ACCESS_SCOPE_MISSING: This is not allowed.',
          data: { code: 'ACCESS_SCOPE_MISSING' },
        },
      },
    ]);
    const stronger = await send(callTool('pay'));
    expect([stronger.status, stronger.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer realm="descope", error="insufficient_user_authentication", acr_values="urn:mfa", scope="orders:connect", ${METADATA}`,
    ]);
    expect(JSON.parse(textOf(await send(callTool('pay'), agent({ su: true }))))).toEqual({ paid: true });
  });

  it('steps up for resources and prompts, too', async () => {
    const read = toMessage('resources/read', { uri: 'orders://7/lines' });
    const get = toMessage('prompts/get', { name: 'summary' });
    for (const message of [read, get]) {
      const reply = await send(message);
      expect([reply.status, reply.headers.get('www-authenticate')]).toEqual([
        403,
        `Bearer realm="descope", error="insufficient_scope", scope="orders:read orders:connect", ${METADATA}`,
      ]);
    }
    const caller = agent({ scope: 'orders:read' });
    expect((await send(read, caller)).result).toMatchObject({
      contents: [{ uri: 'orders://7/lines', text: 'agent' }],
    });
    expect((await send(get, caller)).result).toHaveProperty('messages');
  });

  it('leaves out of the list what role, tenant, permission or kind forbid, and keeps what lacks a scope', async () => {
    expect(await list()).toEqual(['add', 'days', 'named', 'pay', 'who']);
    expect(await list(agent({ roles: ['admin'] }))).toEqual(['add', 'days', 'named', 'pay', 'remove', 'who']);
    const member = agent({ dct: 'acme', tenants: { acme: {} }, permissions: ['orders:audit'] });
    expect(await list(member)).toEqual(['add', 'audit', 'days', 'named', 'pay', 'tenant', 'who']);
    const everything = { ...member, kind: 'user', roles: ['admin'], amr: ['email'] } as const;
    expect(await list(everything)).toEqual(TOOLS);
    const names = async (method: string, member: string, caller?: TestIdentity) =>
      namesOf(await send(toMessage(method), caller), member);
    expect(await names('prompts/list', 'prompts')).toEqual(['summary']);
    expect((await names('prompts/list', 'prompts', agent({ roles: ['admin'] }))).sort()).toEqual([
      'plan',
      'summary',
    ]);
    expect(await names('resources/list', 'resources')).toEqual([]);
    expect(await names('resources/list', 'resources', agent({ roles: ['admin'] }))).toEqual(['secrets']);
    expect(await names('resources/templates/list', 'resourceTemplates')).toEqual(['order']);
  });

  it('lists for each caller anew, also at the same time', async () => {
    const callers = Array.from({ length: 12 }, (_, index) =>
      index % 2 ? agent({ roles: ['admin'] }) : agent(),
    );
    const lists = await Promise.all(callers.map((caller) => list(caller)));
    expect(lists.map((names) => names.includes('remove'))).toEqual(
      callers.map((_, index) => index % 2 === 1),
    );
  });

  it('rejects what the list leaves out when it is called by its name, in the form of MCP', async () => {
    const removed = await send(callTool('remove'));
    expect([removed.status, removed.result]).toEqual([
      200,
      { content: [{ type: 'text', text: 'ACCESS_ROLE_MISSING: This is not allowed.' }], isError: true },
    ]);
    expect(textOf(await send(callTool('tenant')))).toMatch(/^ACCESS_TENANT_UNNAMED/);
    expect(textOf(await send(callTool('people')))).toMatch(/^TOKEN_KIND_NOT_ACCEPTED/);
    const audit = await send(callTool('audit')); // it lacks a permission, too, so no step-up would help
    expect([audit.status, audit.headers.get('www-authenticate')]).toEqual([200, null]);
    expect(textOf(audit)).toMatch(/^ACCESS_(?:SCOPE|PERMISSION)_MISSING/);
    const forbidden = { code: -32600, data: { code: 'ACCESS_ROLE_MISSING' } };
    const secrets = toMessage('resources/read', { uri: 'orders://secrets' });
    expect((await send(secrets)).error).toMatchObject(forbidden);
    expect((await send(toMessage('prompts/get', { name: 'plan' }))).error).toMatchObject(forbidden);
    const allowed = agent({ roles: ['admin'] });
    expect((await send(secrets, allowed)).result).toHaveProperty('contents');
    expect(JSON.parse(textOf(await send(callTool('remove'), allowed)))).toEqual({ removed: true });
  });

  it('reads the tenant of the arguments, and passes them to a rule', async () => {
    const member = agent({ tenants: { acme: {} } });
    expect(JSON.parse(textOf(await send(callTool('named', { tenant: 'acme' }), member)))).toEqual({
      named: true,
    });
    expect(textOf(await send(callTool('named', { tenant: 'other' }), member))).toMatch(
      /^ACCESS_TENANT_MISSING/,
    );
    expect(JSON.parse(textOf(await send(callTool('days', { day: 'sunday' }))))).toEqual({ open: true });
    expect(textOf(await send(callTool('days', { day: 'monday' })))).toMatch(/^ACCESS_POLICY_REFUSED/);
  });
});
