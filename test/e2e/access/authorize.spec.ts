// @Authorize lets the application's own rules decide: providers of every scope, and functions.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionContext, ModuleMetadata, Type } from '@nestjs/common';
import { Controller, Get, Inject, Injectable, Module, NotFoundException, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { DescopeRule, DescopeRuleFunction } from 'nestjs-descope';
import { Authorize, CurrentUser, DescopeConfigError, DescopeUser, Public, Roles } from 'nestjs-descope';
import type { AccessApplication } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import { ADAPTERS } from '../../support/application.js';

interface HttpRequest {
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
}
const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<HttpRequest>();

@Injectable()
class Orders {
  readonly #owners = new Map([['1', 'anna']]);

  ownerOf(id: string): string | undefined {
    return this.#owners.get(id);
  }
}

@Injectable()
class OwnsOrder implements DescopeRule {
  constructor(@Inject(Orders) private readonly orders: Orders) {}

  async isAllowed(user: DescopeUser, context: ExecutionContext): Promise<boolean> {
    return this.orders.ownerOf(requestOf(context).params['id'] ?? '') === user.id;
  }
}

// In a module of its own that exports nothing.
@Module({ providers: [Orders, OwnsOrder] })
class OrdersModule {}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  static made = 0;
  readonly number = (PerRequest.made += 1);

  constructor(@Inject(REQUEST) readonly request: HttpRequest) {}
}

@Injectable()
class OnRequest implements DescopeRule {
  constructor(@Inject(PerRequest) private readonly own: PerRequest) {}

  isAllowed(_user: DescopeUser, context: ExecutionContext): boolean {
    return this.own.request.url === requestOf(context).url;
  }
}

@Injectable({ scope: Scope.REQUEST })
class AlsoOnRequest extends OnRequest {}

@Injectable({ scope: Scope.TRANSIENT })
class Transient implements DescopeRule {
  #asked = 0;

  isAllowed(): boolean {
    this.#asked += 1;
    return this.#asked === 1;
  }
}

const answers = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['undefined', undefined],
  ['null', null],
  ['one', 1],
  ['text', 'true'],
  ['object', {}],
  ['promise', Promise.resolve(true)],
  ['no-promise', Promise.resolve(false)],
]);
const byPath: DescopeRuleFunction = (_user, context) =>
  answers.get(requestOf(context).params['answer'] ?? '') as boolean;

@Injectable()
class Hides implements DescopeRule {
  isAllowed(): boolean {
    throw new NotFoundException('no such order');
  }
}

const isAnna = (user: DescopeUser) => user.id === 'anna';

@Controller()
class RulesController {
  @Authorize(OwnsOrder) @Get('orders/:id') order() {}

  @Authorize(OnRequest) @Authorize(AlsoOnRequest) @Get('request/:id') perRequest() {}

  @Authorize(Transient) @Get('transient') transient() {}

  @Authorize(byPath) @Get('answers/:answer') answer() {}

  @Authorize(Hides) @Get('hidden') hidden() {}

  @Authorize(async () => Promise.reject(new NotFoundException())) @Get('rejects') rejects() {}

  @Authorize((user) => user.isStaff) @Authorize(isAnna) @Get('two') two() {}

  @Roles('admin') @Authorize(Hides) @Get('demand') demand() {}
}

@Authorize(isAnna)
@Controller('class')
class ClassController {
  @Get() inherits() {}

  @Authorize((user) => user.hasRole('admin')) @Get('adds') adds() {}

  @Public() @Get('open') open() {}
}

@Public()
@Controller('public')
class PublicController {
  @Authorize(isAnna) @Get() closed() {}
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  constructor(@Inject(PerRequest) private readonly own: PerRequest) {}

  @Authorize(OnRequest) @Get() number() {
    return { number: this.own.number };
  }
}

const anna = { sub: 'anna' };
const REFUSED = '403 ACCESS_POLICY_REFUSED';

