// A guard of the application inside @AnyOf() may let in who has no session of Descope; it never skips what stands beside it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import {
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  Post,
  Req,
  Scope,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { AccessDecision, SignedInSession } from 'nestjs-descope';
import {
  Accepts,
  AuthGuard,
  Authorize,
  CurrentSession,
  CurrentUser,
  DescopeModule,
  DescopeRevocations,
  DescopeSession,
  DescopeUser,
  OptionalAuth,
  Public,
  Roles,
  Staff,
} from 'nestjs-descope';
import { AnyOf } from 'nestjs-descope/access';
import { createTestDescope } from 'nestjs-descope/testing';
import { EMPTY, from, NEVER, of, throwError } from 'rxjs';
import { takeUntil } from 'rxjs/operators';
import type { AccessApplication } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

interface OwnRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  user?: unknown;
}

const asked: unknown[] = [];

@Injectable()
class ApiTokenGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest<OwnRequest>();
    asked.push(request.user);
    const { authorization, 'x-api-token': token } = request.headers;
    if (token !== 'good' && authorization !== 'Bearer opaque' && authorization !== FOREIGN) return false;
    request.user = { program: true };
    return true;
  }
}

// A JWT of another issuer, whose key the project does not have.
const toPart = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const FOREIGN = `Bearer ${toPart({ alg: 'RS256', kid: 'theirs', typ: 'JWT' })}.${toPart({ sub: 'a' })}.AAAA`;

@Injectable()
class OtherGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    return context.switchToHttp().getRequest<OwnRequest>().headers['x-other'] === 'good';
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequestGuard implements CanActivate {
  constructor(@Inject(REQUEST) private readonly request: OwnRequest) {}

  canActivate() {
    return this.request.headers['x-api-token'] === 'good';
  }
}

const toGuard = (answer: () => unknown): Type<CanActivate> => {
  class AnswerGuard {
    canActivate() {
      return answer() as boolean;
    }
  }
  return AnswerGuard;
};
const thenable = (value: unknown) => ({
  then: (resolve: (value: unknown) => void) => setImmediate(resolve, value),
});
const fail = (error: unknown) => () => {
  throw error;
};

const ANSWERS: Readonly<Record<string, { readonly guard: Type<CanActivate>; readonly verdict: string }>> =
  Object.fromEntries(
    (
      [
        ['true', () => true, '200'],
        ['promise', async () => true, '200'],
        ['thenable', () => thenable(true), '200'],
        ['observable', () => of(true), '200'],
        ['last-of-observable', () => from([false, true]), '200'],
        ['late-no', () => from([true, false]), '401 SESSION_MISSING'],
        ['empty-observable', () => EMPTY, '401 SESSION_MISSING'],
        ['ended-observable', () => NEVER.pipe(takeUntil(of(1))), '401 SESSION_MISSING'],
        ['false', () => false, '401 SESSION_MISSING'],
        ['undefined', () => undefined, '401 SESSION_MISSING'],
        ['number', () => 1, '401 SESSION_MISSING'],
        ['text', () => 'true', '401 SESSION_MISSING'],
        ['object', () => ({}), '401 SESSION_MISSING'],
        ['boolean-object', () => Object(true) as object, '401 SESSION_MISSING'],
        ['thenable-text', () => thenable('yes'), '401 SESSION_MISSING'],
        ['observable-text', () => of('yes'), '401 SESSION_MISSING'],
        ['observable-of-promise', () => of(Promise.resolve(true)), '200'],
        ['function', () => () => true, '401 SESSION_MISSING'],
        ['throws-401', fail(new UnauthorizedException()), '401 SESSION_MISSING'],
        ['throws-403', fail(new HttpException('No.', 403)), '401 SESSION_MISSING'],
        ['observable-401', () => throwError(() => new UnauthorizedException()), '401 SESSION_MISSING'],
        ['throws-429', fail(new HttpException('Slow down.', 429)), '429'],
        ['throws-503', fail(new ServiceUnavailableException()), '503'],
        ['throws', fail(new TypeError('A mistake.')), '500'],
        ['rejects', () => Promise.reject(new TypeError('A mistake.')), '500'],
      ] as const
    ).map(([name, answer, verdict]) => [name, { guard: toGuard(answer), verdict }]),
  );

