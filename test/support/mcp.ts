// Messages of MCP over HTTP, as a client sends them, and what comes back.
import type { INestApplication } from '@nestjs/common';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { Answer } from './application.js';
import { ask } from './application.js';

export const MCP_URL = 'https://mcp.example.com';
/** The URL of the resource at `/mcp`. */
export const MCP_AUDIENCE = `${MCP_URL}/mcp`;

export interface McpReply {
  readonly status: number;
  readonly headers: Headers;
  readonly result: Record<string, unknown> | undefined;
  readonly error: Readonly<Record<string, unknown>> | undefined;
  readonly messages: readonly Record<string, unknown>[];
}

interface McpService extends CustomTransportStrategy {
  setHttpAdapter(adapter: ReturnType<INestApplication['getHttpAdapter']>): unknown;
}

/** Lets an application serve MCP by a strategy of `@rekog/mcp-nest`, before it listens. */
export function serveMcp(strategy: McpService) {
  return async (app: INestApplication): Promise<void> => {
    strategy.setHttpAdapter(app.getHttpAdapter());
    app.connectMicroservice({ strategy });
    await app.startAllMicroservices();
  };
}

/** Sends one message, or several, to an endpoint. */
export async function sendMcp(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<McpReply> {
  const answer = await ask(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify(body),
  });
  const messages = readMessages(answer);
  const last = messages.at(-1) ?? {};
  const { result, error } = last as Pick<McpReply, 'result' | 'error'>;
  return { status: answer.status, headers: answer.headers, result, error, messages };
}

let count = 0;

export const toMessage = (method: string, params: object = {}) => {
  count += 1;
  return { jsonrpc: '2.0', id: count, method, params };
};
export const callTool = (name: string, args: object = {}) =>
  toMessage('tools/call', { name, arguments: args });
export const initialize = () =>
  toMessage('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'test', version: '1.0.0' },
  });

/** The names in a list. */
export function namesOf(reply: McpReply, member: string, key = 'name'): unknown[] {
  const items = (reply.result?.[member] ?? []) as Readonly<Record<string, unknown>>[];
  return items.map((item) => item[key]);
}

/** The text of the result of a tool. */
export function textOf({ result }: McpReply): string {
  const [content] = (result?.['content'] ?? []) as { readonly text: string }[];
  return content?.text ?? '';
}

function readMessages({ text, headers }: Answer): Record<string, unknown>[] {
  if (text === '') return [];
  if (headers.get('content-type')?.startsWith('text/event-stream') !== true)
    return [JSON.parse(text) as Record<string, unknown>].flat();
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as Record<string, unknown>);
}
