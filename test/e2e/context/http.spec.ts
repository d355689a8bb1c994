// DescopeContext on HTTP: who acts, asked in services that see no request.
import { AsyncResource } from 'node:async_hooks';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  ArgumentsHost,
  CanActivate,
  ExceptionFilter,
  INestApplication,
  MiddlewareConsumer,
  NestModule,
} from '@nestjs/common';
import {
  Body,
  Catch,
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  Module,
  Post,
  Scope,
  UseFilters,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { DescopeSession } from 'nestjs-descope';
import { Authorize, CurrentUser, DescopeModule, OptionalAuth, Public, Roles } from 'nestjs-descope';
import type { CurrentCaller } from 'nestjs-descope/context';
import { DescopeContext, DescopeContextModule } from 'nestjs-descope/context';
import { createTestDescope } from 'nestjs-descope/testing';
import type { AdapterName, RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

type Seen = readonly [place: string, id: string | undefined];

@Injectable()
class Audit {
  readonly seen: Seen[] = [];

  constructor(@Inject(DescopeContext) readonly context: DescopeContext) {}

  note(place: string): void {
    this.seen.push([place, this.context.current()?.id]);
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestAudit {
  constructor(@Inject(DescopeContext) private readonly context: DescopeContext) {}

  read() {
    return this.context.current()?.id;
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class TenantAudit extends RequestAudit {}

@Injectable()
class EarlyGuard implements CanActivate {
  constructor(@Inject(Audit) private readonly audit: Audit) {}

  canActivate() {
    this.audit.note('guard before ours');
    return true;
  }
}

@Injectable()
class LateGuard implements CanActivate {
  constructor(@Inject(Audit) private readonly audit: Audit) {}

  canActivate() {
    this.audit.note('guard after ours');
    return true;
  }
}

@Catch(ForbiddenException)
@Injectable()
class RejectedFilter implements ExceptionFilter {
  constructor(@Inject(Audit) private readonly audit: Audit) {}

  catch(exception: ForbiddenException, _host: ArgumentsHost): never {
    this.audit.note('filter');
    throw exception;
  }
}

@Controller()
class OrdersController {
  constructor(@Inject(Audit) private readonly audit: Audit) {}

  @Get('orders')
  list(@CurrentUser('id') id: string) {
    this.audit.note('handler');
    return { same: this.audit.context.current()?.id === id, caller: this.audit.context.current() };
  }

  @Post('orders')
  async create(@Body() body: { readonly text: string }) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return { length: body.text.length, id: this.audit.context.current()?.id ?? null };
  }

  @Public()
  @Get('open')
  open() {
    return { id: this.audit.context.current()?.id ?? null };
  }

  @OptionalAuth()
  @Get('optional')
  optional() {
    return { id: this.audit.context.current()?.id ?? null };
  }

  @Roles('admin')
  @UseFilters(RejectedFilter)
  @Get('admin')
  admin() {}

  @Authorize(() => true)
  @Get('carried')
  carried() {
    const { context } = this.audit;
    const carried = context.carry();
    const inside = context.runAs({ id: 'U2job', kind: 'user' }, () => context.current());
    return { carried, inside, after: context.current()?.id };
  }
}

@Controller()
class ScopedController {
  constructor(
    @Inject(RequestAudit) private readonly ofRequest: RequestAudit,
    @Inject(TenantAudit) private readonly ofTenant: TenantAudit,
  ) {}

  @Get('scoped')
  scoped() {
    return { ofRequest: this.ofRequest.read(), ofTenant: this.ofTenant.read() };
  }
}

@Module({
  controllers: [OrdersController, ScopedController],
  providers: [
    Audit,
    RequestAudit,
    TenantAudit,
    EarlyGuard,
    RejectedFilter,
    { provide: APP_GUARD, useExisting: EarlyGuard },
    { provide: APP_GUARD, useClass: LateGuard },
  ],
  exports: [Audit],
})
class OrdersModule implements NestModule {
  constructor(@Inject(Audit) private readonly audit: Audit) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(
        (_request: object, response: { once(event: 'finish', run: () => void): void }, next: () => void) => {
          this.audit.note('middleware');
          response.once('finish', () => this.audit.note('finish'));
          next();
        },
      )
      .forRoutes('*path');
  }
}

const descope = createTestDescope();
const ann = descope.as({ sub: 'U2ann', dct: 'acme', tenants: { acme: {} }, act: { sub: 'U2support' } });

const boot = (adapter: AdapterName, options = {}, configure?: (app: INestApplication) => void) =>
  start(
    adapter,
    {
      imports: [
        DescopeModule.forRoot({ globalGuard: { before: [EarlyGuard] }, ...options }),
        DescopeContextModule,
        OrdersModule,
      ],
    },
    { override: (builder) => descope.override(builder), ...(configure && { configure }) },
  );

describe.each(ADAPTERS)('DescopeContext, on %s,', (adapter) => {
  let application: RunningApplication;
  let audit: Audit;

  beforeAll(async () => {
    application = await boot(adapter);
    audit = application.app.get(Audit);
  });
  afterAll(() => application.close());

  const get = async (path: string, headers: Record<string, string> = ann.bearer) =>
    (await application.request(path, { headers })).body;

  it('says who acts, as @CurrentUser() does, without the user in JSON', async () => {
    expect(await get('/orders')).toEqual({
      same: true,
      caller: { isVerified: true, id: 'U2ann', kind: 'user', tenant: 'acme', actor: 'U2support' },
    });
  });

  it('says nobody before the guard has accepted, and the caller after it until the response has finished', async () => {
    audit.seen.length = 0;
    await get('/orders');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(audit.seen).toEqual([
      ['middleware', undefined],
      ['guard before ours', undefined],
      ['guard after ours', 'U2ann'],
      ['handler', 'U2ann'],
      ['finish', 'U2ann'],
    ]);
  });

  it('says nobody on a public route, whatever was sent, and to anonymous callers', async () => {
    expect(await get('/open')).toEqual({ id: null });
    expect(await get('/optional', {})).toEqual({ id: null });
    expect(await get('/optional')).toEqual({ id: 'U2ann' });
  });

  it('says it after a body was read, also one that arrives in parts', async () => {
    const parts = ['{"text":"', 'x'.repeat(9_000), '"}'];
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        const part = parts.shift();
        if (part === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(part));
      },
    });
    const headers = { ...ann.bearer, 'content-type': 'application/json' };
    const init: RequestInit & { readonly duplex: 'half' } = { method: 'POST', headers, body, duplex: 'half' };
    expect((await application.request('/orders', init)).body).toEqual({ length: 9_000, id: 'U2ann' });
  });

  it('says it to request-scoped and durable providers', async () => {
    expect(await get('/scoped')).toEqual({ ofRequest: 'U2ann', ofTenant: 'U2ann' });
    expect(await get('/scoped', descope.as({ sub: 'U2bob' }).bearer)).toEqual({
      ofRequest: 'U2bob',
      ofTenant: 'U2bob',
    });
  });

  it('tells a filter whom the guard has rejected', async () => {
    audit.seen.length = 0;
    expect(await get('/admin')).toMatchObject({ code: 'ACCESS_ROLE_MISSING' });
    expect(audit.seen).toContainEqual(['filter', 'U2ann']);
  });

  it('runs a function as another caller, who is not verified, and then goes back', async () => {
    expect(await get('/carried')).toEqual({
      carried: { id: 'U2ann', kind: 'user', tenant: 'acme', actor: 'U2support' },
      inside: { isVerified: false, id: 'U2job', kind: 'user' },
      after: 'U2ann',
    });
  });

  it('says that somebody unknown acts as the user where the token does not say who', async () => {
    for (const act of [{ iss: 'https://support.example.com' }, { sub: '' }, 1]) {
      const { bearer } = descope.as({ sub: 'U2ann', act });
      expect(await get('/orders', bearer)).toMatchObject({ caller: { id: 'U2ann', actor: 'unknown' } });
      expect(await get('/carried', bearer)).toMatchObject({ carried: { id: 'U2ann', actor: 'unknown' } });
    }
    const { bearer } = descope.as({ sub: 'U2ann', act: null });
    expect(await get('/carried', bearer)).toMatchObject({ carried: { id: 'U2ann', kind: 'user' } });
  });

  it('says nobody outside a request', () => {
    expect(audit.context.current()).toBeUndefined();
    expect(audit.context.carry()).toBeUndefined();
  });
});

interface FastifyHooks {
  addHook(
    name: 'preParsing',
    hook: (request: object, reply: object, payload: object, done: () => void) => void,
  ): unknown;
}

// As a callback of a pool that was opened before any request.
const runOutside = AsyncResource.bind((run: () => void) => run());

describe('On fastify, after a hook that goes on outside of the request, DescopeContext', () => {
  it('says who acts', async () => {
    const application = await boot('fastify', {}, (app) => {
      const fastify = app.getHttpAdapter().getInstance() as FastifyHooks;
      fastify.addHook('preParsing', (_request: object, _reply: object, _payload: object, done: () => void) =>
        runOutside(done),
      );
    });
    try {
      const { body } = await application.request('/orders', { headers: ann.bearer });
      expect(body).toMatchObject({ same: true, caller: { id: 'U2ann' } });
    } finally {
      await application.close();
    }
  });
});

describe.each(ADAPTERS)('With loadUser, on %s, DescopeContext', (adapter) => {
  it('has the own user, and says nobody while it is loaded', async () => {
    const during: (CurrentCaller | undefined)[] = [];
    const users: unknown[] = [];
    const loadUser = async ({ user }: DescopeSession) => {
      during.push(context.current());
      await Promise.resolve();
      during.push(context.current());
      return { number: `own ${user?.id}` };
    };
    const application = await boot(adapter, { loadUser });
    const context = application.app.get(DescopeContext);
    try {
      application.app.get(Audit).note = () => {
        const caller = context.current();
        users.push(caller?.isVerified === true ? caller.user : caller);
      };
      await application.request('/orders', { headers: ann.bearer });
      expect(during).toEqual([undefined, undefined]);
      expect(users).toContainEqual({ number: 'own U2ann' });
    } finally {
      await application.close();
    }
  });
});

describe('Two applications of one process', () => {
  it('read nothing of each other', async () => {
    const outer = await boot('express');
    const imports = [DescopeModule.forRoot(), DescopeContextModule];
    const inner = await start('express', { imports }, { override: (builder) => descope.override(builder) });
    try {
      const seen: unknown[] = [];
      const foreign = inner.app.get(DescopeContext);
      const own = outer.app.get(Audit);
      own.note = () => void seen.push([foreign.current()?.id, own.context.current()?.id]);
      await outer.request('/orders', { headers: ann.bearer });
      expect(seen.filter((ids) => JSON.stringify(ids) === '[null,"U2ann"]').length).toBeGreaterThan(1);
      expect(seen).not.toContainEqual(['U2ann', expect.anything()]);
    } finally {
      await inner.close();
      await outer.close();
    }
  });
});

describe('DescopeContextModule', () => {
  it('does not boot without DescopeModule', async () => {
    await expect(start('express', { imports: [DescopeContextModule] })).rejects.toMatchObject({
      code: 'CONFIG_MODULE_MISSING',
    });
  });
});
