// A rejection of ours is its status and code wherever it surfaces, without the application mapping it.
import { afterEach, describe, expect, it } from '@jest/globals';
import type {
  ArgumentsHost,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  INestApplication,
  MiddlewareConsumer,
  ModuleMetadata,
} from '@nestjs/common';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  Module,
  Query,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  CurrentSession,
  DescopeAccessError,
  DescopeCredentialError,
  DescopeError,
  DescopeM2mClient,
  DescopeService,
  DescopeSession,
  DescopeUnavailableError,
  OptionalAuth,
  Public,
} from 'nestjs-descope';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import { ADAPTERS, ask } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';

const descope = createTestDescope();
const EXPIRED = {
  statusCode: 401,
  error: 'Unauthorized',
  message: 'The session is not valid.',
  code: 'TOKEN_EXPIRED',
};

@Injectable()
class TokenInQuery implements CanActivate {
  constructor(private readonly service: DescopeService) {}

  async canActivate(context: ExecutionContext) {
    const { query } = context.switchToHttp().getRequest<{ query: { token: string } }>();
    await this.service.validateSession(query.token);
    return true;
  }
}

@Controller()
class PublicController {
  constructor(
    private readonly service: DescopeService,
    private readonly machines: DescopeM2mClient,
  ) {}

  @Public()
  @UseGuards(TokenInQuery)
  @Get('guarded')
  guarded() {
    return 'file';
  }

  @Public()
  @Get('handler')
  async inHandler(@Query('token') token: string) {
    return (await this.service.validateSession(token)).requireUser().id;
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentSession() session: DescopeSession) {
    return session.requireUser().id;
  }

  @Public()
  @Get('cross-site')
  crossSite() {
    const headers = { ...descope.as().cookie, origin: 'https://evil.example', host: 'app.example' };
    return this.service.authenticate({ method: 'POST', headers });
  }

  @Public()
  @Get('machine')
  machine() {
    return this.machines.getToken({ accessKey: 'secret' });
  }

  @Public()
  @Get('machine-fetch')
  machineFetch() {
    const send = this.machines.createFetch({ accessKey: 'secret' }, { origins: ['https://orders.example'] });
    return send('https://orders.example/');
  }

  @Public()
  @Get('foreign')
  foreign() {
    throw new RangeError('not ours');
  }

  @Public()
  @Get('caught')
  async caught(@Query('token') token: string) {
    try {
      await this.service.validateSession(token);
      return {};
    } catch (error) {
      if (!(error instanceof DescopeCredentialError)) throw error;
      const { code, details, message, cause } = error;
      const kinds = [DescopeError, UnauthorizedException, DescopeAccessError, DescopeUnavailableError];
      const reason = cause instanceof Error ? cause.message : '';
      return { code, details, message, reason, is: kinds.map((kind) => error instanceof kind) };
    }
  }
}

