// A Nest application that is an MCP server for clients of both eras: with a bare transport, and with the entry point './mcp'.
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { All, Controller, Injectable, Module, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { DescopeUser } from 'nestjs-descope';
import {
  CurrentUser,
  DescopeAccessError,
  DescopeModule,
  ProtectedResource,
  Roles,
  Scopes,
} from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { DescopeMcp, filterMcpLists, McpEndpoint, McpTool, mcpTransport } from 'nestjs-descope/mcp';
import { findFreePort } from './free-port.js';

/** The application, and the emulator that is its authorization server. */
export interface RunningNotes {
  readonly emulator: Emulator;
  /** The URL of the MCP server, which is the resource. */
  readonly url: URL;
  readonly issuer: string;
  close(): Promise<void>;
}

const SERVER_ID = 'MS2notes';
const SCOPES = ['notes:read', 'notes:write'];
const INFO = { name: 'notes', version: '1.0.0' };
const toResult = (text: string) => ({ content: [{ type: 'text' as const, text }] });

type NodeHandler = ReturnType<typeof toNodeHandler>;
type McpRequest = Parameters<NodeHandler>[0] & {
  readonly body?: { readonly method?: unknown; readonly params?: { readonly name?: unknown } };
  readonly raw?: Parameters<NodeHandler>[0];
};
type McpResponse = Parameters<NodeHandler>[1] & {
  readonly raw?: Parameters<NodeHandler>[1];
  hijack?(): void;
};

// Without './mcp': the controller itself looks into the message. Each request has a server of its own, which knows who calls.
const bare = toNodeHandler(
  createMcpHandler(({ authInfo }) => {
    const server = new McpServer(INFO);
    const who = String(authInfo?.clientId);
    server.registerTool('read_notes', {}, () => toResult(`notes of ${who}`));
    server.registerTool('write_note', {}, () => toResult(`written by ${who}`));
    return server;
  }),
);

@ProtectedResource({ scopes: SCOPES })
@Scopes('notes:read')
@Controller('mcp')
class BareController {
  @All()
  async handle(
    @Req() request: McpRequest,
    @Res() response: McpResponse,
    @CurrentUser() user: DescopeUser,
  ): Promise<void> {
    const { method, params } = request.body ?? {};
    if (method === 'tools/call' && params?.name === 'write_note' && !user.scopes.includes('notes:write')) {
      const wanted = { wanted: ['notes:write'] };
      throw new DescopeAccessError('ACCESS_SCOPE_MISSING', 'The tool requires a further scope.', wanted);
    }
    request.auth = { token: '', clientId: user.id, scopes: [...user.scopes] }; // the token is not handed on
    await bare(request, response, request.body);
  }
}

@Injectable()
class NoteTools {
  @McpTool('read_notes') read(@CurrentUser('id') id: string) {
    return toResult(`notes of ${id}`);
  }

  @Scopes('notes:write') @McpTool('write_note') write(@CurrentUser('id') id: string) {
    return toResult(`written by ${id}`);
  }

  @Roles('admin') @McpTool('purge_notes') purge() {
    return toResult('purged');
  }
}

@McpEndpoint({ scopes: SCOPES })
@Scopes('notes:read')
@Controller('mcp')
class EndpointController {
  readonly #handle: NodeHandler;

  constructor(tools: NoteTools, mcp: DescopeMcp) {
    const handler = createMcpHandler(() => {
      const server = filterMcpLists(new McpServer(INFO));
      server.registerTool('read_notes', {}, mcp.handler(tools, 'read'));
      server.registerTool('write_note', {}, mcp.handler(tools, 'write'));
      server.registerTool('purge_notes', {}, mcp.handler(tools, 'purge'));
      return server;
    });
    this.#handle = toNodeHandler(handler);
  }

  @All()
  async handle(@Req() request: McpRequest, @Res() response: McpResponse): Promise<void> {
    response.hijack?.();
    await this.#handle(request.raw ?? request, response.raw ?? response, request.body);
  }
}

/** How an application is an MCP server. */
export interface NotesFlavour {
  readonly name: string;
  readonly adapter: () => ExpressAdapter | FastifyAdapter;
  readonly isBare: boolean;
}

/** All ways. */
export const FLAVOURS: readonly NotesFlavour[] = [
  { name: 'a bare transport on Express', adapter: () => new ExpressAdapter(), isBare: true },
  { name: '@McpEndpoint on Express', adapter: () => new ExpressAdapter(), isBare: false },
  { name: '@McpEndpoint on Fastify', adapter: () => new FastifyAdapter(), isBare: false },
];

/** Starts both; the seed has a person, two machines, and the MCP server. */
export async function startNotes({ adapter, isBare }: NotesFlavour): Promise<RunningNotes> {
  const port = await findFreePort();
  const url = new URL(`http://127.0.0.1:${port}/mcp`);
  const emulator = await startEmulator({
    seed: {
      users: [{ loginId: 'ada@example.com', userId: 'U2ada' }],
      inboundApps: [
        { name: 'batch', clientId: 'batch', clientSecret: 'batch-secret', scopes: SCOPES },
        { name: 'reader', clientId: 'reader', clientSecret: 'reader-secret', scopes: ['notes:read'] },
      ],
      mcpServers: [{ name: 'notes', id: SERVER_ID, url: url.href, scopes: SCOPES }],
    },
  });
  const issuer = `${emulator.url}/v1/apps/agentic/${emulator.projectId}/${SERVER_ID}`;
  const descope = DescopeModule.forRoot({
    projectId: emulator.projectId,
    baseUrl: emulator.url,
    resource: { url: url.origin, servers: [issuer] },
    audience: null,
    clock: () => emulator.clock.now(),
    ...(isBare ? {} : { transports: [mcpTransport] }),
  });
  const parts = isBare
    ? { controllers: [BareController] }
    : { controllers: [EndpointController], providers: [NoteTools, DescopeMcp] };
  @Module({ imports: [descope], ...parts })
  class NotesModule {}
  const app = await NestFactory.create(NotesModule, adapter(), { logger: false });
  await app.listen(port, '127.0.0.1');
  const close = async () => {
    await app.close();
    await emulator.close();
  };
  return { emulator, url, issuer, close };
}
