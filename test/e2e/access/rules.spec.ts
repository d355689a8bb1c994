// A rule of the application decides after the token, and nothing but its `true` opens.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Controller, ForbiddenException, Get, Inject, Injectable, Scope } from '@nestjs/common';
import { Authorize, DescopeModule, DescopeUser, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Injectable()
class Ledger {
  readonly asked: string[] = [];
}

@Injectable()
class OwnsIt {
  constructor(@Inject(Ledger) private readonly ledger: Ledger) {}

  isAllowed(user: DescopeUser, context: ExecutionContext) {
    this.ledger.asked.push(user.id);
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    return headers['x-owner'] === user.id;
  }
}

@Injectable({ scope: Scope.REQUEST })
class OwnsItNow extends OwnsIt {}

const says = (value: unknown) => () => value as boolean;

@Controller()
class RulesController {
  @Authorize(OwnsIt) @Get('class') byClass() {}
  @Authorize(OwnsItNow) @Get('per-request') perRequest() {}
  @Authorize((user: DescopeUser) => user.id === 'U2anna') @Get('function') byFunction() {}
  @Authorize(async (user: DescopeUser) => user.id === 'U2anna') @Get('promise') byPromise() {}
  @Roles('admin') @Authorize(OwnsIt) @Get('demand') afterDemand() {}
  @Authorize(says(true)) @Authorize(says(false)) @Get('several') several() {}
  @Authorize(says(1)) @Get('one') one() {}
  @Authorize(says('true')) @Get('text') text() {}
  @Authorize(says(undefined)) @Get('nothing') nothing() {}
  @Authorize(() => {
    throw new ForbiddenException('Not on Sundays.');
  })
  @Get('throws')
  throws() {}
}

@Authorize(says(false))
@Controller('closed')
class ClosedController {
  @Authorize(says(true)) @Get() both() {}
}

describe.each(ADAPTERS)('A rule of the application, on %s', (adapter) => {
  const descope = createTestDescope();
  const anna = descope.as({ sub: 'U2anna' }).bearer;
  const bob = descope.as({ sub: 'U2bob' }).bearer;
  let application: RunningApplication;

  beforeAll(async () => {
    const metadata = {
      imports: [DescopeModule.forRoot()],
      controllers: [RulesController, ClosedController],
      providers: [Ledger, OwnsIt, OwnsItNow],
    };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  const ask = async (path: string, headers: Record<string, string>) => {
    const answer = await application.request(path, { headers: { 'x-owner': 'U2anna', ...headers } });
    return answer.status === 200 ? 'passed' : (answer.body['code'] ?? answer.body['message']);
  };

  it.each(['/class', '/per-request', '/function', '/promise'])(
    'accepts a caller whom it knows: %s',
    async (path) => {
      expect([await ask(path, anna), await ask(path, bob)]).toEqual(['passed', 'ACCESS_POLICY_REFUSED']);
      expect(await ask(path, {})).toBe('SESSION_MISSING');
    },
  );

  it('is not asked about a caller who lacks what the route demands', async () => {
    const { asked } = application.app.get(Ledger);
    const before = asked.length;
    expect(await ask('/demand', anna)).toBe('ACCESS_ROLE_MISSING');
    expect(asked.length).toBe(before);
    expect(await ask('/demand', descope.as({ sub: 'U2anna', roles: ['admin'] }).bearer)).toBe('passed');
    expect(asked.length).toBe(before + 1);
  });

  it.each(['/several', '/one', '/text', '/nothing', '/closed'])(
    'rejects unless each one says true: %s',
    async (path) => expect(await ask(path, anna)).toBe('ACCESS_POLICY_REFUSED'),
  );

  it('may throw what it likes', async () => {
    expect(await ask('/throws', anna)).toBe('Not on Sundays.');
  });
});