describe.each(ADAPTERS)('@Authorize(), on %s,', (adapter) => {
  let application: AccessApplication;

  beforeAll(async () => {
    application = await startAccess(adapter, {
      imports: [OrdersModule],
      controllers: [RulesController, ClassController, PublicController, ScopedController],
      providers: [PerRequest, OnRequest, AlsoOnRequest, Transient, Hides],
    });
  });
  afterAll(() => application.close());

  it('asks a provider, wherever it is provided', async () => {
    expect(await application.verdicts('/orders/1', [anna, { sub: 'bob' }, null])).toEqual([
      '200',
      REFUSED,
      '401 SESSION_MISSING',
    ]);
    expect(await application.verdict('/orders/2', anna)).toBe(REFUSED);
  });

  it('asks one that is made for each request, which knows the request and is made once for it', async () => {
    const before = PerRequest.made;
    expect(await application.verdict('/request/1?x', anna)).toBe('200');
    expect(await application.verdict('/request/2?y', anna)).toBe('200');
    expect(PerRequest.made - before).toBe(2);
  });

  it('shares with a handler of request scope what both inject', async () => {
    const before = PerRequest.made;
    expect((await application.ask('/scoped', anna)).body).toEqual({ number: before + 1 });
    expect((await application.ask('/scoped', anna)).body).toEqual({ number: before + 2 });
  });

  it('asks one that is made for each use', async () => {
    expect(await application.verdicts('/transient', [anna, anna])).toEqual(['200', '200']);
  });

  it.each([...answers.keys()])('accepts the caller for true and its promise only: %s', async (answer) => {
    const expected = ['true', 'promise'].includes(answer) ? '200' : REFUSED;
    expect(await application.verdict(`/answers/${answer}`, anna)).toBe(expected);
  });

  it('passes on what a rule throws, as it is', async () => {
    const { status, body } = await application.ask('/hidden', anna);
    expect([status, body['message'], body['code']]).toEqual([404, 'no such order', undefined]);
    expect((await application.ask('/rejects', anna)).status).toBe(404);
  });

  it('asks all of several, of class and handler', async () => {
    const staff = { roles: ['is_staff'] };
    expect(await application.verdicts('/two', [anna, staff, { ...anna, ...staff }])).toEqual([
      REFUSED,
      REFUSED,
      '200',
    ]);
    const admin = { roles: ['admin'] };
    expect(await application.verdicts('/class', [anna, admin])).toEqual(['200', REFUSED]);
    expect(await application.verdicts('/class/adds', [anna, admin, { ...anna, ...admin }])).toEqual([
      REFUSED,
      REFUSED,
      '200',
    ]);
    expect(await application.verdict('/class/open', null)).toBe('200');
  });

  it('closes a handler of a public class', async () => {
    expect(await application.verdicts('/public', [null, {}, anna])).toEqual([
      '401 SESSION_MISSING',
      REFUSED,
      '200',
    ]);
  });

  it("comes after the token's demands", async () => {
    expect(await application.verdict('/demand', anna)).toBe('403 ACCESS_ROLE_MISSING');
  });
});

interface Account {
  readonly isBanned: boolean;
}

@Injectable()
class IsWelcome implements DescopeRule<Account> {
  isAllowed(account: Account): boolean {
    return !account.isBanned;
  }
}

@Controller()
class AccountController {
  @Authorize(IsWelcome)
  @Authorize((account: Account) => !account.isBanned)
  @Get()
  show(@CurrentUser() account: Account) {
    return account;
  }
}

describe.each(ADAPTERS)('A rule, on %s,', (adapter) => {
  let application: AccessApplication | undefined;
  afterEach(async () => {
    await application?.close();
    application = undefined;
  });
  const boot = async (metadata: ModuleMetadata, options = {}) => {
    application = await startAccess(adapter, metadata, options);
    return application;
  };

  it("is asked about the application's own user, where there is one", async () => {
    const loadUser = async ({ user }: { user: DescopeUser | undefined }) => ({
      isBanned: user?.id === 'eve',
    });
    const running = await boot({ controllers: [AccountController], providers: [IsWelcome] }, { loadUser });
    expect(await running.verdicts('/', [anna, { sub: 'eve' }])).toEqual(['200', REFUSED]);
    expect((await running.ask('/', anna)).body).toEqual({ isBanned: false });
  });

  it('that nobody provides stops the boot, which names it and the handler', async () => {
    await expect(boot({ controllers: [AccountController] })).rejects.toMatchObject({
      code: 'CONFIG_POLICY_MISSING',
      message: expect.stringMatching(/AccountController\.show.*@Authorize\(IsWelcome\)/),
    });
  });

  it('may be provided as a value, and replaced as any provider', async () => {
    const stand = { provide: IsWelcome, useValue: { isAllowed: () => true } };
    const running = await boot({ controllers: [AccountController], providers: [stand] });
    expect(await running.verdict('/', anna)).toBe('200');
  });

  it('may be a class that has its rule as a property', async () => {
    @Injectable()
    class IsAnna implements DescopeRule {
      readonly isAllowed = (user: DescopeUser) => user.id === 'anna';
    }
    @Controller()
    class AnnasController {
      @Authorize(IsAnna)
      @Get('annas')
      show() {}
    }
    const controllers = [AnnasController];
    await expect(startAccess('express', { controllers })).rejects.toThrow('no module provides IsAnna');
    const running = await startAccess('express', { controllers, providers: [IsAnna] });
    expect(await running.verdicts('/annas', [{ sub: 'anna' }, { sub: 'bob' }])).toEqual([
      '200',
      '403 ACCESS_POLICY_REFUSED',
    ]);
    await running.close();
  });

  it('contradicts @Public() beside it', async () => {
    @Controller()
    class ContradictedController {
      @Public() @Authorize(() => true) @Get() both() {}
    }
    await expect(boot({ controllers: [ContradictedController] })).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_CONTRADICTED',
      message: expect.stringContaining('@Authorize(a function)'),
    });
  });

  it.each([undefined, null, 'admin', {}])('is not defined by %p', (rule) => {
    expect(() => Authorize(rule as Type<DescopeRule>)).toThrow(DescopeConfigError);
  });
});