describe.each(ADAPTERS)('A rejection outside of our guard, on %s', (adapter) => {
  let app: INestApplication | undefined;
  let logger: CollectingLogger;
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  const boot = async (
    metadata: ModuleMetadata = {},
    prepare: (app: INestApplication) => void = () => undefined,
  ) => {
    logger = new CollectingLogger();
    const imports = [DescopeTestingModule.forRoot(descope, { audience: null })];
    @Module({
      imports,
      controllers: [PublicController],
      ...metadata,
      providers: [TokenInQuery, ...(metadata.providers ?? [])],
    })
    class AppModule {
      configure(consumer: MiddlewareConsumer) {
        const authenticate = async (
          _request: unknown,
          _response: unknown,
          next: (error?: unknown) => void,
        ) => {
          await app?.get(DescopeService).validateSession('nonsense');
          next();
        };
        consumer.apply(authenticate).forRoutes('middleware');
      }
    }
    const http = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    app = await NestFactory.create(AppModule, http, { logger, abortOnError: false });
    prepare(app);
    await app.listen(0, '127.0.0.1');
    return (path: string, init?: RequestInit) => app?.getUrl().then((url) => ask(`${url}/${path}`, init));
  };

  it.each(['guarded', 'handler'])(
    'is 401 with its code, its challenge and no stack in the log: %s',
    async (path) => {
      const request = await boot();
      const answer = await request(`${path}?token=${descope.expired().token}`);
      expect([answer?.status, answer?.body]).toEqual([401, EXPIRED]);
      expect(answer?.headers.get('www-authenticate')).toBe('Bearer realm="descope", error="invalid_token"');
      expect(answer?.headers.get('cache-control')).toBe('no-store');
      expect(logger.entries.filter((entry) => /^(error|fatal)/.test(entry))).toEqual([]);
      expect((await request(`${path}?token=${descope.as().token}`))?.status).toBe(200);
    },
  );

  it.each([
    ['optional', 401, 'SESSION_MISSING', 'Bearer realm="descope"'],
    ['cross-site', 403, 'REQUEST_CROSS_SITE', null],
    ['middleware', 401, 'TOKEN_MALFORMED', 'Bearer realm="descope", error="invalid_token"'],
    ['machine', 503, 'DESCOPE_UNAVAILABLE', null],
    ['machine-fetch', 503, 'DESCOPE_UNAVAILABLE', null],
  ])('comes out of %s as %d %s', async (path, status, code, challenge) => {
    const request = await boot();
    const answer = await request(path);
    expect([answer?.status, answer?.body['code']]).toEqual([status, code]);
    expect(answer?.headers.get('www-authenticate')).toBe(challenge);
    expect(answer?.headers.get('retry-after') === null).toBe(status !== 503);
    expect(logger.entries.filter((entry) => /^(error|fatal)/.test(entry))).toEqual([]);
  });

  it('leaves what is not ours a bare 500, with its stack in the log', async () => {
    const answer = await (await boot())('foreign');
    expect([answer?.status, answer?.body]).toEqual([
      500,
      { statusCode: 500, message: 'Internal server error' },
    ]);
    expect(logger.find('not ours')).toHaveLength(1);
  });

  it('is caught as our class and as an exception of Nest, with code, details, and the reason as its cause', async () => {
    const answer = await (await boot())(`caught?token=${descope.expired().token}`);
    expect(answer?.body).toEqual({
      code: 'TOKEN_EXPIRED',
      details: {},
      message: 'The session is not valid.',
      reason: expect.stringMatching(/expired/i),
      is: [true, true, false, false],
    });
  });

  it('keeps its status and code where a filter of the application catches everything', async () => {
    @Catch()
    class CatchAll implements ExceptionFilter {
      constructor(private readonly host: HttpAdapterHost) {}

      catch(error: unknown, host: ArgumentsHost) {
        const status = error instanceof HttpException ? error.getStatus() : 500;
        const own = error instanceof HttpException ? error.getResponse() : { message: 'hidden' };
        this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { envelope: own }, status);
      }
    }
    @Catch()
    class AtNests extends BaseExceptionFilter {}
    const request = await boot({}, (running) =>
      running.useGlobalFilters(new CatchAll(running.get(HttpAdapterHost))),
    );
    for (const path of ['handler?token=', 'guarded?token=', 'optional', 'foreign']) {
      const answer = await request(path);
      const isForeign = path === 'foreign';
      expect([answer?.status, answer?.body]).toEqual([
        isForeign ? 500 : 401,
        { envelope: isForeign ? { message: 'hidden' } : expect.objectContaining({ statusCode: 401 }) },
      ]);
    }
    await app?.close();
    const again = await boot({}, (running) =>
      running.useGlobalFilters(new AtNests(running.get(HttpAdapterHost).httpAdapter)),
    );
    expect((await again('handler?token='))?.body['code']).toBe('TOKEN_MALFORMED');
  });

  it("lets the application's own filter for HttpException go first, whichever way it is registered", async () => {
    @Catch(HttpException)
    class Envelope implements ExceptionFilter {
      constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

      catch(error: HttpException, host: ArgumentsHost) {
        this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { own: true }, error.getStatus());
      }
    }
    const request = await boot({ providers: [{ provide: APP_FILTER, useClass: Envelope }] });
    for (const path of ['handler?token=', 'optional'])
      expect(await request(path)).toMatchObject({ status: 401, body: { own: true } });
  });
});

describe('An error in the form that applications are thrown', () => {
  it('shows in a log why and where, and says no more than its code to a client', async () => {
    @Module({ imports: [DescopeTestingModule.forRoot(descope, { audience: 'orders' })] })
    class AppModule {}
    const context = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const error: unknown = await context
      .get(DescopeService)
      .validateSession(descope.as({ aud: 'billing' }).token)
      .catch((thrown: unknown) => thrown);
    await context.close();
    expect(error).toBeInstanceOf(UnauthorizedException);
    expect(error).toMatchObject({ details: { expected: ['orders'], actual: ['billing'] } });
    expect((error as Error).stack).toMatch(/^DescopeCredentialError: .*audience.*\n\s+at /);
    const response = JSON.stringify((error as HttpException).getResponse());
    expect(response).toContain('TOKEN_AUDIENCE_MISMATCH');
    expect(response).not.toMatch(/billing|orders/);
  });

  it('is told from the errors of a class that the application derived', () => {
    class Own extends DescopeCredentialError {}
    const plain = new DescopeCredentialError('TOKEN_EXPIRED', 'over');
    expect([
      plain instanceof Own,
      new Own('TOKEN_EXPIRED', 'over') instanceof DescopeCredentialError,
    ]).toEqual([false, true]);
    expect([null, 'text', {}, new Error('other')].some((value) => value instanceof DescopeError)).toBe(false);
  });
});
