// HTTP/2 has `:authority` in place of Host, and may have both: what the two do not agree on is nobody's host.
import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CurrentTenant, Tenant } from 'nestjs-descope';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';

@Controller()
class NotesController {
  @Post('notes')
  note() {
    return { ok: true };
  }

  @Tenant({ from: 'subdomain' })
  @Get('tenant')
  tenant(@CurrentTenant() tenant: string) {
    return { tenant };
  }
}

describe('Over HTTP/2', () => {
  const descope = createTestDescope();
  const anna = descope.as({ tenants: { acme: {}, globex: {} } });
  let app: Awaited<ReturnType<typeof NestFactory.create>>;
  let session: ClientHttp2Session;

  beforeAll(async () => {
    const imports = [DescopeTestingModule.forRoot(descope, { audience: null })];
    class AppModule {}
    Module({ imports, controllers: [NotesController] })(AppModule);
    const adapter = new FastifyAdapter({ http2: true } as object);
    app = await NestFactory.create(AppModule, adapter, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    session = connect((await app.getUrl()).replace('[::1]', '127.0.0.1'));
  });
  afterAll(async () => {
    session.close();
    await app.close();
  });

  const send = (headers: Record<string, string>) =>
    new Promise<[number, Record<string, unknown>]>((resolve, reject) => {
      const stream = session.request(headers);
      let status = 0;
      let text = '';
      stream.on('response', (answer) => (status = answer[':status'] ?? 0));
      stream.on('data', (chunk) => (text += String(chunk)));
      stream.on('end', () => resolve([status, JSON.parse(text) as Record<string, unknown>]));
      stream.on('error', reject);
      stream.end();
    });
  const post = async (headers: Record<string, string>) => {
    const [status, body] = await send({ ':method': 'POST', ':path': '/notes', ...anna.cookie, ...headers });
    return body['code'] ?? status;
  };
  const OURS = 'app.example.com';
  const EVIL = 'evil.example';

  it('a cookie counts by the origin that `:authority` says is ours', async () => {
    expect(await post({ ':authority': OURS, origin: `https://${OURS}` })).toBe(201);
    expect(await post({ ':authority': OURS, host: OURS, origin: `https://${OURS}` })).toBe(201);
    expect(await post({ ':authority': OURS, origin: `https://${EVIL}` })).toBe('REQUEST_CROSS_SITE');
  });

  it('a Host beside it says nothing that it does not say', async () => {
    for (const origin of [`https://${EVIL}`, `https://${OURS}`])
      expect(await post({ ':authority': OURS, host: EVIL, origin })).toBe('REQUEST_CROSS_SITE');
  });

  it('a tenant is named by the subdomain of `:authority`, and by no other host beside it', async () => {
    const ask = (headers: Record<string, string>) =>
      send({ ':method': 'GET', ':path': '/tenant', ...anna.bearer, ...headers });
    expect(await ask({ ':authority': 'acme.example.com' })).toEqual([200, { tenant: 'acme' }]);
    const [status, body] = await ask({ ':authority': 'acme.example.com', host: 'globex.example.com' });
    expect([status, body['code']]).toEqual([403, 'ACCESS_TENANT_UNNAMED']);
  });
});
