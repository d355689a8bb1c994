// In which tenant? Where a request may name one, who belongs to it, and what they hold there.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Controller, Get } from '@nestjs/common';
import {
  CurrentTenant,
  DescopeModule,
  OptionalAuth,
  Permissions,
  Public,
  Roles,
  Tenant,
} from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { sendRaw } from '../../support/raw-request.js';

const ANSWERS: Readonly<Record<string, unknown>> = { T1: 'T1', T3: 'T3', empty: '', null: null, number: 1 };
const readAnswer = (context: ExecutionContext) => {
  const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
  return ANSWERS[headers['x-answer'] ?? 'null'] as string | null;
};

@Controller()
class TenantsController {
  @Tenant({ from: 'param:tenantId' })
  @Get('param/:tenantId')
  byParam(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Tenant({ from: 'header:X-Tenant' })
  @Get('header')
  byHeader(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Tenant({ from: 'subdomain' })
  @Get('subdomain')
  bySubdomain(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Tenant({ from: 'dct' })
  @Get('dct')
  byToken(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Tenant({ from: readAnswer })
  @Get('function')
  byFunction(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Tenant({ from: async (context) => readAnswer(context) })
  @Get('promise')
  byPromise(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Tenant({ from: () => Promise.reject(new Error('The lookup failed.')) })
  @Get('failing')
  failing() {}

  @Tenant({ from: async (context) => readAnswer(context) })
  @Permissions('read', { tenant: 'header:x-tenant' })
  @Get('both')
  both() {
    return {};
  }

  @Get('none')
  none(@CurrentTenant() tenant: string | undefined) {
    return { tenant: tenant ?? null };
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentTenant() tenant: string | undefined) {
    return { tenant: tenant ?? null };
  }

  @Public()
  @Get('public')
  open(@CurrentTenant() tenant: string | undefined) {
    return { tenant: tenant ?? null };
  }
}

@Tenant({ from: 'param:tenantId' })
@Controller('grants/:tenantId')
class GrantsController {
  @Roles('admin', 'editor', { tenant: true })
  @Get('any')
  any() {}

  @Roles.all('admin', 'editor', { tenant: true })
  @Get('all')
  all() {}

  @Roles('admin', { tenant: true, orProject: true })
  @Get('either')
  either() {}

  @Permissions('read', { tenant: 'header:x-tenant' })
  @Get('elsewhere')
  elsewhere(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Roles('admin', { tenant: true, orProject: false })
  @Get('tenant-only')
  tenantOnly() {}

  @Permissions.any('read', 'write', { tenant: 'dct' })
  @Get('current')
  current() {}
}

describe.each(ADAPTERS)('A tenant, on %s', (adapter) => {
  const descope = createTestDescope();
  const tenants = { T1: { roles: ['admin'], permissions: ['read'] }, T2: { roles: ['editor'] } };
  const member = descope.as({ tenants, dct: 'T2' });
  let application: RunningApplication;

  beforeAll(async () => {
    const metadata = {
      imports: [DescopeModule.forRoot()],
      controllers: [TenantsController, GrantsController],
    };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  const ask = async (path: string, headers: Record<string, string> = {}, caller = member) => {
    const answer = await application.request(path, { headers: { ...caller.bearer, ...headers } });
    return answer.body['tenant'] ?? answer.body['code'] ?? answer.status;
  };

  it('is named by a parameter of the route', async () => {
    expect([await ask('/param/T1'), await ask('/param/T2')]).toEqual(['T1', 'T2']);
    for (const other of ['T3', 't1', 'constructor', '__proto__'])
      expect(await ask(`/param/${other}`)).toBe('ACCESS_TENANT_MISSING');
  });

  it('is named by a header, however that is written', async () => {
    expect(await ask('/header', { 'x-tenant': 'T1' })).toBe('T1');
    expect(await ask('/header', { 'X-TENANT': 'T2' })).toBe('T2');
    expect(await ask('/header', { 'x-tenant': 'T3' })).toBe('ACCESS_TENANT_MISSING');
    expect(await ask('/header', { 'x-tenant': '' })).toBe('ACCESS_TENANT_UNNAMED');
    expect(await ask('/header')).toBe('ACCESS_TENANT_UNNAMED');
  });

  it.each([
    ['acme.example.com', 200],
    ['ACME.example.com', 200],
    ['acme.example.com:8080', 200],
    ['acme.eu.example.com', 200],
    ['other.example.com', 'ACCESS_TENANT_MISSING'],
    ['eu.acme.example.com', 'ACCESS_TENANT_MISSING'],
    ['x.y.acme1', 'ACCESS_TENANT_MISSING'],
    ['x.y.1acme', 'ACCESS_TENANT_MISSING'],
    ['example.com', 'ACCESS_TENANT_UNNAMED'],
    ['acme.com:8080', 'ACCESS_TENANT_UNNAMED'],
    ['acme', 'ACCESS_TENANT_UNNAMED'],
    ['10.0.0.12', 'ACCESS_TENANT_UNNAMED'],
    ['10.0.0.12:8080', 'ACCESS_TENANT_UNNAMED'],
    ['.example.com', 'ACCESS_TENANT_UNNAMED'],
  ])('is named by the first label of the host: %s is %s', async (host, outcome) => {
    const caller = descope.as({ tenants: { acme: {}, '10': {}, example: {} } });
    const headers = [`Host: ${host}`, `Authorization: ${caller.bearer.authorization}`];
    const { status, code } = await sendRaw(application.url, 'GET /subdomain', headers);
    expect(code ?? status).toBe(outcome);
  });

  it('is named by the session', async () => {
    expect(await ask('/dct')).toBe('T2');
    expect(await ask('/dct', {}, descope.as({ tenants }))).toBe('ACCESS_TENANT_UNNAMED');
    expect(await ask('/dct', {}, descope.as({ tenants, dct: 'T3' }))).toBe('ACCESS_TENANT_MISSING');
  });

  it.each(['/function', '/promise'])('is named by %s of the application', async (path) => {
    expect(await ask(path, { 'x-answer': 'T1' })).toBe('T1');
    expect(await ask(path, { 'x-answer': 'T3' })).toBe('ACCESS_TENANT_MISSING');
    for (const answer of ['null', 'empty', 'number'])
      expect(await ask(path, { 'x-answer': answer })).toBe('ACCESS_TENANT_UNNAMED');
  });

  it('is none where the function of the application fails', async () => {
    expect(await ask('/failing')).toBe(500);
  });

  it('is asked for in each place that a demand names, also where one answers later', async () => {
    expect(await ask('/both', { 'x-answer': 'T1', 'x-tenant': 'T1' })).toBe(200);
    expect(await ask('/both', { 'x-answer': 'T1', 'x-tenant': 'T2' })).toBe('ACCESS_PERMISSION_MISSING');
    expect(await ask('/both', { 'x-answer': 'T1' })).toBe('ACCESS_TENANT_UNNAMED');
    expect(await ask('/both', { 'x-tenant': 'T1' })).toBe('ACCESS_TENANT_UNNAMED');
  });

  it("is the session's for a handler that asks for none, if the user belongs to it", async () => {
    expect(await ask('/none')).toBe('T2');
    expect(await ask('/optional')).toBe('T2');
    for (const path of ['/none', '/optional'])
      expect(await ask(path, {}, descope.as({ tenants: { T1: {} }, dct: 'T3' }))).toBe(200);
    expect((await application.request('/optional')).body).toEqual({ tenant: null });
    expect((await application.request('/public')).body).toEqual({ tenant: null });
  });

  it('is where a grant is asked for, and the project is not', async () => {
    const root = descope.as({ roles: ['admin', 'editor'], tenants: { T1: {} } });
    const paths = (tenant: string) =>
      ['any', 'all', 'either', 'tenant-only'].map((name) => `/grants/${tenant}/${name}`);
    const outcomes = (list: string[], caller = member) =>
      Promise.all(list.map((path) => ask(path, {}, caller)));
    const missing = 'ACCESS_ROLE_MISSING';
    expect(await outcomes(paths('T1'))).toEqual([200, missing, 200, 200]);
    expect(await outcomes(paths('T2'))).toEqual([200, missing, missing, missing]);
    expect(await outcomes(paths('T1'), root)).toEqual([missing, missing, 200, missing]);
    expect(await ask('/grants/T2/any', {}, root)).toBe('ACCESS_TENANT_MISSING');
  });

  it('is passed on as @Tenant of the class names it, also where another demand stands before that', async () => {
    expect(await ask('/grants/T2/elsewhere', { 'x-tenant': 'T1' })).toBe('T2');
    expect(await ask('/grants/T1/elsewhere', { 'x-tenant': 'T1' })).toBe('T1');
  });

  it('may be another for a grant than for the route: both are asked', async () => {
    const caller = (dct: string) => descope.as({ tenants, dct });
    expect(await ask('/grants/T2/current', {}, caller('T1'))).toBe(200);
    expect(await ask('/grants/T1/current', {}, caller('T2'))).toBe('ACCESS_PERMISSION_MISSING');
    expect(await ask('/grants/T3/current', {}, caller('T1'))).toBe('ACCESS_TENANT_MISSING');
  });
});
