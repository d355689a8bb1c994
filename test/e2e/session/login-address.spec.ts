// Browsers without a session are redirected to the login page as the router serves it, whatever precedes its path.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication, Type } from '@nestjs/common';
import { Controller, Get, Module, RequestMethod, VersioningType } from '@nestjs/common';
import { NestFactory, RouterModule } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DescopeModule } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { ADAPTERS, ask } from '../../support/application.js';

@Controller({ path: 'page', version: ['1'] })
class PageController {
  @Get() page() {
    return 'page';
  }
}

const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

type Configure = (app: INestApplication) => unknown;
const uri = { type: VersioningType.URI, defaultVersion: '1' } as const;

describe.each(ADAPTERS)('The address of the login page, on %s,', (adapter) => {
  let app: INestApplication | undefined;
  afterEach(() => app?.close());

  // Sends a browser to a page, and follows it to where it is sent.
  const visit = async (configure: Configure, page: string, imports: object[] = [], path = 'auth') => {
    const options = { ...createTestDescope().options, routes: { path, loginRedirect: true } };
    @Module({
      imports: [DescopeModule.forRoot(options), ...(imports as Type[])],
      controllers: [PageController],
    })
    class Application {}
    const http = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    app = await NestFactory.create(Application, http, { logger: false, abortOnError: false });
    await configure(app);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const sent = await ask(url + page, { headers: NAVIGATION });
    const to = sent.headers.get('location') ?? '';
    const shown = await ask(url + to, { headers: NAVIGATION });
    return `${sent.status} ${to.split('?')[0]} ${shown.status} ${/<descope-wc/.test(shown.text)}`;
  };

  it.each<[string, Configure, string, string]>([
    ['no prefix', () => undefined, '/page', '/auth/login'],
    ['a prefix', (to) => to.setGlobalPrefix('api'), '/api/page', '/api/auth/login'],
    ['a prefix with slashes', (to) => to.setGlobalPrefix('/a/b/'), '/a/b/page', '/a/b/auth/login'],
    [
      'a prefix that leaves the routes out',
      (to) => to.setGlobalPrefix('api', { exclude: ['auth/{*rest}'] }),
      '/api/page',
      '/auth/login',
    ],
    [
      'a prefix that leaves the page out',
      (to) => to.setGlobalPrefix('api', { exclude: [{ path: 'auth/login', method: RequestMethod.GET }] }),
      '/api/page',
      '/auth/login',
    ],
    [
      'a prefix that leaves another method out',
      (to) => to.setGlobalPrefix('api', { exclude: [{ path: 'auth/login', method: RequestMethod.POST }] }),
      '/api/page',
      '/api/auth/login',
    ],
    ['versions in the path', (to) => to.enableVersioning(uri), '/v1/page', '/auth/login'],
    [
      'versions and a prefix',
      (to) => to.setGlobalPrefix('api', { exclude: ['auth/{*rest}'] }).enableVersioning(uri),
      '/api/v1/page',
      '/auth/login',
    ],
  ])('is right under %s', async (_what, configure, page, address) => {
    expect(await visit(configure, page)).toBe(`302 ${address} 200 true`);
  });

  it('is right where RouterModule puts the module under a path of its own', async () => {
    const router = RouterModule.register([{ path: 'company', module: DescopeModule }]);
    const prefix: Configure = (to) => to.setGlobalPrefix('api');
    expect(await visit(prefix, '/api/page', [router])).toBe('302 /api/company/auth/login 200 true');
    await app?.close();
    const exclude: Configure = (to) => to.setGlobalPrefix('api', { exclude: ['company/auth/{*rest}'] });
    expect(await visit(exclude, '/api/page', [router])).toBe('302 /company/auth/login 200 true');
  });

  it('is right under a path of several parts', async () => {
    expect(await visit(() => undefined, '/page', [], '/sign/in/')).toBe('302 /sign/in/login 200 true');
  });
});
