// applyDescopeSecurity on documents that the real SwaggerModule makes.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { All, Controller, Get, Post, VersioningType } from '@nestjs/common';
import type { OpenAPIObject, SwaggerDocumentOptions } from '@nestjs/swagger';
import {
  ApiBearerAuth,
  ApiForbiddenResponse,
  ApiOperation,
  ApiSecurity,
  DocumentBuilder,
  SwaggerModule,
} from '@nestjs/swagger';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule, OptionalAuth, Public, Roles, StepUp } from 'nestjs-descope';
import { applyDescopeSecurity } from 'nestjs-descope/inspect';
import type { AdapterName, RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { createSigningKey } from '../../support/tokens.js';

@Controller('orders')
class OrdersController {
  @Get() list() {}
  @Roles('admin', 'editor') @ApiOperation({ description: 'Changes it.' }) @Post(':id/items/:item') change() {}
  @StepUp() @Get(':id/secret') secret() {}
  @OptionalAuth() @Get('maybe') maybe() {}
  @Public() @Get('open') open() {}
  @Public() @ApiSecurity('machine') @Get('machine') machine() {}
  @Roles('admin')
  @ApiBearerAuth()
  @ApiForbiddenResponse({ description: 'Our own words.' })
  @Get('own')
  own() {}
  @Roles('admin') @All('all') all() {}
  @Roles('files') @Get('files/*') files() {}
}

const { jwk } = createSigningKey();
const FIXED: DescopeModuleOptions = { projectId: 'P2testtesttesttesttesttestte', keys: [jwk] };
const BOTH = [{ descopeBearer: [] }, { descopeCookie: [] }];
const running: RunningApplication[] = [];
afterEach(async () => {
  for (const application of running.splice(0)) await application.close();
});

interface Setting {
  readonly options?: DescopeModuleOptions;
  readonly adapter?: AdapterName;
  readonly swagger?: SwaggerDocumentOptions;
  readonly configure?: (app: INestApplication) => unknown;
}

async function document({ options = {}, adapter = 'express', swagger, configure }: Setting = {}) {
  let made: OpenAPIObject | undefined;
  const metadata = {
    imports: [DescopeModule.forRoot({ ...FIXED, ...options })],
    controllers: [OrdersController],
  };
  const application = await start(adapter, metadata, {
    configure: (app) => {
      configure?.(app);
      made = applyDescopeSecurity(
        SwaggerModule.createDocument(app, new DocumentBuilder().build(), swagger),
        app,
      );
    },
  });
  running.push(application);
  return made as OpenAPIObject;
}

const statuses = (operation: { responses?: object } | undefined) =>
  Object.keys(operation?.responses ?? {}).filter((status) => Number(status) >= 400);

describe.each(ADAPTERS)('The document on %s', (adapter) => {
  it('says of each operation how one proves who one is', async () => {
    const { paths, components } = await document({ adapter });
    expect(components?.securitySchemes).toEqual({
      descopeBearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      descopeCookie: { type: 'apiKey', in: 'cookie', name: 'DS' },
    });
    expect(paths['/orders']?.get?.security).toEqual(BOTH);
    expect(paths['/orders/{id}/items/{item}']?.post?.security).toEqual(BOTH);
    expect(paths['/orders/files/{path}']?.get?.security).toEqual(BOTH);
    expect(paths['/orders/maybe']?.get?.security).toEqual([{}, ...BOTH]);
    expect(paths['/orders/open']?.get?.security).toEqual([]);
    for (const method of ['get', 'put', 'delete'] as const)
      expect(paths['/orders/all']?.[method]?.security).toEqual(BOTH);
  });

  it('finds operations under a prefix and versions, also where the document leaves the prefix out', async () => {
    const configure = (app: INestApplication) => {
      app.setGlobalPrefix('api');
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: ['1', '2'] });
    };
    const full = await document({ adapter, configure });
    const bare = await document({ adapter, configure, swagger: { ignoreGlobalPrefix: true } });
    for (const version of ['v1', 'v2']) {
      expect(full.paths[`/api/${version}/orders/{id}/items/{item}`]?.post?.security).toEqual(BOTH);
      expect(bare.paths[`/${version}/orders/{id}/items/{item}`]?.post?.security).toEqual(BOTH);
      expect(bare.paths[`/${version}/orders/open`]?.get?.security).toEqual([]);
    }
  });
});

