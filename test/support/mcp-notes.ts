// A Nest application with a bare MCP transport in a controller, which clients of both eras of MCP can use.
import type { ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { All, Controller, Module, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DescopeUser } from 'nestjs-descope';
import { CurrentUser, DescopeAccessError, DescopeModule, ProtectedResource, Scopes } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
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

// Each request has a server of its own, which knows who calls.
const mcp = toNodeHandler(
  createMcpHandler(({ authInfo }) => {
    const server = new McpServer({ name: 'notes', version: '1.0.0' });
    const who = String(authInfo?.clientId);
    const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
    server.registerTool('read_notes', { description: 'Reads notes.' }, () => say(`notes of ${who}`));
    server.registerTool('write_note', { description: 'Writes a note.' }, () => say(`written by ${who}`));
    return server;
  }),
);

type McpRequest = Parameters<typeof mcp>[0] & {
  readonly body?: { readonly method?: unknown; readonly params?: { readonly name?: unknown } };
};

@ProtectedResource({ scopes: SCOPES })
@Scopes('notes:read')
@Controller('mcp')
class McpController {
  @All()
  async handle(
    @Req() request: McpRequest,
    @Res() response: ServerResponse,
    @CurrentUser() user: DescopeUser,
  ): Promise<void> {
    const { method, params } = request.body ?? {};
    if (method === 'tools/call' && params?.name === 'write_note' && !user.scopes.includes('notes:write')) {
      const wanted = { wanted: ['notes:write'] };
      throw new DescopeAccessError('ACCESS_SCOPE_MISSING', 'The tool requires a further scope.', wanted);
    }
    request.auth = { token: '', clientId: user.id, scopes: [...user.scopes] }; // the token is not handed on
    await mcp(request, response, request.body);
  }
}

/** Starts both; the seed has a person, a machine, and the MCP server. */
export async function startNotes(): Promise<RunningNotes> {
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
  });
  @Module({ imports: [descope], controllers: [McpController] })
  class NotesModule {}
  const app = await NestFactory.create(NotesModule, { logger: false });
  await app.listen(port, '127.0.0.1');
  const close = async () => {
    await app.close();
    await emulator.close();
  };
  return { emulator, url, issuer, close };
}
