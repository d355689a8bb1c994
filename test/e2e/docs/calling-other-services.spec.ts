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
