// Who owns a session of MCP's transport: the caller to whom the response with its id was sent.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { DescopeSession } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { toResponseLike } from '#lib/auth/response-headers.js';
import { McpSessions } from '#lib/mcp/mcp-sessions.js';

class Endpoint {}
class Other {}
const descope = createTestDescope();
const ada = descope.session({ sub: 'U2ada' });

function open(
  sessions: McpSessions,
  write: (response: ServerResponse) => void,
  owner: DescopeSession = ada,
): void {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const { node } = toResponseLike(response) ?? {};
  if (node === undefined) throw new Error('no head');
  sessions.observe(node, Endpoint, owner);
  write(response);
}

describe('A session of MCP', () => {
  it('belongs to the caller and the endpoint of the response, however its head is written', () => {
    const sessions = new McpSessions();
    open(sessions, (response) => response.setHeader('Mcp-Session-Id', 'one').writeHead(200));
    open(sessions, (response) => response.writeHead(200, { 'MCP-Session-Id': 'two' }));
    open(sessions, (response) => response.writeHead(200, ['content-type', 'x', 'mcp-session-id', 'three']));
    open(sessions, (response) => response.writeHead(200, 'OK', { 'mcp-session-id': 'four' }));
    for (const id of ['one', 'two', 'three', 'four']) {
      expect([id, sessions.isOwn(id, Endpoint, ada)]).toEqual([id, true]);
      expect(sessions.isOwn(id, Other, ada)).toBe(false);
      expect(sessions.isOwn(id, Endpoint, descope.session({ sub: 'U2bob' }))).toBe(false);
      expect(sessions.isOwn(id, Endpoint, descope.session({ sub: 'U2ada', azp: 'client' }))).toBe(false);
      expect(sessions.isOwn(id, Endpoint, DescopeSession.anonymous())).toBe(false);
    }
    expect(sessions.isOwn('five', Endpoint, ada)).toBe(false);
  });

  it('stays with its first owner when another response names it', () => {
    const sessions = new McpSessions();
    const bob = descope.session({ sub: 'U2bob' });
    open(sessions, (response) => response.writeHead(200, { 'mcp-session-id': 'one' }));
    open(sessions, (response) => response.writeHead(200, { 'mcp-session-id': 'one' }), bob);
    expect([sessions.isOwn('one', Endpoint, ada), sessions.isOwn('one', Endpoint, bob)]).toEqual([
      true,
      false,
    ]);
  });

  it('is dropped when there are too many, the one that was not used for longest first', () => {
    const sessions = new McpSessions();
    for (let index = 0; index <= 10_000; index += 1) {
      open(sessions, (response) => response.writeHead(200, { 'mcp-session-id': String(index) }));
      sessions.isOwn('0', Endpoint, ada);
    }
    expect(['0', '1', '2', '10000'].map((id) => sessions.isOwn(id, Endpoint, ada))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});
