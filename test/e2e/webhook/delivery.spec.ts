// What Descope delivers: its signature, its body, and what reads bodies before or after.
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import { Controller, Injectable, Post, Req, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule, Public } from 'nestjs-descope';
import type { DescopeAuditEvent } from 'nestjs-descope/events';
import { OnDescopeEvent } from 'nestjs-descope/events';
import { createTestDescope } from 'nestjs-descope/testing';
import type { AdapterName, Answer } from '../../support/application.js';
import { ADAPTERS, ask, toRootModule } from '../../support/application.js';
import { signBody, toDelivery, WEBHOOK_SECRET } from '../../support/descope-webhook.js';

@Injectable()
class Listener {
  readonly events: DescopeAuditEvent[] = [];

  @OnDescopeEvent('*')
  hear(event: DescopeAuditEvent) {
    this.events.push(event);
  }
}

@Public()
@Controller('own')
class OwnController {
  @Post() take(@Req() request: { body?: unknown; rawBody?: Buffer }) {
    return { body: request.body, raw: request.rawBody?.toString() };
  }
}

const EVENT = '{"action":"UserCreated","userId":"U2anna"}';

describe.each(ADAPTERS)('A delivery of Descope, on %s,', (adapter) => {
  const { options } = createTestDescope();
  let close: () => Promise<unknown> = () => Promise.resolve();
  afterEach(() => close());

  interface Boot extends NestApplicationOptions {
    readonly module?: DescopeModuleOptions;
    readonly http?: ExpressAdapter;
    readonly configure?: (app: INestApplication) => unknown;
  }

  const boot = async ({ module, http, configure, ...nest }: Boot = {}) => {
    const imports = [DescopeModule.forRoot({ ...options, events: { secret: WEBHOOK_SECRET }, ...module })];
    const root = toRootModule({ imports, controllers: [OwnController], providers: [Listener] });
    const app = await NestFactory.create(root, http ?? toAdapter(adapter), {
      logger: false,
      abortOnError: false,
      ...nest,
    });
    close = () => app.close();
    await configure?.(app);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const send = (init: RequestInit, path = '/auth/events'): Promise<Answer> => ask(url + path, init);
    return { send, events: app.get(Listener).events, app };
  };
  const codeOf = ({ status, body }: Answer) => `${status} ${String(body['code'])}`;

  it('reaches the handlers, and is answered with 200 and JSON', async () => {
    const { send, events } = await boot();
    const { status, text, headers } = await send(toDelivery(EVENT));
    expect([status, text, headers.get('cache-control')]).toEqual([200, '{}', 'no-store']);
    expect(events).toMatchObject([{ action: 'UserCreated', userId: 'U2anna' }]);
  });

  it('is read as it was sent, whatever reads bodies: Nest, with and without raw bodies, or nothing', async () => {
    const odd = '{ "action" : "UserCreated", "userId":"U\\u0032anna", "n": 1.0 }\n';
    for (const nest of [{}, { rawBody: true }, { bodyParser: false }, { rawBody: true, bodyParser: false }]) {
      const { send, events } = await boot(nest);
      expect([nest, (await send(toDelivery(odd))).status]).toEqual([nest, 200]);
      expect(events).toMatchObject([{ userId: 'U2anna' }]);
      await close();
    }
  });

  it('is read before the body parsers that the application adds', async () => {
    const { send, events } = await boot({
      bodyParser: false,
      configure: (app) => {
        if (adapter === 'express') app.use(express.json({ limit: 10 }), express.text({ type: '*/*' }));
        else app.use((_request: object, _response: object, next: () => void) => setImmediate(next));
      },
    });
    expect((await send(toDelivery(`${EVENT} `))).status).toBe(200);
    expect(events).toHaveLength(1);
  });

  it('is received under a prefix, with versions, and at the path of the other routes', async () => {
    const { send, events } = await boot({
      module: { routes: { path: 'id', login: false } },
      configure: (app) => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    });
    expect((await send(toDelivery(`${EVENT} `), '/api/id/events')).status).toBe(200);
    expect((await send(toDelivery(EVENT), '/auth/events')).status).toBe(404);
    expect(events).toHaveLength(1);
  });

  it('may have any type of body, come in pieces, and be larger than what parsers take', async () => {
    const { send, events } = await boot();
    const large = JSON.stringify({ action: 'UserModified', data: { text: 'ä'.repeat(1_500_000) } });
    expect((await send(toDelivery(large))).status).toBe(200);
    for (const type of ['text/plain', 'application/cloudevents+json', 'text/xml', 'nonsense']) {
      const { headers, ...init } = toDelivery(JSON.stringify({ action: type }));
      const answer = await send({ ...init, headers: { ...headers, 'content-type': type } });
      expect([type, answer.status]).toEqual([type, 200]);
    }
    const bytes = Buffer.from(`${EVENT}\n`);
    const pieces = new ReadableStream({
      start: (controller) => {
        for (const byte of bytes) controller.enqueue(Buffer.from([byte]));
        controller.close();
      },
    });
    const { headers } = toDelivery(`${EVENT}\n`);
    const chunked = { method: 'POST', headers, body: pieces, duplex: 'half' };
    expect((await send(chunked as RequestInit)).status).toBe(200);
    expect(events).toHaveLength(6);
  });

  it('is rejected with 413 above four megabytes, with and without a length', async () => {
    const { send, events } = await boot();
    const body = `{"action":"a","data":"${'x'.repeat(4_194_304)}"}`;
    expect(codeOf(await send(toDelivery(body)))).toBe('413 REQUEST_BODY_TOO_LARGE');
    const { headers } = toDelivery(body);
    const chunked = { method: 'POST', headers, body: new Blob([body]).stream(), duplex: 'half' };
    expect(codeOf(await send(chunked as RequestInit))).toBe('413 REQUEST_BODY_TOO_LARGE');
    expect(events).toEqual([]);
  });

  it('is rejected with 415 if it is compressed', async () => {
    const { send, events } = await boot();
    const body = gzipSync(EVENT);
    const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
    const signed = { ...headers, 'x-descope-webhook-s256': signBody(body) };
    expect(codeOf(await send({ method: 'POST', headers: signed, body }))).toBe(
      '415 REQUEST_BODY_UNSUPPORTED',
    );
    expect(events).toEqual([]);
  });

  it('is rejected with 401 without a signature, also with a body that no parser takes', async () => {
    const { send, events } = await boot();
    for (const body of [EVENT, '', '{"', '<a/>', 'x'.repeat(200_000)])
      for (const type of ['application/json', 'text/xml']) {
        const answer = await send({ method: 'POST', headers: { 'content-type': type }, body });
        expect([type, codeOf(answer)]).toEqual([type, '401 WEBHOOK_SIGNATURE_MISSING']);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="descope"');
      }
    expect(events).toEqual([]);
  });

  it('is rejected with 401 with a wrong signature', async () => {
    const { send, events } = await boot();
    const good = signBody(EVENT);
    const bytes = Buffer.from(good, 'base64');
    const wrong = [
      signBody(EVENT, 'another-secret-of-a-connector'),
      signBody(`${EVENT} `),
      good.slice(0, -1),
      good.toLowerCase(),
      `${good}=`,
      `${good}, ${good}`,
      `sha256=${good}`,
      bytes.toString('hex'),
      bytes.subarray(0, 31).toString('base64'),
      Buffer.concat([bytes, bytes]).toString('base64'),
      'null',
      '='.repeat(44),
    ];
    for (const signature of wrong) {
      const headers = { 'content-type': 'application/json', 'x-descope-webhook-s256': signature };
      const answer = await send({ method: 'POST', headers, body: EVENT });
      expect([signature, codeOf(answer)]).toEqual([signature, '401 WEBHOOK_SIGNATURE_INVALID']);
      expect(answer.text).not.toContain(WEBHOOK_SECRET);
    }
    expect(events).toEqual([]);
  });

  it('is rejected with 400 if the signed body is not an event', async () => {
    const { send, events } = await boot();
    for (const body of [
      '',
      'null',
      '7',
      '"text"',
      '{}',
      '[7]',
      '[{}]',
      '{"action":7}',
      '{"action":""}',
      '{"',
      'x',
    ])
      expect([body, codeOf(await send(toDelivery(body)))]).toEqual([body, '400 REQUEST_BODY_INVALID']);
    const latin = Buffer.from('{"action":"\xe4"}', 'latin1');
    const headers = { 'content-type': 'application/json', 'x-descope-webhook-s256': signBody(latin) };
    expect(codeOf(await send({ method: 'POST', headers, body: latin }))).toBe('400 REQUEST_BODY_INVALID');
    expect(events).toEqual([]);
  });

  it('may be signed as the JSON that is made of it again, and then that is used', async () => {
    const { send, events } = await boot();
    const sent = '{ "action":"first", "action":"UserModified", "data":{"text":"\\u003cb>&\u2028"} }\n';
    const remade = JSON.stringify(JSON.parse(sent));
    expect((await send(toDelivery(sent, remade))).status).toBe(200);
    const go = remade.replace('<', '\\u003c').replace('>', '\\u003e').replace('&', '\\u0026');
    expect((await send(toDelivery(sent, go.replace('\u2028', '\\u2028')))).status).toBe(200);
    expect(events).toMatchObject([
      { action: 'UserModified', data: { text: '<b>&\u2028' } },
      { action: 'UserModified', data: { text: '<b>&\u2028' } },
    ]);
  });

  it('leaves other bodies to the application', async () => {
    const { send } = await boot({ rawBody: true });
    const own = await send(
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a": 1}' },
      '/own',
    );
    expect(own.body).toEqual({ body: { a: 1 }, raw: '{"a": 1}' });
    const large = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"a":"${'x'.repeat(2_000_000)}"}`,
    };
    expect((await send(large, '/own')).status).toBe(413);
  });
});

describe('A delivery of Descope', () => {
  const { options } = createTestDescope();
  const create = async (http: ExpressAdapter | FastifyAdapter) => {
    const imports = [DescopeModule.forRoot({ ...options, events: { secret: WEBHOOK_SECRET } })];
    const root = toRootModule({ imports, providers: [Listener] });
    return NestFactory.create<NestFastifyApplication>(root, http as FastifyAdapter, { logger: false });
  };

  it("arrives through Fastify's inject, and where main.ts registers a route before the prefix", async () => {
    const app = await create(new FastifyAdapter());
    try {
      app
        .getHttpAdapter()
        .getInstance()
        .post('/hooks', (_request, reply) => reply.send('own'));
      app.setGlobalPrefix('api');
      await app.init();
      const body = `${EVENT} `;
      const headers = { 'content-type': 'application/json', 'x-descope-webhook-s256': signBody(body) };
      const { statusCode } = await app.inject({ method: 'POST', url: '/api/auth/events', headers, body });
      expect(statusCode).toBe(200);
      expect(app.get(Listener).events).toHaveLength(1);
    } finally {
      await app.close();
    }
  });

  it('is verified by its bytes where a server that the application brings has read them before', async () => {
    for (const parser of [express.raw({ type: '*/*' }), express.text({ type: '*/*' })]) {
      const app = await create(new ExpressAdapter(express().use(parser)));
      try {
        await app.listen(0, '127.0.0.1');
        const url = `${await app.getUrl()}/auth/events`;
        expect((await ask(url, toDelivery(`${EVENT} \n`))).status).toBe(200);
        expect((await ask(url, toDelivery(EVENT, '{}'))).status).toBe(401);
      } finally {
        await app.close();
      }
    }
  });

  it('is verified by the JSON of it where a server that the application brings has parsed it before', async () => {
    const server = express().use(express.json());
    const app = await create(new ExpressAdapter(server));
    try {
      await app.listen(0, '127.0.0.1');
      const url = `${await app.getUrl()}/auth/events`;
      expect((await ask(url, toDelivery(EVENT))).status).toBe(200);
      expect((await ask(url, toDelivery(`${EVENT} `))).status).toBe(401);
      expect(app.get(Listener).events).toMatchObject([{ action: 'UserCreated' }]);
    } finally {
      await app.close();
    }
  });
});

function toAdapter(adapter: AdapterName): ExpressAdapter {
  return adapter === 'express' ? new ExpressAdapter() : (new FastifyAdapter() as unknown as ExpressAdapter);
}
