// A bound token over HTTP/2, whose requests have other headers of their own.
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';
import { connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { CurrentUser } from 'nestjs-descope';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';

const ORIGIN = 'https://api.example.com';

@Controller()
class OrdersController {
  @Get('orders') list(@CurrentUser('id') id: string) {
    return { id };
  }
}

describe('A bound token over HTTP/2', () => {
  const descope = createTestDescope();
  let application: RunningApplication;
  let session: ClientHttp2Session;

  beforeAll(async () => {
    const options = { publicOrigin: ORIGIN, audience: null, dpop: { replay: 'per-instance' } } as const;
    const imports = [DescopeTestingModule.forRoot(descope, options)];
    const metadata = { imports, controllers: [OrdersController] };
    application = await start('fastify', metadata, { fastify: { http2: true } as object });
    session = connect(application.url);
  });
  afterAll(async () => {
    session.close();
    await application.close();
  });

  const ask = (headers: OutgoingHttpHeaders) =>
    new Promise<string>((resolve, reject) => {
      const stream = session.request({ ':path': '/orders', ...headers });
      let [status, text] = [0, ''];
      stream.on('response', (answer) => (status = answer[':status'] ?? 0));
      stream.on('data', (chunk) => (text += String(chunk)));
      stream.on('end', () => resolve(`${status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? text}`));
      stream.on('error', reject);
      stream.end();
    });
  const prove = (url = `${ORIGIN}/orders`) => descope.asBound({ sub: 'U2ada' }).prove('GET', url);

  it('is accepted once, for the public origin, whatever `:authority` says', async () => {
    const headers = { ...prove(), ':authority': 'evil.example' };
    expect(await ask(headers)).toBe('200 {"id":"U2ada"}');
    expect(await ask(headers)).toBe('401 DPOP_PROOF_REPLAYED');
    const evil = { ...prove('https://evil.example/orders'), ':authority': 'evil.example' };
    expect(await ask(evil)).toBe('401 DPOP_PROOF_INVALID');
  });

  it('is rejected with two proofs', async () => {
    const { authorization, dpop } = prove();
    expect(await ask({ authorization, dpop: [dpop, dpop] })).toBe('401 DPOP_PROOF_INVALID');
  });
});
