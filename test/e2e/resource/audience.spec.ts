// A protected resource accepts tokens that were issued for it, and no others (RFC 8707).
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Controller, Get, Next, Query, UseGuards } from '@nestjs/common';
import { Accepts, AuthGuard, CurrentUser, OptionalAuth, ProtectedResource } from 'nestjs-descope';
import { DescopeModule } from 'nestjs-descope';
import { describeAccess, formatAccess } from 'nestjs-descope/inspect';
import { createTestDescope } from 'nestjs-descope/testing';
import type { AccessApplication, Caller } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import { ADAPTERS, start } from '../../support/application.js';

@ProtectedResource({ path: '/mcp' })
@Controller('mcp')
class McpController {
  @Get() list(@CurrentUser('kind') kind: string) {
    return { kind };
  }

  @Accepts('agent') @Get('agents') agents() {}

  @OptionalAuth() @Get('optional') optional(@CurrentUser('id') id?: string) {
    return { id: id ?? null };
  }
}

class InheritedController extends McpController {}
Controller('mcp/more')(InheritedController);

@ProtectedResource({ path: '/' })
@Controller()
class RootController {
  @Get('root') list() {}
}

@Controller('plain')
class PlainController {
  @Get() list(@Query('x') _x?: string) {}
}

const url = 'https://api.example.com';
const controllers: Type[] = [McpController, InheritedController, RootController, PlainController];
const aud = `${url}/mcp`;
const NO = '401 TOKEN_AUDIENCE_MISMATCH';
const KIND = '401 TOKEN_KIND_NOT_ACCEPTED';
const kinds: Caller[] = [
  { aud },
  { kind: 'access-key', aud },
  { kind: 'app', aud },
  { kind: 'agent', aud: ['x', aud] },
];

describe.each(ADAPTERS)('A protected resource, on %s,', (adapter) => {
  let application: AccessApplication;
  beforeAll(async () => {
    const options = { resource: { url }, audience: 'module' };
    application = await startAccess(adapter, { controllers }, options);
  });
  afterAll(() => application.close());

  it('accepts tokens of every kind that were issued for it, in place of the audience of the module', async () => {
    expect(await application.verdicts('/mcp', kinds)).toEqual(['200', '200', '200', '200']);
    expect((await application.ask('/mcp', kinds[3] ?? null)).body).toEqual({ kind: 'agent' });
    expect(await application.verdict('/mcp', { aud: 'module' })).toBe(NO);
  });

  it('rejects a token for the whole origin, for another resource, for another spelling, and for none', async () => {
    const others = [
      url,
      `${url}/`,
      `${url}/mcp/`,
      `${url}/MCP`,
      `${url}/mcp2`,
      `${url}/mcp/x`,
      `${aud} ${url}`,
    ];
    const callers: Caller[] = [...others, [], ['module'], undefined as never].map((other) => {
      return { kind: 'agent', aud: other } as const;
    });
    expect(await application.verdicts('/mcp', callers)).toEqual(callers.map(() => NO));
    expect(await application.verdicts('/mcp', [{ kind: 'app' }, { kind: 'agent' }, {}])).toEqual([
      NO,
      NO,
      NO,
    ]);
  });

  it('is the same in a subclass, whose routes are below it', async () => {
    expect(await application.verdicts('/mcp/more', kinds)).toEqual(['200', '200', '200', '200']);
    expect(await application.verdict('/mcp/more', { aud: url })).toBe(NO);
  });

  it('has the URL of the application with and without a slash where its path is the root', async () => {
    expect(await application.verdicts('/root', [{ aud: url }, { aud: `${url}/` }, { aud }])).toEqual([
      '200',
      '200',
      NO,
    ]);
  });

  it('keeps the kinds of @Accepts, and the audience where authentication is optional', async () => {
    expect(await application.verdicts('/mcp/agents', kinds)).toEqual([KIND, KIND, KIND, '200']);
    expect(await application.verdicts('/mcp/optional', [null, { aud }, { aud: url }])).toEqual([
      '200',
      '200',
      NO,
    ]);
  });

  it('changes nothing on the other routes', async () => {
    const callers: Caller[] = [
      { aud: 'module' },
      { aud },
      { kind: 'agent', aud },
      { kind: 'agent', aud: 'module' },
    ];
    expect(await application.verdicts('/plain', callers)).toEqual(['200', NO, KIND, KIND]);
  });
});

describe('The guard of a handler', () => {
  it('does not carry the audience of a resource to a route that its handler passes the request on to', async () => {
    @ProtectedResource({ path: '/mcp' })
    @Controller('mcp')
    class PassingController {
      @Get('chain') chain(@Next() next: () => void) {
        next();
      }
    }
    @Controller('mcp')
    class NextController {
      @Get('chain') chain() {
        return { reached: true };
      }
    }
    const parts = { controllers: [PassingController, NextController] };
    const application = await startAccess('express', parts, { resource: { url }, audience: 'module' });
    expect(await application.verdicts('/mcp/chain', [{ kind: 'agent', aud }, { aud }])).toEqual([KIND, NO]);
    const { status, body } = await application.ask('/mcp/chain', { aud: [aud, 'module'] });
    expect([status, body]).toEqual([200, { reached: true }]);
    await application.close();
  });

  it('checks the audience of a resource also without a global guard', async () => {
    @UseGuards(AuthGuard)
    @ProtectedResource()
    @Controller('own')
    class OwnController {
      @Get() list() {}
    }
    const options = { resource: { url }, globalGuard: false };
    const application = await startAccess('express', { controllers: [OwnController] }, options);
    const callers: Caller[] = [{ aud: `${url}/own` }, { aud: url }, null];
    expect(await application.verdicts('/own', callers)).toEqual(['200', NO, '401 SESSION_MISSING']);
    await application.close();
  });
});

describe('The access map', () => {
  it('shows the URL of the resource', async () => {
    const descope = createTestDescope();
    const imports = [DescopeModule.forRoot({ resource: { url } })];
    const { app, close } = await start(
      'express',
      { imports, controllers: [McpController] },
      { override: (builder) => descope.override(builder), configure: (made) => made.setGlobalPrefix('') },
    );
    const map = describeAccess(app);
    expect(map.map(({ path, demands }) => [path, demands[demands.length - 1]])).toEqual([
      ['/mcp', { kind: 'resource', resource: aud }],
      ['/mcp/agents', { kind: 'resource', resource: aud }],
      ['/mcp/optional', { kind: 'resource', resource: aud }],
    ]);
    expect(formatAccess(map)).toContain(`resource: ${aud}`);
    await close();
  });
});
