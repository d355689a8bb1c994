// Demands about a tenant: where the request names it, and what the caller holds in it.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Controller, Get } from '@nestjs/common';
import { CurrentTenant, OptionalAuth, Permissions, Public, Roles, Tenant } from 'nestjs-descope';
import type { AccessApplication } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import { ADAPTERS } from '../../support/application.js';

const readQuery = (context: ExecutionContext) =>
  context.switchToHttp().getRequest<{ query: { tenant?: string } }>().query.tenant;

@Controller()
class TenantController {
  @Tenant({ from: 'param:tenantId' }) @Get('param/:tenantId') param(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Tenant({ from: 'header:X-Tenant' }) @Get('header') header(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Tenant({ from: 'subdomain' }) @Get('subdomain') subdomain() {}

  @Tenant({ from: 'dct' }) @Get('dct') dct(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Tenant({ from: readQuery }) @Get('function') fromFunction() {}

  @Tenant({ from: async (context) => readQuery(context) })
  @Get('promise')
  fromPromise(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Get('current') current(@CurrentTenant() tenant: string | undefined) {
    return { tenant: tenant ?? null };
  }

  @OptionalAuth() @Get('perhaps') perhaps(@CurrentTenant() tenant: string | undefined) {
    return { tenant: tenant ?? null };
  }

  @Roles('admin', { tenant: 'param:id' }) @Get('own-source/:id') ownSource() {}

  @Roles('admin', { tenant: 'param:id', orProject: true }) @Get('or-project/:id') orProject() {}

  @Permissions('read', 'write', { tenant: 'dct' }) @Get('permissions') permissions() {}

  @Roles.all('a', 'b', { tenant: 'param:id' }) @Get('all/:id') all() {}
}

@Tenant({ from: 'param:id' })
@Roles('member', { tenant: true })
@Controller('class/:id')
class ClassController {
  @Get() inherits() {}

  @Roles('admin', { tenant: true }) @Get('admin') admin() {}

  @Roles('admin') @Get('project') project() {}

  @Tenant({ from: 'dct' }) @Get('both') both() {}

  @Public() @Get('open') open() {}
}

@Public()
@Controller('public')
class PublicController {
  @Tenant({ from: 'param:id' }) @Get(':id') closed() {}
}

const inTenant = (...roles: string[]) => ({ tenants: { acme: { roles }, globex: {} } });
const UNNAMED = '403 ACCESS_TENANT_UNNAMED';
const MISSING = '403 ACCESS_TENANT_MISSING';
const ROLE = '403 ACCESS_ROLE_MISSING';

describe.each(ADAPTERS)('A tenant, on %s,', (adapter) => {
  let application: AccessApplication;

  beforeAll(async () => {
    const controllers = [TenantController, ClassController, PublicController];
    application = await startAccess(adapter, { controllers });
  });
  afterAll(() => application.close());

  it('is named by a parameter', async () => {
    expect(await application.verdict('/param/acme', inTenant())).toBe('200');
    expect((await application.ask('/param/acme', inTenant())).body).toEqual({ tenant: 'acme' });
    expect(await application.verdicts('/param/other', [inTenant(), {}, null])).toEqual([
      MISSING,
      MISSING,
      '401 SESSION_MISSING',
    ]);
    for (const id of ['Acme', 'acme%20', '__proto__', 'constructor', 'acme%00'])
      expect(await application.verdict(`/param/${id}`, inTenant())).toMatch(/^403 ACCESS_TENANT_|^400/);
  });

  it('is named by a header', async () => {
    const ask = (headers: Record<string, string>) => application.verdict('/header', inTenant(), headers);
    expect(await ask({ 'x-tenant': 'acme' })).toBe('200');
    expect(await ask({ 'X-TENANT': 'globex' })).toBe('200');
    expect(await ask({ 'x-tenant': 'other' })).toBe(MISSING);
    expect([await ask({}), await ask({ 'x-tenant': '' })]).toEqual([UNNAMED, UNNAMED]);
  });

  it('is named by the first label of the host', async () => {
    const ask = (host: string) => application.verdictAt(host, '/subdomain', inTenant());
    expect(await ask('acme.example.com')).toBe('200');
    expect(await ask('ACME.example.com:3000')).toBe('200');
    expect(await ask('other.example.com')).toBe(MISSING);
    expect(await ask('acme')).toBe(UNNAMED);
    expect(await ask('acme.com')).toBe(UNNAMED);
    expect(await ask('127.0.0.1:3000')).toBe(UNNAMED);
  });

  it('is the current one of the session', async () => {
    expect((await application.ask('/dct', { ...inTenant(), dct: 'acme' })).body).toEqual({ tenant: 'acme' });
    expect(await application.verdict('/dct', { ...inTenant(), dct: 'other' })).toBe(MISSING);
    expect(await application.verdict('/dct', inTenant())).toBe(UNNAMED);
  });

  it.each(['function', 'promise'])('is named by what a %s gives', async (path) => {
    expect(await application.verdict(`/${path}?tenant=acme`, inTenant())).toBe('200');
    expect(await application.verdict(`/${path}?tenant=other`, inTenant())).toBe(MISSING);
    expect(await application.verdict(`/${path}`, inTenant())).toBe(UNNAMED);
    expect(await application.verdict(`/${path}?tenant=acme&tenant=globex`, inTenant())).toBe(UNNAMED);
  });

  it('is handed on only to those who belong to it', async () => {
    const tenantOf = async (path: string, caller: Parameters<AccessApplication['ask']>[1]) =>
      (await application.ask(path, caller)).body['tenant'];
    expect(await tenantOf('/promise?tenant=acme', inTenant())).toBe('acme');
    expect(await tenantOf('/current', { ...inTenant(), dct: 'acme' })).toBe('acme');
    expect(await tenantOf('/current', { ...inTenant(), dct: 'other' })).toBeNull();
    expect([await tenantOf('/current', {}), await tenantOf('/perhaps', null)]).toEqual([null, null]);
  });

  it("is where a grant is asked for; the project's and another tenant's do not count", async () => {
    const elsewhere = { tenants: { acme: {}, globex: { roles: ['admin'] } } };
    const callers = [
      inTenant('admin'),
      inTenant('editor'),
      elsewhere,
      { ...inTenant(), roles: ['admin'] },
      {},
    ];
    expect(await application.verdicts('/own-source/acme', callers)).toEqual([
      '200',
      ROLE,
      ROLE,
      ROLE,
      MISSING,
    ]);
    expect(await application.verdicts('/all/acme', [inTenant('a', 'b'), inTenant('b')])).toEqual([
      '200',
      ROLE,
    ]);
  });

  it("takes the project's grant too where that is said", async () => {
    const callers = [inTenant('admin'), { roles: ['admin'] }, inTenant('editor'), {}];
    expect(await application.verdicts('/or-project/acme', callers)).toEqual(['200', '200', ROLE, MISSING]);
  });

  it('is asked for permissions as it is for roles', async () => {
    const holding = (...permissions: string[]) => ({ tenants: { acme: { permissions } }, dct: 'acme' });
    expect(
      await application.verdicts('/permissions', [holding('read', 'write'), holding('read'), {}]),
    ).toEqual(['200', '403 ACCESS_PERMISSION_MISSING', UNNAMED]);
  });

  it("knows Descope's token of one tenant, whose grants stand at the top", async () => {
    const token = { dct: 'acme', roles: ['admin'] };
    expect(await application.verdict('/own-source/acme', token)).toBe('200');
    expect(await application.verdict('/class/acme/project', token)).toBe(ROLE);
  });

  it('of a class counts at its handlers, and demands add up', async () => {
    const member = inTenant('member');
    const admin = inTenant('member', 'admin');
    expect(await application.verdicts('/class/acme', [null, {}, inTenant(), member])).toEqual([
      '401 SESSION_MISSING',
      MISSING,
      ROLE,
      '200',
    ]);
    expect(await application.verdicts('/class/acme/admin', [inTenant('admin'), member, admin])).toEqual([
      ROLE,
      ROLE,
      '200',
    ]);
    expect(
      await application.verdicts('/class/acme/project', [admin, { ...member, roles: ['admin'] }]),
    ).toEqual([ROLE, '200']);
    expect(await application.verdict('/class/acme/open', null)).toBe('200');
  });

  it('may be two, and then grants are asked for in both', async () => {
    const both = { tenants: { acme: { roles: ['member'] }, globex: { roles: ['member'] } }, dct: 'globex' };
    const one = { ...inTenant('member'), dct: 'globex' };
    expect(await application.verdicts('/class/acme/both', [both, one, { ...both, dct: 'acme' }])).toEqual([
      '200',
      ROLE,
      '200',
    ]);
  });

  it('closes a handler of a public class', async () => {
    expect(await application.verdicts('/public/acme', [null, {}, inTenant()])).toEqual([
      '401 SESSION_MISSING',
      MISSING,
      '200',
    ]);
  });

  it('is no part of the challenge, and a grant in it says insufficient_scope', async () => {
    expect(await application.challenge('/param/other', inTenant())).toBeNull();
    expect(await application.challenge('/own-source/acme', inTenant())).toBe(
      'Bearer realm="descope", error="insufficient_scope"',
    );
  });
});
