// How often an execution context is opened: once in each callback that Nest makes.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Controller, Get, Post } from '@nestjs/common';
import type { DescopeTransport, DescopeUser } from 'nestjs-descope';
import {
  Authorize,
  CurrentSession,
  CurrentTenant,
  CurrentUser,
  DescopeModule,
  Public,
  Roles,
  Tenant,
} from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

const opened: string[] = [];

function note<T>(what: string, value: T): T {
  opened.push(what);
  return value;
}

// The package's own, counted.
const counting: DescopeTransport = {
  type: 'http',
  findRequest: (context) => note('request', context.switchToHttp().getRequest<object>()),
  findResponse: (context) => note('response', context.switchToHttp().getResponse<object>()),
  readParam: (context, name) =>
    context.switchToHttp().getRequest<{ params: Record<string, unknown> }>().params[name],
};

@Controller()
class OrdersController {
  @Get('me')
  me() {}

  @Post('me')
  change() {}

  @Tenant({ from: 'header:x-tenant' })
  @Roles('admin', { tenant: 'param:tenant' })
  @Authorize((user: DescopeUser, context: ExecutionContext) => user.id !== '' && context.getType() === 'http')
  @Get('tenants/:tenant')
  inTenant() {}

  @Get('user')
  user(@CurrentUser('id') id: string) {
    return { id };
  }

  @Get('session')
  session(@CurrentSession() { user }: { user: DescopeUser }) {
    return { id: user.id };
  }

  @Tenant({ from: 'header:x-tenant' })
  @Get('tenant')
  tenant(@CurrentTenant() id: string) {
    return { id };
  }

  @Public()
  @Get('public')
  open() {}
}

const descope = createTestDescope();
const member = descope.as({ sub: 'U2anna', tenants: { T1: { roles: ['admin'] } } });
const stranger = descope.as({ sub: 'U2bob' });
const inT1 = { ...member.bearer, 'x-tenant': 'T1' };

const GUARD = ['request', 'response'];
const CASES: readonly [
  what: string,
  path: string,
  status: number,
  expected: readonly string[],
  init: RequestInit,
][] = [
  ['once by the guard that accepts a bearer token', '/me', 200, GUARD, { headers: member.bearer }],
  ['once by the guard that accepts a cookie', '/me', 200, GUARD, { headers: member.cookie }],
  ['once by the guard that judges tenants and rules', '/tenants/T1', 200, GUARD, { headers: inT1 }],
  ['once by the guard that finds nobody', '/me', 401, GUARD, {}],
  ['once by the guard that misses a role', '/tenants/T1', 403, GUARD, { headers: stranger.bearer }],
  [
    'once by the guard that doubts the origin',
    '/me',
    403,
    GUARD,
    { method: 'POST', headers: { ...member.cookie, origin: 'https://evil.example' } },
  ],
  ['once more by @CurrentUser()', '/user', 200, [...GUARD, 'request'], { headers: member.bearer }],
  ['once more by @CurrentSession()', '/session', 200, [...GUARD, 'request'], { headers: member.bearer }],
  ['once more by @CurrentTenant()', '/tenant', 200, [...GUARD, 'request'], { headers: inT1 }],
  ['not at all on a public route', '/public', 200, [], { headers: member.bearer }],
];

describe.each(ADAPTERS)('On %s, an execution context is opened', (adapter) => {
  let application: RunningApplication;
  beforeAll(async () => {
    application = await start(
      adapter,
      {
        imports: [DescopeModule.forRoot({ transports: [counting] })],
        controllers: [OrdersController],
      },
      { override: (builder) => descope.override(builder) },
    );
  });
  afterAll(() => application.close());

  it.each(CASES)('%s', async (_what, path, status, expected, init) => {
    opened.length = 0;
    const answer = await application.request(path, init);
    expect([answer.status, opened]).toEqual([status, expected]);
  });
});