@Controller('answers')
class AnswersController {}
for (const [name, { guard }] of Object.entries(ANSWERS)) {
  const handler = () => ({});
  Object.defineProperty(AnswersController.prototype, name, { value: handler });
  const descriptor = Object.getOwnPropertyDescriptor(AnswersController.prototype, name) as PropertyDescriptor;
  Get(name)(AnswersController.prototype, name, descriptor);
  AnyOf(Roles('admin'), guard)(AnswersController.prototype, name, descriptor);
}

@Controller()
class GuardedController {
  @AnyOf(Roles('admin'), ApiTokenGuard)
  @Get('export')
  export(
    @CurrentUser() user: DescopeUser | undefined,
    @CurrentSession() session: DescopeSession,
    @Req() request: OwnRequest,
  ) {
    const own = request.user instanceof DescopeUser ? request.user.id : request.user;
    return { user: user?.id ?? null, session: session.user?.id ?? null, own: own ?? null };
  }

  @AnyOf(Roles('admin'), ApiTokenGuard) @Post('export') change() {}
  @AnyOf(Roles('admin'), PerRequestGuard) @Get('per-request') perRequest() {}
  @Roles('editor') @AnyOf(Roles('admin'), ApiTokenGuard) @Get('beside') beside() {}
  @Authorize(() => true) @AnyOf(Roles('admin'), ApiTokenGuard) @Get('beside-rule') besideRule() {}
  @Accepts('user') @AnyOf(Roles('admin'), ApiTokenGuard) @Get('beside-kind') besideKind() {}
  @AnyOf(Roles('admin'), Staff())
  @AnyOf(Roles('admin'), ApiTokenGuard)
  @Get('beside-demands')
  besideDemands() {}
  @AnyOf(Roles('admin'), Authorize(() => true))
  @AnyOf(Roles('admin'), ApiTokenGuard)
  @Get('beside-rules')
  besideRules() {}
  @AnyOf(Roles('admin'), ApiTokenGuard) @AnyOf(Roles('admin'), OtherGuard) @Get('both') both() {}
  @Get('closed') closed() {}
}

@Roles('editor')
@Controller('class')
class ClassController {
  @AnyOf(Roles('admin'), ApiTokenGuard) @Get() handler() {}
}

@AnyOf(Roles('admin'), ApiTokenGuard)
@Controller('of-class')
class OfClassController {
  @Get() list() {}
  @Roles('editor') @Get('demanding') demanding() {}
  @Public() @Get('public') open() {}
  @OptionalAuth() @Get('optional') optional() {}
}

@Public()
@Controller('open')
class OpenController {
  @AnyOf(Roles('admin'), ApiTokenGuard) @Get() closed() {}
}

abstract class Base {
  @AnyOf(Roles('admin'), ApiTokenGuard) @Get() list() {}
}
@Controller('heir')
class HeirController extends Base {
  @Roles('editor') @Get() override list() {}
}

const CONTROLLERS = [
  AnswersController,
  GuardedController,
  ClassController,
  OfClassController,
  OpenController,
  HeirController,
];
const PROVIDERS = [
  ApiTokenGuard,
  OtherGuard,
  PerRequestGuard,
  ...Object.values(ANSWERS).map(({ guard }) => guard),
];
const PROGRAM = { 'x-api-token': 'good' };
const MISSING = '401 SESSION_MISSING';
const NONE = '403 ACCESS_ALTERNATIVES_MISSING';

