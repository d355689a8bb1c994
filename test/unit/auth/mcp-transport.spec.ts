// The transport of MCP's calls: which request a call belongs to, and the form of a rejection.
import { describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { mcpTransport } from 'nestjs-descope/mcp';
import type { ContextRequest } from '#lib/auth/transports/call.js';
import { findMcpRequest, runInMcpRequest, toMcpError } from '#lib/auth/transports/mcp.js';

const toContext = (carrier: unknown, payload: unknown = {}) => {
  const context = new ExecutionContextHost([payload, carrier]);
  context.setType('rpc');
  return context;
};
const isListed = () => true;
const isCompleted = () => true;
const toRequest = (headers: object) => ({ headers }) as ContextRequest;

describe('The transport of MCP', () => {
  it('prefers the request in which a call is handled to one that a shared server was bound to', async () => {
    const [own, other] = [toRequest({ own: 'yes' }), toRequest({})];
    const context = toContext({ getRawRequest: () => other });
    expect(mcpTransport.findRequest(context)).toBe(other);
    const found = await runInMcpRequest({ request: own, isListed, isCompleted }, async () => {
      await Promise.resolve();
      return mcpTransport.findRequest(context);
    });
    expect(found).toBe(own);
    expect(findMcpRequest()).toBeUndefined();
  });

  it('knows no request of stdio, and none of a message of another microservice', () => {
    expect(mcpTransport.findRequest(toContext({ getRawRequest: () => undefined }))).toBeUndefined();
    const request = toRequest({});
    for (const carrier of [undefined, null, 'x', {}, { getRawRequest: request }, { headers: {} }])
      expect(
        runInMcpRequest({ request, isListed, isCompleted }, () =>
          mcpTransport.findRequest(toContext(carrier)),
        ),
      ).toBeUndefined();
  });

  it('reads parameters of the arguments alone, and no call is safe', () => {
    const context = toContext({ getRawRequest: () => undefined }, { tenant: 'acme' });
    expect(mcpTransport.readParam?.(context, 'tenant')).toBe('acme');
    expect(mcpTransport.readParam?.(context, 'constructor')).toBeUndefined();
    expect(mcpTransport.isSafe?.(context)).toBe(false);
  });

  it('has a form of JSON-RPC for the rejections of this package only', () => {
    const rejection = new HttpException({ code: 'ACCESS_ROLE_MISSING', message: 'No.' }, 403);
    expect(toMcpError(rejection)).toEqual({
      status: 'error',
      code: -32600,
      message: 'ACCESS_ROLE_MISSING: No.',
      data: { code: 'ACCESS_ROLE_MISSING' },
    });
    expect(toMcpError(new HttpException({ message: 'No.' }, 403))).toBeUndefined();
    expect(toMcpError(new Error('x'))).toBeUndefined();
  });
});
