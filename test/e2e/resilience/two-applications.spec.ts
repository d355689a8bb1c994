// Two applications in one process: what one knows of a request, the other does not believe, and does not read.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CanActivate, NestMiddleware, Type } from '@nestjs/common';
import { Controller, Get, Injectable, Next, Param, Req, Res, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DescopeModuleOptions, DescopeSession, DescopeTransport } from 'nestjs-descope';
import {
  AuthGuard,
  CurrentSession,
  CurrentTenant,
  CurrentUser,
  DescopeModule,
  OptionalAuth,
  Public,
  Roles,
  Tenant,
} from 'nestjs-descope';
import type { TestDescope } from 'nestjs-descope/testing';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import type { AdapterName, RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { EventRecorder } from '../../support/event-recorder.js';
import { loadCopy } from '../../support/library-copy.js';

const identity = { sub: 'U2anna', roles: ['admin'], tenants: { T1: {} } };
const outerDescope = createTestDescope({ projectId: 'P2outerouterouterouteroutero' });
const innerDescope = createTestDescope({ projectId: 'P2innerinnerinnerinnerinneri' });

interface Shown {
  readonly user?: unknown;
  readonly user2?: unknown;
}

// What a handler is told of its caller, by whatever way.
function show(user: unknown, session: DescopeSession, request: { user?: unknown; raw?: { user?: unknown } }) {
  const shown: Shown = { user };
  const { token, rejectedWith } = session;
  return {
    ...shown,
    signedIn: session.user?.id,
    hasToken: token !== undefined,
    rejectedWith,
    ofRequest: request.user ?? request.raw?.user,
  };
}
const NOBODY = { hasToken: false };

@Controller()
class InnerController {
  @Roles('admin')
  @Get('admin')
  inner(@CurrentUser('id') id: string) {
    return { id };
  }

  @Public()
  @Get('public')
  open(@CurrentUser() user: unknown, @CurrentSession() session: DescopeSession, @Req() request: object) {
    return show(user, session, request);
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser() user: unknown, @CurrentSession() session: DescopeSession, @Req() request: object) {
    return show(user, session, request);
  }

  @Tenant({ from: 'param:tenant' })
  @Get('tenants/:tenant')
  tenant(@Param('tenant') asked: string, @CurrentTenant() tenant: string) {
    return { asked, tenant };
  }
}

interface Parts {
  readonly controllers: Type[];
  readonly providers?: Type[];
}

async function startOne(
  adapter: AdapterName,
  descope: TestDescope,
  { controllers, providers = [], ...options }: DescopeModuleOptions & Parts,
): Promise<RunningApplication> {
  return start(
    adapter,
    { imports: [DescopeModule.forRoot({ audience: null, ...options })], controllers, providers },
    { override: (builder) => descope.override(builder) },
  );
}

// A controller that lets its application's guard look at a request, and then hands it to the other application.
function createHandingOn(adapter: AdapterName, toInner: () => RunningApplication): Type[] {
  @Controller()
  class HandingOnController {
    @OptionalAuth()
    @Get(['admin', 'public', 'optional', 'same', 'unguarded'])
    handOn(@Req() request: Raw, @Res() response: RawResponse, @Next() next: () => void) {
      const instance: unknown = toInner().app.getHttpAdapter().getInstance();
      if (adapter === 'express') return (instance as NestMiddleware['use'])(request, response, next);
      response.hijack?.();
      (instance as Fastify).routing(request.raw ?? request, response.raw ?? response);
    }
  }
  return [HandingOnController];
}
type Raw = IncomingMessage & { readonly raw?: IncomingMessage };
type RawResponse = ServerResponse & { readonly raw?: ServerResponse; hijack?(): unknown };
interface Fastify {
  routing(request: IncomingMessage, response: ServerResponse): void;
}

describe.each(ADAPTERS)('A request that one application hands on to another, on %s', (adapter) => {
  let inner: RunningApplication;
  let outer: RunningApplication;

  beforeAll(async () => {
    inner = await startOne(adapter, innerDescope, { controllers: [InnerController] });
    const controllers = createHandingOn(adapter, () => inner);
    outer = await startOne(adapter, outerDescope, {
      controllers,
      loadUser: () => ({ secret: 'of the first' }),
    });
  });
  afterAll(async () => {
    await outer.close();
    await inner.close();
  });

  it('is rejected with a session of the first, whose project is another', async () => {
    const answer = await outer.request('/admin', { headers: outerDescope.as(identity).bearer });
    expect([answer.status, answer.body['code']]).toEqual([401, 'TOKEN_KEY_UNKNOWN']);
  });

  it('is accepted with a session of the second', async () => {
    const headers = { cookie: innerDescope.as(identity).cookie.cookie };
    expect((await outer.request('/admin', { headers })).body).toEqual({ id: 'U2anna' });
  });

  it('tells a public handler of the second nothing of whom the first let in', async () => {
    for (const headers of [outerDescope.as(identity).bearer, outerDescope.as(identity).cookie, {}]) {
      const answer = await outer.request('/public', { headers: { ...headers } });
      expect([answer.status, answer.body]).toEqual([200, NOBODY]);
    }
  });

  it('tells an optional handler of the second whom the second finds', async () => {
    const outerCookie = outerDescope.as(identity).cookie;
    expect((await outer.request('/optional', { headers: { ...outerCookie } })).body).toEqual({
      ...NOBODY,
      rejectedWith: 'TOKEN_KEY_UNKNOWN',
    });
    const cookie = innerDescope.as(identity).cookie;
    expect((await outer.request('/optional', { headers: { ...cookie } })).body).toMatchObject({
      signedIn: 'U2anna',
      user: { id: 'U2anna' },
      ofRequest: { id: 'U2anna' },
    });
  });
});

describe.each(ADAPTERS)('A controller that two applications have, on %s', (adapter) => {
  let inner: RunningApplication;
  let outer: RunningApplication;

  @Controller('same')
  class SameController {
    @Public()
    @Get()
    open(@CurrentUser() user: unknown, @CurrentSession() session: DescopeSession, @Req() request: object) {
      return show(user, session, request);
    }

    @Get('closed')
    closed(@CurrentUser('id') id: string) {
      return { id };
    }
  }

  beforeAll(async () => {
    inner = await startOne(adapter, innerDescope, { controllers: [SameController] });
    const controllers = createHandingOn(adapter, () => inner);
    outer = await startOne(adapter, outerDescope, { controllers, providers: [SameController] });
  });
  afterAll(async () => {
    await outer.close();
    await inner.close();
  });

  it('knows for which of them it answers', async () => {
    const headers = outerDescope.as(identity).bearer;
    expect((await outer.request('/same', { headers })).body).toEqual(NOBODY);
    const ofInner = await inner.request('/same/closed', { headers: innerDescope.as(identity).bearer });
    expect([ofInner.status, ofInner.body]).toEqual([200, { id: 'U2anna' }]);
  });
});

describe.each(ADAPTERS)('An application without a guard of its own, on %s', (adapter) => {
  it('reads nobody on a request whose user another application let in', async () => {
    @Controller()
    class UnguardedController {
      @Get('unguarded')
      show(@CurrentUser() user: unknown, @CurrentSession() session: DescopeSession) {
        return show(user, session, {});
      }
    }
    const inner = await startOne(adapter, innerDescope, {
      controllers: [UnguardedController],
      globalGuard: false,
    });
    const outer = await startOne(adapter, outerDescope, {
      controllers: createHandingOn(adapter, () => inner),
    });
    const answer = await outer.request('/unguarded', { headers: outerDescope.as(identity).bearer });
    await outer.close();
    await inner.close();
    expect([answer.status, answer.body]).toEqual([200, NOBODY]);
  });
});

describe.each(ADAPTERS)('What an application teaches, on %s', (adapter) => {
  // Reads a tenant and a credential where this application alone keeps them.
  const requests = new WeakMap<object, object>();
  const open = ({ headers }: IncomingMessage) => ({
    headers: { authorization: headers['x-forwarded-authorization'] },
  });
  const taught: DescopeTransport = {
    type: 'http',
    findRequest: (context) => {
      const request = context.switchToHttp().getRequest<IncomingMessage>();
      const opened = requests.get(request) ?? open(request);
      requests.set(request, opened);
      return opened;
    },
    readParam: () => 'T1',
  };

  it('changes nothing for another, whichever starts first', async () => {
    const teaching = { controllers: [InnerController], transports: [taught] };
    const first = await startOne(adapter, innerDescope, { controllers: [InnerController] });
    const second = await startOne(adapter, outerDescope, teaching);
    const third = await startOne(adapter, innerDescope, { controllers: [InnerController] });
    const { bearer } = innerDescope.as(identity);
    for (const application of [first, third]) {
      const foreign = await application.request('/tenants/T2', { headers: bearer });
      expect([foreign.status, foreign.body['code']]).toEqual([403, 'ACCESS_TENANT_MISSING']);
      const own = await application.request('/tenants/T1', { headers: bearer });
      expect(own.body).toEqual({ asked: 'T1', tenant: 'T1' });
      const forwarded = { 'x-forwarded-authorization': bearer.authorization };
      expect((await application.request('/admin', { headers: forwarded })).status).toBe(401);
    }
    const { authorization } = outerDescope.as(identity).bearer;
    const answer = await second.request('/tenants/T2', {
      headers: { 'x-forwarded-authorization': authorization },
    });
    expect([answer.status, answer.body]).toEqual([200, { asked: 'T2', tenant: 'T1' }]);
    for (const application of [first, second, third]) await application.close();
  });
});

describe('The events of two applications', () => {
  it('say in which project each happened', async () => {
    const events = new EventRecorder();
    const one = await startOne('express', outerDescope, { controllers: [InnerController] });
    const other = await startOne('express', innerDescope, { controllers: [InnerController] });
    await one.request('/admin', { headers: outerDescope.as(identity).bearer });
    await other.request('/admin', { headers: outerDescope.as(identity).bearer });
    events.stop();
    await one.close();
    await other.close();
    expect(events.messages.map(({ name, message }) => [name, message])).toEqual([
      ['accepted', expect.objectContaining({ projectId: outerDescope.projectId, userId: 'U2anna' })],
      ['rejected', expect.objectContaining({ projectId: innerDescope.projectId, code: 'TOKEN_KEY_UNKNOWN' })],
    ]);
  });
});

describe('A second copy of the package in the same application', () => {
  it('meets the first, whether or not another application runs beside it', async () => {
    const copy = await loadCopy(); // two builds of this package in one folder share their Nest
    expect(copy.CurrentUser).not.toBe(CurrentUser);

    @Injectable()
    class CopiedGuard extends copy.AuthGuard implements CanActivate {}

    @Controller()
    class LibraryController {
      @copy.Roles('admin')
      @Get('ours')
      ours(@copy.CurrentUser('id') id: string, @CurrentUser('id') same: string) {
        return { id, same };
      }

      @copy.Public()
      @Get('open')
      open(@copy.CurrentSession() session: DescopeSession) {
        return { signedIn: session.user?.id };
      }

      @UseGuards(CopiedGuard)
      @copy.Roles('admin')
      @Get('theirs')
      theirs(@CurrentUser('id') id: string, @copy.CurrentUser('id') same: string) {
        return { id, same };
      }
    }
    const options = { controllers: [LibraryController] };
    const application = await startOne('express', outerDescope, options);
    const headers = outerDescope.as(identity).bearer;
    const check = async () => {
      for (const path of ['/ours', '/theirs'])
        expect((await application.request(path, { headers })).body).toEqual({ id: 'U2anna', same: 'U2anna' });
      expect((await application.request('/open', { headers })).body).toEqual({});
      expect((await application.request('/ours')).status).toBe(401);
    };
    await check();
    const other = await startOne('express', innerDescope, options);
    await check();
    await other.close();
    await application.close();
    expect(AuthGuard).not.toBe(copy.AuthGuard);
  });
});

describe('An application that was closed', () => {
  it('is told from no other any more: the one that runs is the only one again', async () => {
    @Controller()
    class WhoController {
      @Get('who')
      who(@CurrentUser('id') id: string) {
        return { id };
      }
    }
    const boot = async (descope: TestDescope) => {
      class AppModule {}
      const imports = [DescopeTestingModule.forRoot(descope, { audience: null })];
      const module = { module: AppModule, imports, controllers: [WhoController] };
      const app = await NestFactory.create(module, { logger: false });
      await app.listen(0, '127.0.0.1');
      return app;
    };
    const ask = async (app: Awaited<ReturnType<typeof boot>>, descope: TestDescope) => {
      const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
      const response = await fetch(`${url}/who`, { headers: descope.as(identity).bearer });
      return await response.json();
    };
    const first = await boot(outerDescope);
    const second = await boot(innerDescope);
    expect([await ask(first, outerDescope), await ask(second, innerDescope)]).toEqual([
      { id: 'U2anna' },
      { id: 'U2anna' },
    ]);
    await first.close();
    expect(await ask(second, innerDescope)).toEqual({ id: 'U2anna' });
    await second.close();
  });
});
