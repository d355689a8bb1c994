// The program of the page about caching: Nest's interceptor gives a response to the next user, and that of the page does not.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS, ask } from '../../support/application.js';
import type { PageProgram } from '../../support/page-program.js';
import { findBlock, runPageProgram } from '../../support/page-program.js';
import { createSigningKey, mint, PROJECT_ID } from '../../support/tokens.js';
import { bearer } from '../../support/who.controller.js';

const page = 'docs/caching.md';
const key = createSigningKey();
const application = findBlock(page, 'class ReportsModule');
const interceptor = findBlock(page, 'class CallerCacheInterceptor');
const trap = "export { CacheInterceptor as CallerCacheInterceptor } from '@nestjs/cache-manager';";
const main = `
  import 'reflect-metadata';
  import { NestFactory } from '@nestjs/core';
  import { ExpressAdapter } from '@nestjs/platform-express';
  import { FastifyAdapter } from '@nestjs/platform-fastify';
  import { Controller, Get, Module } from '@nestjs/common';
  import { OptionalAuth, Public } from 'nestjs-descope';
  import { ReportsModule } from './application.js';

  // Callers who have no session, of whom a guard of the application may know more.
  @Controller()
  class FurtherController {
    @Public() @Get('public') public() { return {}; }
    @OptionalAuth() @Get('optional') optional() { return {}; }
  }
  @Module({ imports: [ReportsModule], controllers: [FurtherController] })
  class AppModule {}

  const adapter = process.env.ADAPTER === 'express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create(AppModule, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  console.log(await app.getUrl());
`;

function run(adapter: string, callerCache: string): Promise<PageProgram> {
  const env = {
    ADAPTER: adapter,
    DESCOPE_PROJECT_ID: PROJECT_ID,
    DESCOPE_PUBLIC_KEY: JSON.stringify(key.jwk),
  };
  return runPageProgram({ application, 'caller-cache': callerCache, main }, env);
}

function as(claims: Record<string, unknown>): string {
  const now = Math.floor(Date.now() / 1000);
  return mint(key, { claims: { iat: now, exp: now + 600, ...claims } });
}

const ANNA = as({ sub: 'U2anna' });
const CALLERS = [
  ANNA,
  as({ sub: 'U2bob' }),
  as({ sub: 'U2anna', dct: 'T1' }),
  as({ sub: 'U2anna', dct: 'T2' }),
  as({ sub: 'U2anna', act: { sub: 'U2support' } }),
  as({ sub: 'U2anna', amr: undefined }), // of an access key, as far as its token tells
];

describe.each(ADAPTERS)('A response, on %s,', (adapter) => {
  let program: PageProgram;
  const get = async (path: string, token?: string) => {
    const headers = token === undefined ? {} : bearer(token);
    const answer = await ask(program.url + path, { headers });
    return { status: answer.status, cache: answer.headers.get('x-cache'), body: answer.body, answer };
  };

  describe("with Nest's own interceptor", () => {
    beforeAll(async () => {
      program = await run(adapter, trap);
    });
    afterAll(() => program.close());

    it('is given to the next user, which is the trap', async () => {
      await get('/profile', ANNA);
      const { cache, body } = await get('/profile', CALLERS[1]);
      expect([cache, body['id']]).toEqual(['HIT', 'U2anna']);
    });
  });

  describe('with the interceptor of the page', () => {
    beforeAll(async () => {
      program = await run(adapter, interceptor);
    });
    afterAll(() => program.close());

    it('is kept for each user, tenant, actor and kind of caller', async () => {
      const first = await Promise.all(CALLERS.map((token) => get('/profile', token)));
      expect(first.map(({ cache }) => cache)).toEqual(CALLERS.map(() => 'MISS'));
      expect(first.map(({ body }) => [body['id'], body['tenant']])).toEqual([
        ['U2anna', undefined],
        ['U2bob', undefined],
        ['U2anna', 'T1'],
        ['U2anna', 'T2'],
        ['U2anna', undefined],
        ['U2anna', undefined],
      ]);
      const second = await Promise.all(CALLERS.map((token) => get('/profile', token)));
      expect(second.map(({ cache }) => cache)).toEqual(CALLERS.map(() => 'HIT'));
      expect(second.map(({ body }) => body)).toEqual(first.map(({ body }) => body));
    });

    it('reaches nobody whom the guard rejects, and no cache on the way keeps it', async () => {
      const admin = as({ sub: 'U2anna', roles: ['admin'] });
      await get('/report', admin);
      expect(await get('/report', admin)).toMatchObject({ status: 200, cache: 'HIT' });
      expect((await get('/report', admin)).answer.headers.get('cache-control')).toContain('no-store');
      expect(await get('/report', ANNA)).toMatchObject({ status: 403, cache: null });
      expect(await get('/report')).toMatchObject({ status: 401, cache: null });
    });

    it('is not kept for nobody, unless a public route says so', async () => {
      for (const path of ['/public', '/public', '/optional', '/optional'])
        expect(await get(path)).toMatchObject({ status: 200, cache: null });
      for (const cache of ['MISS', 'HIT']) expect(await get('/optional', ANNA)).toMatchObject({ cache });
    });

    it('of a public route that says so is shared by all, whatever they send', async () => {
      const first = await get('/prices', ANNA);
      const others = await Promise.all([get('/prices'), get('/prices', CALLERS[1])]);
      for (const { cache, body } of others) expect([cache, body]).toEqual(['HIT', first.body]);
    });
  });
});
