// request.user serves the rest of the ecosystem; what decides is remembered where no middleware can write.
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CallHandler, ExecutionContext, INestApplication, NestInterceptor } from '@nestjs/common';
import { Controller, Get, Injectable, Req } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { CurrentUser, DescopeModule, DescopeUser, OptionalAuth, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

interface WithUser {
  user?: DescopeUser;
}

const seen: unknown[] = [];
const logged: unknown[] = [];

@Injectable()
class SeeingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    seen.push(context.switchToHttp().getRequest<WithUser>().user);
    return next.handle();
  }
}

@Controller()
class UserController {
  @Get('user')
  user(@Req() request: WithUser, @CurrentUser() user: DescopeUser) {
    return { isSame: request.user === user, id: request.user?.id };
  }

  @Roles('admin')
  @Get('admin')
  admin() {}

  @OptionalAuth()
  @Get('optional')
  optional(@Req() request: WithUser, @CurrentUser() user: DescopeUser | undefined) {
    return { request: request.user ?? null, user: user ?? null };
  }

  @Public()
  @Get('public')
  open(@CurrentUser() user: DescopeUser | undefined) {
    return { user: user ?? null };
  }
}

// What other libraries, or an attacker who pollutes a request, might leave behind.
function plant(target: object) {
  const user = {
    id: 'U2mallory',
    username: 'mallory',
    roles: ['admin'],
    permissions: [],
    claims: { sub: 'U2mallory' },
  };
  const session = { user, token: 'forged', requireUser: () => user };
  const names = ['session', 'auth', 'descope', 'descopeSession', 'descopeUser', 'nestjs-descope:session'];
  for (const name of names) Reflect.set(target, name, session);
  Reflect.set(target, 'user', user);
  Reflect.set(target, Symbol.for('nestjs-descope:session'), session);
}

function plantEverywhere(app: INestApplication) {
  // Where a logger of requests stands (pino-http, morgan): before everything, with what Node gives, and it looks at the end.
  app.use((request: WithUser, response: ServerResponse, next: () => void) => {
    response.once('finish', () => logged.push(request.user));
    plant(request);
    next();
  });
  const http: unknown = app.getHttpAdapter().getInstance();
  const isFastify = app.getHttpAdapter().getType() === 'fastify';
  if (!isFastify) return;
  const fastify = http as { addHook: (name: string, hook: (request: object) => Promise<void>) => void };
  fastify.addHook('preHandler', async (request) => plant(request));
}

describe.each(ADAPTERS)('request.user, on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;

  beforeAll(async () => {
    const providers = [{ provide: APP_INTERCEPTOR, useClass: SeeingInterceptor }];
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [UserController], providers };
    const override = (builder: Parameters<typeof descope.override>[0]) => descope.override(builder);
    application = await start(adapter, metadata, { override, configure: plantEverywhere });
  });
  afterAll(() => application.close());

  const get = (path: string, headers: Record<string, string> = {}) => application.request(path, { headers });

  it('is the user of the session, in handlers and interceptors', async () => {
    seen.length = 0;
    const answer = await get('/user', descope.as({ sub: 'U2anna' }).bearer);
    expect(answer.body).toEqual({ isSame: true, id: 'U2anna' });
    expect(seen).toEqual([expect.any(DescopeUser)]);
  });

  it('is on the request of Node itself, for request loggers, and is undefined where no user is signed in', async () => {
    logged.length = 0;
    await get('/user', descope.as({ sub: 'U2anna' }).bearer);
    await get('/optional');
    expect(logged).toEqual([expect.objectContaining({ id: 'U2anna' }), undefined]);
  });

  it('does not authenticate when something else wrote it, nor any other member', async () => {
    expect((await get('/user')).body['code']).toBe('SESSION_MISSING');
    expect((await get('/admin')).status).toBe(401);
  });

  it('does not lend its roles to another caller', async () => {
    expect((await get('/admin', descope.as({ sub: 'U2anna' }).bearer)).status).toBe(403);
  });

  it('is taken away on an optional route that nobody is signed in to', async () => {
    expect((await get('/optional')).body).toEqual({ request: null, user: null });
  });

  it('is not believed by @CurrentUser() on a public route', async () => {
    expect((await get('/public')).body).toEqual({ user: null });
  });
});
