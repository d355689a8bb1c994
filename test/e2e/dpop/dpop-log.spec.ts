// A wrong publicOrigin rejects every proof, and the response does not say why: the log does.
import { expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { DescopeModule } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';

const ORIGIN = 'https://api.example.com';

@Controller('orders')
class OrdersController {
  @Get() list() {}
}

it.each(ADAPTERS)(
  'The first proof for another URL leaves one line with both origins and no path, on %s',
  async (adapter) => {
    const descope = createTestDescope();
    const logger = new CollectingLogger();
    const options = { publicOrigin: ORIGIN, audience: null, dpop: { replay: 'per-instance' } } as const;
    const imports = [DescopeModule.forRoot(options)];
    const metadata = { imports, controllers: [OrdersController] };
    const application = await start(adapter, metadata, {
      logger,
      override: (builder) => descope.override(builder),
    });
    const ada = descope.asBound();
    const send = (url: string, method = 'GET') =>
      application.request('/orders', { headers: { ...ada.prove(method, url) } });
    await send(`${ORIGIN}/orders`, 'POST'); // for another method, which is a mistake of the client
    expect(logger.find('DPOP_PROOF_INVALID')).toEqual([]);
    for (const url of ['https://shop.example.com/a-secret-path', `${ORIGIN}/api/orders`]) {
      const { status, body } = await send(url);
      expect([status, body['code']]).toEqual([401, 'DPOP_PROOF_INVALID']);
    }
    const lines = logger.find('DPOP_PROOF_INVALID');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`Expected ["${ORIGIN}"], found ["https://shop.example.com"].`);
    expect(lines[0]).not.toContain('a-secret-path');
    await application.close();
  },
);