describe('The document', () => {
  it('has the rejections that can happen, and no others', async () => {
    const { paths, components } = await document();
    expect(statuses(paths['/orders']?.get)).toEqual(['401']);
    expect(statuses(paths['/orders/{id}/secret']?.get)).toEqual(['401']);
    expect(statuses(paths['/orders/maybe']?.get)).toEqual(['401']);
    expect(statuses(paths['/orders/open']?.get)).toEqual([]);
    expect(statuses(paths['/orders/all']?.get)).toEqual(['401', '403']);
    expect(paths['/orders']?.get?.responses['401']).toEqual({
      description: 'No session, or it is not valid.',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/DescopeError' } } },
    });
    expect(components?.schemas?.['DescopeError']).toMatchObject({ type: 'object' });
  });

  it.each<[string, DescopeModuleOptions, string[]]>([
    ['keys that are fetched', { keys: undefined }, ['401', '503']],
    ['a username that may be missing', { usernameClaim: 'email' }, ['401', '403']],
    ['users of the application', { loadUser: () => ({}) }, ['401', '403']],
    ['a server-side session', { session: { store: 'request-session' } }, ['401', '503']],
  ])('adds what %s can reject', async (_what, options, expected) => {
    const { paths } = await document({ options: { requireKeysAtBoot: false, ...options } });
    expect(statuses(paths['/orders']?.get)).toEqual(expected);
  });

  it('tells a cookie across sites only where it can be rejected', async () => {
    @Controller('notes')
    class NotesController {
      @Post() add() {}
    }
    const ask = async (options: DescopeModuleOptions) => {
      const imports = [DescopeModule.forRoot({ ...FIXED, ...options })];
      const application = await start('express', { imports, controllers: [NotesController] });
      running.push(application);
      const { app } = application;
      const made = applyDescopeSecurity(
        SwaggerModule.createDocument(app, new DocumentBuilder().build()),
        app,
      );
      return statuses(made.paths['/notes']?.post);
    };
    expect(await ask({})).toEqual(['401', '403']);
    expect(await ask({ sources: ['bearer'] })).toEqual(['401']);
  });

  it('tells what is demanded, in words and as data', async () => {
    const { paths } = await document();
    const change = paths['/orders/{id}/items/{item}']?.post;
    expect(change?.description).toBe('Changes it.\n\nDemands `roles: admin or editor`.');
    expect(change).toHaveProperty('x-descope-access', {
      access: 'required',
      demands: [{ kind: 'roles', names: ['admin', 'editor'], match: 'any' }],
    });
    expect(change?.responses['403']).toMatchObject({
      description: 'This is not allowed. Required: roles: admin or editor.',
    });
    expect(paths['/orders']?.get?.description).toBeUndefined();
  });

  it('keeps what the application documented: rejections everywhere, security of its own on public operations', async () => {
    const { paths } = await document();
    expect(paths['/orders/own']?.get?.responses['403']).toMatchObject({ description: 'Our own words.' });
    expect(paths['/orders/own']?.get?.security).toEqual(BOTH);
    expect(paths['/orders/machine']?.get?.security).toEqual([{ machine: [] }]);
  });

  it('names the schemes by the options: the cookie as it is called, and only where tokens are looked for', async () => {
    const schemesOf = async (options: DescopeModuleOptions) =>
      (await document({ options })).components?.securitySchemes;
    expect(
      await schemesOf({ sessionCookieName: 'MY', session: { cookie: { hostPrefix: true } } }),
    ).toMatchObject({
      descopeCookie: { name: '__Host-MY' },
    });
    expect(Object.keys((await schemesOf({ sources: ['cookie'] })) ?? {})).toEqual(['descopeCookie']);
    expect(Object.keys((await schemesOf({ session: { store: 'request-session' } })) ?? {})).toEqual([
      'descopeBearer',
    ]);
  });

  it('never calls an operation public because its tokens come from a source of the application', async () => {
    const { paths } = await document({ options: { sources: [() => undefined] } });
    expect(paths['/orders']?.get?.security).toBeUndefined();
    expect(paths['/orders/open']?.get?.security).toEqual([]);
  });

  it('is the same when it is written twice', async () => {
    const once = await document();
    const { app } = running[0] as RunningApplication;
    const before = structuredClone(once);
    expect(applyDescopeSecurity(once, app)).toEqual(before);
  });

  it('leaves operations alone that are not of the application', async () => {
    await document();
    const { app } = running[0] as RunningApplication;
    const foreign = { paths: { '/elsewhere': { get: { responses: {} } } } };
    expect(applyDescopeSecurity(structuredClone(foreign), app).paths).toEqual(foreign.paths);
  });

  it('has no security where no guard stands', async () => {
    const options = { globalGuard: false } as const;
    @Controller('bare')
    class BareController {
      @Get() list() {}
    }
    const imports = [DescopeModule.forRoot({ ...FIXED, ...options })];
    const application = await start('express', { imports, controllers: [BareController] });
    running.push(application);
    const { app } = application;
    const made = applyDescopeSecurity(SwaggerModule.createDocument(app, new DocumentBuilder().build()), app);
    expect(made.paths['/bare']?.get?.security).toEqual([]);
  });
});
