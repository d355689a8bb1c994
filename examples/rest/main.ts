// A REST API: one import guards every route, and decorators say what is demanded beyond a session.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CurrentTenant,
  CurrentUser,
  DescopeModule,
  DescopeUser,
  Permissions,
  Public,
  Roles,
  Tenant,
} from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';

const { PORT = '3000', EMULATOR_PORT = '4400' } = process.env;

const emulator = await startEmulator({
  port: Number(EMULATOR_PORT),
  seed: {
    roles: [{ name: 'admin', permissions: ['reports:read'] }],
    tenants: [{ id: 'acme' }],
    users: [
      { loginId: 'ada@example.com', roles: ['admin'], tenants: [{ tenantId: 'acme' }] },
      { loginId: 'carol@example.com' },
    ],
  },
});

@Controller()
class OrdersController {
  @Public()
  @Get('products')
  products() {
    return ['Tea', 'Coffee'];
  }

  @Get('me') // no decorator: any signed-in user
  me(@CurrentUser() user: DescopeUser) {
    return { id: user.id, roles: user.roles };
  }

  @Roles('admin')
  @Get('orders')
  orders() {
    return [{ id: 1, product: 'Tea' }];
  }

  @Permissions('reports:read')
  @Get('reports')
  reports() {
    return [{ title: 'Sales' }];
  }

  @Tenant({ from: 'param:tenant' })
  @Get('tenants/:tenant')
  tenant(@CurrentTenant() tenant: string) {
    return { tenant };
  }
}

@Module({
  imports: [DescopeModule.forRoot({ projectId: emulator.projectId, baseUrl: emulator.url, audience: null })],
  controllers: [OrdersController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
await app.listen(Number(PORT), '127.0.0.1');
console.log(await app.getUrl());
