// The programs of the page about calls to other services: two applications that call each other, on an emulator.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { ask } from '../../support/application.js';
import { findFreePort } from '../../support/free-port.js';
import type { PageProgram } from '../../support/page-program.js';
import { findBlock, runPageProgram } from '../../support/page-program.js';

const PAGE = 'docs/calling-other-services.md';
const CLIENT = { clientId: 'shop', clientSecret: 'shop-secret' };
const ADA = 'ada@example.com';

const MAIN = `
  import 'reflect-metadata';
  import { NestFactory } from '@nestjs/core';
  import { OrdersModule } from './orders.module.js';
  import { ShopModule } from './shop.module.js';

  const orders = await NestFactory.create(OrdersModule, { logger: false });
  await orders.listen(Number(process.env.ORDERS_PORT), '127.0.0.1');
  const shop = await NestFactory.create(ShopModule, { logger: false });
  await shop.listen(0, '127.0.0.1');
  console.log(await shop.getUrl());
`;

describe('The programs of the page about calls to other services', () => {
  let emulator: Emulator;
  let program: PageProgram;
  let orders = '';

  beforeAll(async () => {
    const port = await findFreePort();
    orders = `http://127.0.0.1:${port}`;
    emulator = await startEmulator({
      seed: {
        users: [{ loginId: ADA }],
        inboundApps: [
          { name: 'shop', ...CLIENT, exchanges: [{ resource: orders, scopes: ['orders:read'] }] },
        ],
      },
    });
    const files = {
      'orders.module': findBlock(PAGE, 'class OrdersModule'),
      'shop.module': findBlock(PAGE, 'class ShopModule'),
      main: MAIN,
    };
    program = await runPageProgram(files, {
      DESCOPE_PROJECT_ID: emulator.projectId,
      DESCOPE_BASE_URI: emulator.url,
      ORDERS_PORT: String(port),
      ORDERS_URL: orders,
      SHOP_CLIENT_ID: CLIENT.clientId,
      SHOP_CLIENT_SECRET: CLIENT.clientSecret,
    });
  });
  afterAll(async () => {
    await program.close();
    await emulator.close();
  });

  it('show the orders of the caller, with a token that the shop itself does not accept', async () => {
    const { sessionJwt } = await emulator.signIn(ADA);
    const headers = { authorization: `Bearer ${sessionJwt}` };
    const { body } = await ask(`${program.url}/basket`, { headers });
    expect(body).toEqual({ orders: [], userId: decodeJwt(sessionJwt).sub });
    expect((await ask(`${orders}/orders`, { headers })).status).toBe(401);
    expect((await ask(`${program.url}/basket`)).status).toBe(401);
  });
});

const FURTHER = `
  import 'reflect-metadata';
  import { NestFactory } from '@nestjs/core';
  import { Module } from '@nestjs/common';
  import { AccountController } from './account.controller.js';
  import { CalendarModule } from './calendar.module.js';

  @Module({ imports: [CalendarModule], controllers: [AccountController] })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  console.log(await app.getUrl());
`;

describe('The programs about connections and impersonation', () => {
  let emulator: Emulator;
  let program: PageProgram;

  beforeAll(async () => {
    const tenants = [{ tenantId: 'acme', roles: ['admin'] }];
    emulator = await startEmulator({
      seed: {
        roles: [{ name: 'admin' }],
        tenants: [{ id: 'acme' }],
        users: [{ loginId: ADA, tenants }],
        outboundApps: [{ id: 'google-calendar' }],
      },
    });
    const files = {
      'account.controller': findBlock(PAGE, 'class AccountController'),
      'calendar.module': findBlock(PAGE, 'class CalendarModule'),
      main: FURTHER,
    };
    program = await runPageProgram(files, {
      DESCOPE_PROJECT_ID: emulator.projectId,
      DESCOPE_BASE_URI: emulator.url,
      DESCOPE_MANAGEMENT_KEY: emulator.managementKey,
    });
  });
  afterAll(async () => {
    await program.close();
    await emulator.close();
  });
  const verdict = async (path: string, token: string, method = 'GET') => {
    const headers = { authorization: `Bearer ${token}` };
    const { status, body } = await ask(program.url + path, { method, headers });
    return { status, ...body };
  };

  it('need a connection of the caller, or of the tenant of which the caller is an administrator', async () => {
    const { sessionJwt } = await emulator.signIn(ADA);
    expect(await verdict('/calendar', sessionJwt)).toMatchObject({ code: 'CONNECTION_REQUIRED' });
    emulator.connections.add('google-calendar', { tenantId: 'acme' });
    expect(await verdict('/calendar/rooms/acme', sessionJwt)).toEqual({ status: 200, isConnected: true });
    expect(await verdict('/calendar/rooms/globex', sessionJwt)).toMatchObject({ status: 403 });
  });

  it('let the user change the password, and nobody who acts as the user', async () => {
    const { sessionJwt } = await emulator.signIn(ADA);
    const id = decodeJwt(sessionJwt).sub;
    const acting = await emulator.signToken({ claims: { sub: id, act: { sub: 'U2eve' } } });
    expect(await verdict('/account', acting)).toEqual({ status: 200, id, actingFor: 'U2eve' });
    expect(await verdict('/account/password', acting, 'POST')).toMatchObject({ code: 'ACCESS_IMPERSONATED' });
    expect(await verdict('/account/password', sessionJwt, 'POST')).toMatchObject({ status: 201 });
  });
});
