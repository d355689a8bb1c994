// However a handler is reached, its own decision holds.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { All, Controller, Get, Head, Options, Post, Version, VersioningType } from '@nestjs/common';
import { DescopeModule, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { sendRaw } from '../../support/raw-request.js';

const SECRET = 'the handler ran';

@Roles('admin')
@Controller()
class SecretController {
  @Get(['secret', 'another'])
  secret() {
    return { SECRET };
  }

  @Head('headed')
  headed() {}

  @Options('options')
  options() {
    return { SECRET };
  }

  @All('all')
  all() {
    return { SECRET };
  }

  @Get(['items/:id', 'files/*'])
  item() {
    return { SECRET };
  }

  @Version('2')
  @Get('versioned')
  second() {
    return { SECRET };
  }
}

@Public()
@Controller()
class OpenController {
  @Version('1')
  @Get('versioned')
  first() {}

  @Get('items/:id/public')
  openItem() {}

  @Post('secret')
  openPost() {}
}

describe.each(ADAPTERS)('A handler that asks for a role, on %s', (adapter) => {
  const descope = createTestDescope();
  const admin = descope.as({ roles: ['admin'] });
  const plain = descope.as();
  let application: RunningApplication;

  beforeAll(async () => {
    application = await start(
      adapter,
      { imports: [DescopeModule.forRoot()], controllers: [SecretController, OpenController] },
      {
        override: (builder) => descope.override(builder),
        configure: (app) => app.enableVersioning({ type: VersioningType.URI }),
      },
    );
  });
  afterAll(() => application.close());

  const send = (line: string, headers: readonly string[] = []) => sendRaw(application.url, line, headers);
  const asAdmin = (line: string) => send(line, [`Authorization: ${admin.bearer.authorization}`]);
  const asPlain = (line: string) => send(line, [`Authorization: ${plain.bearer.authorization}`]);

  it.each([
    ['HEAD of a GET route', 'HEAD /secret'],
    ['a HEAD route', 'HEAD /headed'],
    ['an OPTIONS route', 'OPTIONS /options'],
    ['any method of an @All() route', 'PUT /all'],
    ['OPTIONS of an @All() route', 'OPTIONS /all'],
    ['a query', 'GET /secret?public=true'],
    ['a parameter', 'GET /items/1'],
    ['an encoded parameter', 'GET /items/%2e%2e%2fitems%2f1%2fpublic'],
    ['a wildcard', 'GET /files/a/b'],
    ['a wildcard with an encoded slash', 'GET /files/..%2f..%2fitems%2f1%2fpublic'],
    ['a second path', 'GET /another'],
    ['a version', 'GET /v2/versioned'],
    ['an absolute URL', 'GET http://anywhere.example/secret'],
  ])('rejects and accepts by its own demand: %s', async (_what, line) => {
    expect((await send(line)).status).toBe(401);
    const rejected = await asPlain(line);
    expect(rejected.status).toBe(403);
    expect(rejected.text).not.toContain(SECRET);
    expect([200, 204]).toContain((await asAdmin(line)).status);
  });

  // Whether such a path finds the handler is the router's affair; that it never runs unasked is ours.
  it.each([
    ['a trailing slash', 'GET /secret/'],
    ['two slashes', 'GET //secret'],
    ['an encoded path', 'GET /%73ecret'],
    ['another case', 'GET /SECRET'],
    ['a dot segment', 'GET /items/1/public/../../../secret'],
    ['a semicolon', 'GET /secret;public'],
    ['an encoded slash', 'GET /items%2f1%2fpublic/../secret'],
    ['a null byte', 'GET /secret%00'],
    ['OPTIONS of a GET route', 'OPTIONS /secret'],
    ['an unknown method', 'PROPFIND /secret'],
    ['a method in a header', 'GET /secret?_method=POST'],
  ])('never runs for nobody and for a plain user: %s', async (_what, line) => {
    for (const answer of [
      await send(line),
      await asPlain(line),
      await send(line, ['X-HTTP-Method-Override: POST']),
    ])
      expect(answer.text).not.toContain(SECRET);
  });

  it('leaves its public neighbours open', async () => {
    for (const line of ['GET /v1/versioned', 'GET /items/1/public'])
      expect((await send(line)).status).toBe(200);
    expect((await application.request('/secret', { method: 'POST' })).status).toBe(201);
  });

  it('answers 404 to what is no route, to everybody', async () => {
    expect((await send('GET /nothing')).status).toBe(404);
    expect((await asAdmin('GET /nothing')).status).toBe(404);
  });
});
