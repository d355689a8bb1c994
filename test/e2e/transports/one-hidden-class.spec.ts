// Express with requests that Node makes as Express wants them: the guard, and Express itself, act as on any other server.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Controller, Get, Header, Req } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Express, Request, Response } from 'express';
import express from 'express';
import { DescopeModule, Public } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { ask } from '../../support/application.js';
import { OneClassAdapter } from '../../support/one-class-adapter.js';

@Controller()
class OrdersController {
  @Header('Cache-Control', 'public, max-age=60')
  @Get('orders')
  list(@Req() request: Request) {
    return { id: request.user?.id, ip: request.ip, type: request.accepts('json'), query: request.query };
  }

  @Public()
  @Get('open')
  open() {
    return { ok: true };
  }
}

type Prototypes = readonly [request: object, response: object];

describe('An Express application whose server makes requests with the prototypes of Express', () => {
  const descope = createTestDescope();
  const made: Prototypes[] = [];
  let app: INestApplication<Server>;
  let url: string;

  beforeAll(async () => {
    const builder = Test.createTestingModule({
      imports: [DescopeModule.forRoot(descope.options)],
      controllers: [OrdersController],
    });
    const module = await descope.override(builder).compile();
    app = module.createNestApplication<INestApplication<Server>>(new OneClassAdapter(), { logger: false });
    const inner = express();
    inner.get('/seen', (request: Request, response: Response) => {
      response.json({ base: request.baseUrl, isInner: request.app === inner });
    });
    app.use('/inner', inner);
    app.getHttpServer().prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      made.push([Object.getPrototypeOf(request) as object, Object.getPrototypeOf(response) as object]);
    });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterAll(() => app.close());

  it('leaves the prototypes of a request and its response as Node made them', async () => {
    await ask(`${url}/open`);
    const { request, response } = app.getHttpAdapter().getInstance() as Express;
    expect(made.at(-1)?.[0]).toBe(request);
    expect(made.at(-1)?.[1]).toBe(response);
  });

  it('accepts a caller, with the user on the request, and keeps the response private', async () => {
    const headers = descope.as({ sub: 'U2anna' }).bearer;
    const { status, body, headers: answered } = await ask(`${url}/orders?page=2`, { headers });
    expect(status).toBe(200);
    expect(body).toEqual({ id: 'U2anna', ip: '127.0.0.1', type: 'json', query: { page: '2' } });
    expect(answered.get('cache-control')).toBe('no-store');
    expect(answered.get('vary')).toBe('Cookie');
  });

  it('rejects a caller without a token', async () => {
    const { status, body } = await ask(`${url}/orders`);
    expect([status, body['code']]).toEqual([401, 'SESSION_MISSING']);
  });

  it('passes requests on to another application of Express', async () => {
    const { body } = await ask(`${url}/inner/seen`);
    expect(body).toEqual({ base: '/inner', isInner: true });
  });

  it('has the adapter of the documentation', () => {
    const [, source = ''] =
      /^\/\/ .*\n([\s\S]*)$/.exec(readFileSync('test/support/one-class-adapter.ts', 'utf8')) ?? [];
    expect(readFileSync('docs/benchmarks-express.md', 'utf8')).toContain(source);
  });
});
