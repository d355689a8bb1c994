// What is posted to the routes of this package where the application reads no bodies of that type.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Post, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DescopeModule, Public } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { ask, toRootModule } from '../../support/application.js';

@Public()
@Controller('own')
class OwnController {
  @Post() take() {
    return 'taken';
  }
}

const FORM = 'application/x-www-form-urlencoded';
const { options } = createTestDescope();

describe('A route of DescopeModule', () => {
  let close: () => Promise<void> = () => Promise.resolve();
  afterEach(() => close());

  const boot = async (
    adapter: 'express' | 'fastify',
    bodyParser: boolean,
    configure: (app: NestFastifyApplication) => unknown = () => undefined,
  ) => {
    const imports = [DescopeModule.forRoot({ ...options, routes: { login: false } })];
    const root = toRootModule({ imports, controllers: [OwnController] });
    const http = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    const app = await NestFactory.create<NestFastifyApplication>(root, http as FastifyAdapter, {
      bodyParser,
      logger: false,
      abortOnError: false,
    });
    close = () => app.close();
    await configure(app);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return (path: string, type: string, body = 'DS=a&DSR=b') =>
      ask(url + path, { method: 'POST', headers: { 'content-type': type, origin: url }, body });
  };
  const UNSUPPORTED = { statusCode: 415, error: 'Unsupported Media Type', code: 'REQUEST_BODY_UNSUPPORTED' };
  const unreadForm = expect.objectContaining({
    ...UNSUPPORTED,
    message: expect.stringMatching(/bodyParser.*addContentTypeParser.*application\/json/),
  });

  it('answers a form that Fastify has no parser for with its code and what to do', async () => {
    const post = await boot('fastify', false);
    for (const path of ['store_jwt', 'session', 'tenant', 'refresh', 'logout', 'logout-all']) {
      const { status, body, headers } = await post(`/auth/${path}`, FORM);
      expect([path, status, body]).toEqual([path, 415, unreadForm]);
      expect(headers.get('cache-control')).toBe('no-store');
    }
    expect((await post('/auth/logout', FORM, '')).body).toEqual(unreadForm);
    expect((await post('/auth/store_jwt', `${FORM}; charset=utf-8`)).body).toEqual(unreadForm);
    const json = await post('/auth/store_jwt', 'application/json', '{"sessionJwt":7}');
    expect([json.status, json.body['code']]).toEqual([400, 'REQUEST_BODY_INVALID']);
  });

  it('does so under a prefix and with versions', async () => {
    const post = await boot('fastify', false, (app) => {
      app.setGlobalPrefix('api');
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    });
    expect((await post('/api/auth/store_jwt', FORM)).body).toEqual(unreadForm);
  });

  it('leaves the routes of the application to it', async () => {
    const post = await boot('fastify', false);
    expect((await post('/own', FORM)).body).toEqual({ statusCode: 415, message: 'Unsupported Media Type' });
    expect((await post('/own', 'application/json', '{}')).text).toBe('taken');
  });

  it("takes the form by a parser of the application's own, whatever it is registered for", async () => {
    for (const type of [FORM, /^application\/x-www/, '*']) {
      const post = await boot('fastify', false, (app) => {
        const parse = (_request: unknown, body: string) =>
          Promise.resolve(Object.fromEntries(new URLSearchParams(body)));
        app.getHttpAdapter().getInstance().addContentTypeParser(type, { parseAs: 'string' }, parse);
      });
      const { status, body } = await post('/auth/store_jwt', FORM);
      expect([status, body['code']]).toEqual([401, 'TOKEN_MALFORMED']);
      await close();
    }
  });

  it.each(['express', 'fastify'] as const)(
    'rejects another type by the same code, on %s',
    async (adapter) => {
      for (const bodyParser of [true, false]) {
        const post = await boot(adapter, bodyParser);
        for (const type of ['text/xml', 'text/plain', 'multipart/form-data; boundary=x']) {
          const { body } = await post('/auth/store_jwt', type, '<a/>');
          expect([type, body]).toEqual([type, expect.objectContaining(UNSUPPORTED)]);
        }
        await close();
      }
    },
  );

  it('says on Express, which hands on what nobody read, that the body parser may be off', async () => {
    const { status, body } = await (await boot('express', false))('/auth/store_jwt', FORM);
    expect([status, body['code']]).toEqual([400, 'REQUEST_BODY_INVALID']);
    expect(body['message']).toMatch(/body parser/);
  });
});
