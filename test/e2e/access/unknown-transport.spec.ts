// A context that holds no request lets nobody through, unless its handler is public.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type * as testing from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { loadCopy, nextCopy } from '../../support/library-copy.js';

// What an application with handlers of sockets teaches at its boot, the whole process knows; here there is none.
const copy = nextCopy();
const { AuthGuard, DescopeModule, OptionalAuth, Public } = await loadCopy('index', copy);
const { createTestDescope } = await loadCopy<typeof testing>('testing/index', copy);

@Controller()
class MessageController {
  @Get('closed')
  closed() {}

  @OptionalAuth()
  @Get('optional')
  optional() {}

  @Public()
  @Get('public')
  open() {}
}

describe.each(ADAPTERS)('AuthGuard in a transport it does not know, on %s', (adapter) => {
  const descope = createTestDescope();
  const headers = descope.as().bearer;
  let application: RunningApplication;

  beforeAll(async () => {
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [MessageController] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  const decide = async (type: string, args: unknown[], handler: keyof MessageController = 'closed') => {
    const context = new ExecutionContextHost(args, MessageController, MessageController.prototype[handler]);
    context.setType(type);
    return application.app.get(AuthGuard).canActivate(context);
  };
  const rejected = { status: 403, response: { code: 'TRANSPORT_UNKNOWN', statusCode: 403 } };

  it.each([
    ['a message of a broker', 'rpc', [{ headers }, { headers }]],
    ['a message of a socket', 'ws', [{ handshake: { headers } }, { headers }]],
    ['a field of GraphQL without a request', 'graphql', [{}, {}, { user: { headers } }, {}]],
    ['GraphQL without a context', 'graphql', [{}, {}]],
    [
      'a context that two requests share',
      'graphql',
      [{}, {}, { req: { headers }, reply: { request: { headers } } }, {}],
    ],
    ['a type nobody knows', 'carrier-pigeon', [{ headers }]],
    ['http without a request', 'http', []],
    ['http with null', 'http', [null, null]],
    ['http with text', 'http', ['headers']],
    ['http without headers', 'http', [{ raw: {} }, {}]],
    ['http with headers that are none', 'http', [{ headers: `Bearer ${headers.authorization}` }]],
  ])('rejects %s', async (_what, type, args) => {
    await expect(decide(type, args)).rejects.toMatchObject(rejected);
    await expect(decide(type, args, 'optional')).rejects.toMatchObject(rejected);
  });

  it('lets a public handler through', async () => {
    await expect(decide('rpc', [{}], 'open')).resolves.toBe(true);
  });

  it('knows http', async () => {
    await expect(decide('http', [{ headers, method: 'GET' }, {}])).resolves.toBe(true);
    await expect(decide('http', [{ headers: {}, method: 'GET' }, {}])).rejects.toMatchObject({ status: 401 });
  });

  it('decides at once, without a promise, when the keys are at hand', () => {
    const context = new ExecutionContextHost(
      [{ headers }, {}],
      MessageController,
      MessageController.prototype.closed,
    );
    expect(application.app.get(AuthGuard).canActivate(context)).toBe(true);
  });
});
