// A fresh and strong sign-in: @StepUp, @Mfa and @Amr, and the challenge that says what is wanted (RFC 9470).
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { Amr, DescopeConfigError, Mfa, Roles, StepUp } from 'nestjs-descope';
import type { AccessApplication } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import { ADAPTERS } from '../../support/application.js';

@Controller()
class StrengthController {
  @StepUp() @Get('step-up') stepUp() {}

  @StepUp({ maxAgeSeconds: 300 }) @Get('fresh') fresh() {}

  @Mfa() @Get('mfa') mfa() {}

  @Amr('webauthn', 'totp') @Get('any') any() {}

  @Amr.all('webauthn', 'totp') @Get('all') all() {}
}

@Mfa()
@Controller('class')
class StrongController {
  @StepUp() @Roles('admin') @Get() all() {}
}

const OLD = '401 AUTH_STEP_UP_REQUIRED';
const MFA = '401 AUTH_MFA_REQUIRED';
const AMR = '401 AUTH_METHOD_REQUIRED';
const WEAK = 'Bearer realm="descope", error="insufficient_user_authentication"';

describe.each(ADAPTERS)('A strong sign-in, on %s,', (adapter) => {
  let application: AccessApplication;
  const since = (seconds: number) => ({ su: true, iat: Math.floor(Date.now() / 1000) - seconds });

  beforeAll(async () => {
    application = await startAccess(adapter, { controllers: [StrengthController, StrongController] });
  });
  afterAll(() => application.close());

  it('is a step-up, which the token says in so many words', async () => {
    const callers = [
      { su: true },
      since(3000),
      {},
      { su: false },
      { su: 'true' as unknown as boolean },
      null,
    ];
    expect(await application.verdicts('/step-up', callers)).toEqual([
      '200',
      '200',
      OLD,
      OLD,
      OLD,
      '401 SESSION_MISSING',
    ]);
  });

  it('is not older than it may be', async () => {
    const { iat } = since(10);
    expect(await application.verdicts('/fresh', [since(100), since(1000), { iat }])).toEqual([
      '200',
      OLD,
      OLD,
    ]);
  });

  it('is one with two factors', async () => {
    const callers = [['email'], ['mfa'], ['pwd', 'totp'], ['pwd', 'pwd'], undefined, 'mfa'].map((amr) => {
      return { amr: amr as string[] };
    });
    expect(await application.verdicts('/mfa', callers)).toEqual([MFA, '200', '200', MFA, MFA, MFA]);
  });

  it('is one by a method, or by all', async () => {
    const callers = [['totp'], ['webauthn', 'totp'], ['email'], []].map((amr) => ({ amr }));
    expect(await application.verdicts('/any', callers)).toEqual(['200', '200', AMR, AMR]);
    expect(await application.verdicts('/all', callers)).toEqual([AMR, '200', AMR, AMR]);
  });

  it('adds up with what the class and others ask for', async () => {
    const strong = { amr: ['pwd', 'totp'], su: true, roles: ['admin'] };
    const callers = [strong, { ...strong, roles: [] }, { ...strong, su: false }, { ...strong, amr: ['pwd'] }];
    expect(await application.verdicts('/class', callers)).toEqual([
      '200',
      '403 ACCESS_ROLE_MISSING',
      OLD,
      MFA,
    ]);
  });

  it('is asked for in the challenge, which says how old it may be', async () => {
    expect(await application.challenge('/step-up', {})).toBe(WEAK);
    expect(await application.challenge('/fresh', {})).toBe(`${WEAK}, max_age="300"`);
    expect(await application.challenge('/mfa', {})).toBe(WEAK);
    expect(await application.challenge('/any', {})).toBe(WEAK);
    expect(await application.challenge('/fresh', null)).toBe('Bearer realm="descope"');
    expect((await application.ask('/mfa', {})).body['message']).toBe(
      'A stronger or more recent sign-in is required.',
    );
  });

  it.each([0, -1, NaN, Infinity, '300', null])('is not defined by an age of %p', (maxAgeSeconds) => {
    expect(() => StepUp({ maxAgeSeconds: maxAgeSeconds as number })).toThrow(DescopeConfigError);
  });
});