describe.each(ADAPTERS)('A guard of the application inside @AnyOf, on %s', (adapter) => {
  let application: AccessApplication;
  beforeAll(async () => {
    application = await startAccess(
      adapter,
      { controllers: CONTROLLERS, providers: PROVIDERS },
      { publicOrigin: 'https://app.example.com' },
    );
  });
  afterAll(() => application.close());
  beforeEach(() => {
    asked.length = 0;
  });

  it('lets a caller in who has no session, and who is nobody for this package', async () => {
    const { status, body } = await application.ask('/export', null, PROGRAM);
    expect([status, body]).toEqual([200, { user: null, session: null, own: { program: true } }]);
    expect(await application.verdict('/export', null)).toBe(MISSING);
    expect(await application.challenge('/export', null)).toBe('Bearer realm="descope"');
    expect(await application.verdict('/per-request', null, PROGRAM)).toBe('200');
    expect(await application.verdict('/per-request', null)).toBe(MISSING);
  });

  it('is not asked about a caller who meets a demand, and is asked about others', async () => {
    const admin = await application.ask('/export', { sub: 'U2ada', roles: ['admin'] });
    expect(admin.body).toEqual({ user: 'U2ada', session: 'U2ada', own: 'U2ada' });
    expect(asked).toEqual([]);
    const bob = await application.ask('/export', { sub: 'U2bob' }, PROGRAM);
    expect(bob.body).toEqual({ user: 'U2bob', session: 'U2bob', own: 'U2bob' }); // the guard wrote another
    expect(asked).toEqual([expect.objectContaining({ id: 'U2bob' })]);
    expect(await application.verdict('/export', { sub: 'U2bob' })).toBe(NONE);
  });

  it.each(Object.entries(ANSWERS))('is met by true alone: %s', async (name, { verdict }) => {
    const found = await application.verdict(`/answers/${name}`, null);
    expect(found).toBe(verdict);
    const signedIn = await application.verdict(`/answers/${name}`, { sub: 'U2bob' });
    expect(signedIn).toBe(verdict === MISSING ? NONE : verdict);
    expect(await application.verdict(`/answers/${name}`, { roles: ['admin'] })).toBe('200');
  });

  it.each([
    'beside',
    'beside-rule',
    'beside-kind',
    'beside-demands',
    'beside-rules',
    'class',
    'of-class/demanding',
    'heir',
  ])('never skips what stands beside it: /%s', async (path) => {
    expect(await application.verdict(`/${path}`, null, PROGRAM)).toBe(MISSING);
    expect(asked).toEqual([]);
    const opaque = { authorization: 'Bearer opaque' };
    expect(await application.verdict(`/${path}`, null, opaque)).toBe('401 TOKEN_MALFORMED');
    expect(await application.verdict(`/${path}`, { roles: ['admin', 'editor'] })).toBe('200');
  });

  it('must let in at each of two', async () => {
    const other = { 'x-other': 'good' };
    expect(await application.verdict('/both', null, PROGRAM)).toBe(MISSING);
    expect(await application.verdict('/both', null, other)).toBe(MISSING);
    expect(await application.verdict('/both', null, { ...PROGRAM, ...other })).toBe('200');
  });

  it('adds up like any decorator', async () => {
    expect(await application.verdict('/of-class', null, PROGRAM)).toBe('200');
    expect(await application.verdict('/of-class', null)).toBe(MISSING);
    expect(await application.verdict('/of-class/public', null)).toBe('200');
    expect(await application.verdict('/of-class/optional', null)).toBe('200');
    expect(await application.verdict('/open', null)).toBe(MISSING);
    expect(await application.verdict('/open', null, PROGRAM)).toBe('200');
    expect(await application.verdict('/closed', null, PROGRAM)).toBe(MISSING);
  });

  it('is asked about a bearer token that is not known to be of Descope', async () => {
    const verdicts = await Promise.all(
      ['Bearer opaque', 'Bearer other', FOREIGN, `${FOREIGN}A`, 'Basic YTpi', 'ApiKey opaque'].map(
        (authorization) => application.verdict('/export', null, { authorization }),
      ),
    );
    expect(verdicts).toEqual(['200', '401 TOKEN_MALFORMED', '200', '401 TOKEN_MALFORMED', MISSING, MISSING]);
    const { body } = await application.ask('/export', null, { authorization: FOREIGN });
    expect(body).toEqual({ user: null, session: null, own: { program: true } });
  });

  it('is not asked about a bearer token of Descope that is rejected, whatever else was sent', async () => {
    const { descope } = application;
    const ended = await application.ask('/export', null, { ...descope.expired().bearer, ...PROGRAM });
    expect(ended.body['code']).toBe('TOKEN_EXPIRED');
    const forged = await application.ask('/export', null, { ...descope.tampered().bearer, ...PROGRAM });
    expect(forged.body['code']).toBe('TOKEN_SIGNATURE_INVALID');
    const app = await application.ask('/export', { kind: 'app' }, PROGRAM);
    expect(app.body['code']).toBe('TOKEN_KIND_NOT_ACCEPTED');
    const list = await application.ask('/export', null, { authorization: 'Bearer a, Bearer b', ...PROGRAM });
    expect([list.status, list.body['code']]).toEqual([400, 'CREDENTIAL_MALFORMED']);
    expect(asked).toEqual([]);
  });

  it('is asked where a cookie is invalid', async () => {
    const { descope } = application;
    const { cookie } = descope.expired();
    expect(await application.verdict('/export', null, { ...cookie, ...PROGRAM })).toBe('200');
    expect(await application.verdict('/export', null, cookie)).toBe('401 TOKEN_EXPIRED');
  });

  it('may let in while the keys of Descope are out of reach, and otherwise that is an outage', async () => {
    const { descope } = application;
    const token = descope.as({ roles: ['admin'] }).bearer;
    descope.keysUnavailable();
    try {
      const alone = await application.ask('/export', null, token);
      expect([alone.status, alone.body['code']]).toEqual([503, 'KEYS_UNAVAILABLE']);
      expect(alone.headers.get('retry-after')).toBeTruthy();
      expect((await application.ask('/export', null, { authorization: FOREIGN })).status).toBe(200);
      expect(await application.verdict('/beside', null, { ...token, ...PROGRAM })).toBe(
        '503 KEYS_UNAVAILABLE',
      );
    } finally {
      descope.keysAvailable();
    }
  });
});

