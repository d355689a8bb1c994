// Names that handlers ask for, compared with those of a project.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { Authorize, DescopeModule, Permissions, Roles, Scopes, Staff, Tenant } from 'nestjs-descope';
import { AnyOf } from 'nestjs-descope/access';
import { verifyAccessNames } from 'nestjs-descope/inspect';
import { useEmulator } from '../../support/use-emulator.js';

@Tenant({ from: 'param:tenant' })
@Controller('orders')
class OrdersController {
  @Roles('admin', 'edtor') @Get('1') one() {}
  @Roles.all('edtor') @Permissions('reports:read', 'reports:raed') @Get('2') two() {}
  @Roles('packer') @Get('3') three() {}
  @Roles('packer', 'loader', { tenant: true }) @Get('4') four() {}
  @Scopes('no:role') @Get('5') five() {}
  @Staff() @Get('6') six() {}
  @AnyOf(Roles('amdin'), Permissions('reports:raed')) @Get('7') seven() {}
  @AnyOf(Staff(), Roles('amdin'), Authorize(() => true)) @Get('8') eight() {}
}

const seed = {
  roles: [
    { name: 'admin', permissions: ['reports:read'] },
    { name: 'is_staff' },
    { name: 'packer', tenantId: 'T2acme' },
  ],
  tenants: [{ id: 'T2acme', name: 'acme' }],
};

describe('verifyAccessNames', () => {
  const bed = useEmulator({ seed });
  let module: TestingModule | undefined;
  afterEach(() => module?.close());

  const boot = async (options: DescopeModuleOptions = {}) => {
    const { projectId, url: baseUrl, managementKey } = bed.emulator;
    const imports = [DescopeModule.forRoot({ projectId, baseUrl, managementKey, ...options })];
    module = await Test.createTestingModule({ imports, controllers: [OrdersController] })
      .setLogger(false as never)
      .compile();
    return module;
  };

  it('reports the names that the project does not know, and who asks for them', async () => {
    expect(await verifyAccessNames(await boot())).toEqual({
      unknownRoles: [
        { name: 'edtor', usedBy: ['OrdersController.one', 'OrdersController.two'] },
        { name: 'packer', usedBy: ['OrdersController.three'] },
        { name: 'loader', usedBy: ['OrdersController.four'] },
        { name: 'amdin', usedBy: ['OrdersController.seven', 'OrdersController.eight'] },
      ],
      unknownPermissions: [
        { name: 'reports:raed', usedBy: ['OrdersController.two', 'OrdersController.seven'] },
      ],
    });
  });

  it('knows what @Staff asks for', async () => {
    const { unknownRoles } = await verifyAccessNames(await boot({ staffRole: 'crew' }));
    expect(unknownRoles).toContainEqual({
      name: 'crew',
      usedBy: ['OrdersController.six', 'OrdersController.eight'],
    });
  });

  it('learns at each call what the project knows now', async () => {
    const app = await boot();
    await bed.admin.management.permission.create('reports:raed');
    await bed.admin.management.role.create('edtor');
    const { unknownRoles, unknownPermissions } = await verifyAccessNames(app);
    expect([unknownRoles.map(({ name }) => name), unknownPermissions]).toEqual([
      ['packer', 'loader', 'amdin'],
      [],
    ]);
  });

  it('says what to do without a management key, and with a wrong one', async () => {
    await expect(verifyAccessNames(await boot({ managementKey: undefined }))).rejects.toMatchObject({
      code: 'CONFIG_MANAGEMENT_KEY_MISSING',
      message: expect.stringContaining('DESCOPE_MANAGEMENT_KEY'),
    });
    await module?.close();
    await expect(verifyAccessNames(await boot({ managementKey: 'wrong' }))).rejects.toMatchObject({
      code: 'CONFIG_MANAGEMENT_KEY_REFUSED',
      message: expect.not.stringContaining('wrong'),
    });
  });

  it('reports no names while Descope cannot be asked', async () => {
    bed.emulator.faults.add({ path: '/v1/mgmt/permission/all', status: 500, times: 9 });
    await expect(verifyAccessNames(await boot())).rejects.toMatchObject({ code: 'DESCOPE_UNAVAILABLE' });
    await module?.close();
    const fetch = () => Promise.reject(new TypeError('fetch failed'));
    await expect(verifyAccessNames(await boot({ fetch }))).rejects.toMatchObject({
      code: 'DESCOPE_UNAVAILABLE',
    });
  });
});
