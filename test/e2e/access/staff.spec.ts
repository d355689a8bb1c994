// @Staff and @Superuser ask for a standing that Django knows; superuserBypass gives a superuser the project's grants.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { Authorize, Permissions, Roles, Scopes, Staff, StepUp, Superuser, Tenant } from 'nestjs-descope';
import type { AccessApplication } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import { ADAPTERS } from '../../support/application.js';

@Controller()
class StandingController {
  @Staff() @Get('staff') staff() {}

  @Superuser() @Get('superuser') superuser() {}

  @Roles('admin') @Get('role') role() {}

  @Roles.all('a', 'b') @Permissions('p') @Get('grants') grants() {}

  @Roles('admin', { tenant: 'param:id' }) @Get('tenant/:id') tenant() {}

  @Roles('admin', { tenant: 'param:id', orProject: true }) @Get('or-project/:id') orProject() {}

  @Tenant({ from: 'param:id' }) @Get('member/:id') member() {}

  @Scopes('s') @Get('scope') scope() {}

  @StepUp() @Get('step-up') stepUp() {}

  @Authorize(() => false) @Get('rule') rule() {}
}

const controllers = [StandingController];
const staff = { roles: ['is_staff'] };
const root = { roles: ['is_superuser'] };
const inTenant = { tenants: { acme: { roles: ['is_staff', 'is_superuser'] } } };
const NO_STAFF = '403 ACCESS_STAFF_MISSING';
const NO_ROOT = '403 ACCESS_SUPERUSER_MISSING';

describe.each(ADAPTERS)('A standing, on %s,', (adapter) => {
  let application: AccessApplication;
  afterEach(() => application.close());

  it('is a role of the project, and of no tenant', async () => {
    application = await startAccess(adapter, { controllers });
    const callers = [staff, root, inTenant, {}, null];
    const nobody = '401 SESSION_MISSING';
    expect(await application.verdicts('/staff', callers)).toEqual([
      '200',
      NO_STAFF,
      NO_STAFF,
      NO_STAFF,
      nobody,
    ]);
    expect(await application.verdicts('/superuser', callers)).toEqual([
      NO_ROOT,
      '200',
      NO_ROOT,
      NO_ROOT,
      nobody,
    ]);
    expect(await application.challenge('/staff', {})).toBeNull();
  });

  it('has the name that the module gives it', async () => {
    application = await startAccess(adapter, { controllers }, { staffRole: 'crew', superuserRole: 'root' });
    expect(await application.verdicts('/staff', [staff, { roles: ['crew'] }])).toEqual([NO_STAFF, '200']);
    expect(await application.verdicts('/superuser', [root, { roles: ['root'] }])).toEqual([NO_ROOT, '200']);
  });

  it('opens nothing else unless superuserBypass says so', async () => {
    application = await startAccess(adapter, { controllers });
    for (const path of ['/role', '/grants']) expect(await application.verdict(path, root)).toMatch(/^403/);
    await application.close();
    application = await startAccess(adapter, { controllers }, { superuserBypass: true });
    for (const path of ['/role', '/grants', '/or-project/acme'])
      expect(await application.verdict(path, root)).toBe('200');
    for (const path of ['/role', '/grants']) expect(await application.verdict(path, staff)).toMatch(/^403/);
  });

  it('with superuserBypass opens neither tenants nor scopes, sign-ins and rules', async () => {
    application = await startAccess(adapter, { controllers }, { superuserBypass: true });
    const paths = ['/tenant/acme', '/member/acme', '/scope', '/step-up', '/rule', '/staff'];
    expect(await Promise.all(paths.map((path) => application.verdict(path, root)))).toEqual([
      '403 ACCESS_TENANT_MISSING',
      '403 ACCESS_TENANT_MISSING',
      '403 ACCESS_SCOPE_MISSING',
      '401 AUTH_STEP_UP_REQUIRED',
      '403 ACCESS_POLICY_REFUSED',
      NO_STAFF,
    ]);
  });
});