@Injectable()
class CountingGuard extends AuthGuard {
  static readonly seen: string[] = [];

  protected override decide(decision: AccessDecision) {
    CountingGuard.seen.push(decision.session.rejectedWith ?? 'none');
    return super.decide(decision);
  }
}

describe.each(ADAPTERS)('A caller without a session, on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;
  const loaded: string[] = [];

  beforeAll(async () => {
    const loadUser = (session: SignedInSession) => {
      loaded.push(session.user.id);
      return session.user.id === 'U2gone' ? null : { name: session.user.id };
    };
    application = await start(
      adapter,
      {
        imports: [DescopeModule.forRoot({ loadUser })],
        controllers: [GuardedController],
        providers: [ApiTokenGuard, OtherGuard, PerRequestGuard],
      },
      {
        override: (builder) => descope.override(builder).overrideProvider(AuthGuard).useClass(CountingGuard),
        configure: (app) =>
          app.use((request: OwnRequest, _response: unknown, next: () => void) => {
            request.user = 'of another middleware';
            next();
          }),
      },
    );
  });
  afterAll(() => application.close());
  beforeEach(() => {
    asked.length = 0;
    loaded.length = 0;
    CountingGuard.seen.length = 0;
  });
  const ask = async (headers: Record<string, string>) => {
    const { status, body } = await application.request('/export', { headers });
    return status === 200 ? body : `${status} ${String(body['code'])}`;
  };

  it('is not loaded, and keeps no user that other middleware wrote', async () => {
    expect(await ask(PROGRAM)).toEqual({ user: null, session: null, own: { program: true } });
    expect([asked, loaded]).toEqual([[undefined], []]);
  });

  it('is decided on by an extended guard, too', async () => {
    await ask(PROGRAM);
    await ask({ authorization: 'Bearer opaque' });
    expect(CountingGuard.seen).toEqual(['none', 'TOKEN_MALFORMED']);
  });

  it('does not stand for a user whom the application does not have', async () => {
    const gone = descope.as({ sub: 'U2gone', roles: ['admin'] }).bearer;
    expect(await ask({ ...gone, ...PROGRAM })).toBe('403 USER_NOT_ACCEPTED');
    expect(asked).toEqual([]);
  });

  it('does not stand for a cookie that another site may have sent', async () => {
    const headers = { ...descope.as().cookie, ...PROGRAM, 'sec-fetch-site': 'cross-site' };
    const { status, body } = await application.request('/export', { method: 'POST', headers });
    expect([status, body['code']]).toEqual([403, 'REQUEST_CROSS_SITE']);
    expect(asked).toEqual([]);
  });

  it('does not stand for a session that was revoked', async () => {
    const user = descope.as({ sub: 'U2left', roles: ['admin'] });
    expect(await ask(user.bearer)).toMatchObject({ session: 'U2left' });
    await application.app.get(DescopeRevocations).revokeUser('U2left');
    expect(await ask({ ...user.bearer, ...PROGRAM })).toMatch(/^401 SESSION_/);
    expect(asked).toEqual([]);
  });
});

@Controller()
class UnprovidedController {
  @AnyOf(Roles('a'), ApiTokenGuard) @Get() list() {}
}

it.each(ADAPTERS)('A guard inside @AnyOf that no module provides stops the boot on %s', async (adapter) => {
  const imports = [DescopeModule.forRoot({ projectId: createTestDescope().projectId })];
  await expect(start(adapter, { imports, controllers: [UnprovidedController] })).rejects.toThrow(
    expect.objectContaining({
      code: 'CONFIG_POLICY_MISSING',
      message: expect.stringContaining('@AnyOf(ApiTokenGuard)'),
    }),
  );
});
