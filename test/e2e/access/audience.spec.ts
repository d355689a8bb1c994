// @Audience says for whom a token must be meant, in place of the module's option.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { Audience, CurrentSession, DescopeSession, OptionalAuth, Public } from 'nestjs-descope';
import type { AccessApplication } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import { ADAPTERS } from '../../support/application.js';

@Controller()
class PlainController {
  @Get('plain') plain() {}

  @Audience('billing', 'payments') @Get('own') own() {}

  @Audience('billing') @OptionalAuth() @Get('optional') optional(@CurrentSession() session: DescopeSession) {
    return { user: session.user?.id ?? null, rejectedWith: session.rejectedWith ?? null };
  }
}

@Audience('billing')
@Controller('class')
class BillingController {
  @Get() inherits() {}

  @Audience('invoices') @Get('both') both() {}
}

@Public()
@Controller('public')
class PublicController {
  @Audience('billing') @Get() closed() {}
}

const controllers = [PlainController, BillingController, PublicController];
const WRONG = '401 TOKEN_AUDIENCE_MISMATCH';

describe.each(ADAPTERS)('@Audience(), on %s,', (adapter) => {
  let application: AccessApplication;
  afterEach(() => application.close());

  it('asks for one of the names, alone or in a list', async () => {
    application = await startAccess(adapter, { controllers });
    const callers = [{ aud: 'billing' }, { aud: ['x', 'payments'] }, { aud: 'bill' }, {}, null];
    expect(await application.verdicts('/own', callers)).toEqual([
      '200',
      '200',
      WRONG,
      WRONG,
      '401 SESSION_MISSING',
    ]);
    expect(await application.verdicts('/plain', [{}, { aud: 'x' }])).toEqual(['200', '200']);
    expect(await application.challenge('/own', {})).toBe('Bearer realm="descope", error="invalid_token"');
  });

  it("replaces the module's", async () => {
    application = await startAccess(adapter, { controllers }, { audience: 'orders' });
    expect(await application.verdicts('/plain', [{ aud: 'orders' }, { aud: 'billing' }])).toEqual([
      '200',
      WRONG,
    ]);
    expect(await application.verdicts('/own', [{ aud: 'orders' }, { aud: 'billing' }])).toEqual([
      WRONG,
      '200',
    ]);
  });

  it('of the class and of the handler must both be met, and closes a public class', async () => {
    application = await startAccess(adapter, { controllers });
    expect(await application.verdicts('/class', [{ aud: 'billing' }, {}])).toEqual(['200', WRONG]);
    const callers = [{ aud: 'billing' }, { aud: 'invoices' }, { aud: ['billing', 'invoices'] }];
    expect(await application.verdicts('/class/both', callers)).toEqual([WRONG, WRONG, '200']);
    expect(await application.verdicts('/public', [null, {}, { aud: 'billing' }])).toEqual([
      '401 SESSION_MISSING',
      WRONG,
      '200',
    ]);
  });

  it('on an optional route rejects a bearer token for another audience, and treats a cookie with one as anonymous', async () => {
    application = await startAccess(adapter, { controllers });
    expect(await application.verdicts('/optional', [null, { aud: 'billing' }, { aud: 'x' }])).toEqual([
      '200',
      '200',
      WRONG,
    ]);
    const cookie = application.descope.as({ aud: 'x' }).cookie;
    expect((await application.ask('/optional', null, cookie)).body).toEqual({
      user: null,
      rejectedWith: 'TOKEN_AUDIENCE_MISMATCH',
    });
  });
});
