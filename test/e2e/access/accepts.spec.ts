// @Accepts says which kinds of callers may come in, in place of the module's option.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { Accepts, Audience, CurrentUser, DescopeConfigError, OptionalAuth, Roles } from 'nestjs-descope';
import type { AccessApplication, Caller } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import { ADAPTERS } from '../../support/application.js';

@Controller()
class PlainController {
  @Get('plain') plain() {}

  @Accepts('user') @Get('users') users() {}

  @Accepts('app', 'agent') @Audience('orders') @Get('foreign') foreign(@CurrentUser('kind') kind: string) {
    return { kind };
  }

  @Accepts('user') @OptionalAuth() @Get('optional') optional(@CurrentUser('kind') kind: string | undefined) {
    return { kind: kind ?? null };
  }
}

@Accepts('user', 'access-key')
@Controller('class')
class ClassController {
  @Accepts('access-key', 'app') @Audience('orders') @Get() keysOnly() {}

  @Roles('robot') @Get('robot') robot() {}
}

const controllers = [PlainController, ClassController];
const aud = 'orders';
const user = { aud };
const key = { kind: 'access-key', aud } as const;
const app = { kind: 'app', aud } as const;
const agent = { kind: 'agent', aud } as const;
const all = [user, key, app, agent];
const NO = '401 TOKEN_KIND_NOT_ACCEPTED';

describe.each(ADAPTERS)('@Accepts(), on %s,', (adapter) => {
  let application: AccessApplication;
  afterEach(() => application.close());

  it('replaces who may call: else users and access keys', async () => {
    application = await startAccess(adapter, { controllers });
    expect(await application.verdicts('/plain', all)).toEqual(['200', '200', NO, NO]);
    expect(await application.verdicts('/users', all)).toEqual(['200', NO, NO, NO]);
    expect(await application.verdicts('/foreign', all)).toEqual([NO, NO, '200', '200']);
    expect((await application.ask('/foreign', agent)).body).toEqual({ kind: 'agent' });
    expect(await application.challenge('/users', key)).toBe('Bearer realm="descope", error="invalid_token"');
  });

  it("replaces the module's too", async () => {
    application = await startAccess(adapter, { controllers }, { accepts: ['access-key'] });
    expect(await application.verdicts('/plain', all)).toEqual([NO, '200', NO, NO]);
    expect(await application.verdicts('/users', all)).toEqual(['200', NO, NO, NO]);
  });

  it("does not let in an app's or agent's token that was made for another", async () => {
    application = await startAccess(adapter, { controllers });
    const others: Caller[] = [{ kind: 'app' }, { kind: 'agent', aud: 'x' }, { ...app, aud: [] }];
    expect(await application.verdicts('/foreign', others)).toEqual(
      others.map(() => '401 TOKEN_AUDIENCE_MISMATCH'),
    );
  });

  it('of the class and of the handler must both be met', async () => {
    application = await startAccess(adapter, { controllers });
    expect(await application.verdicts('/class', all)).toEqual([NO, '200', NO, NO]);
    expect(await application.verdicts('/class/robot', [key, { ...key, roles: ['robot'] }, app])).toEqual([
      '403 ACCESS_ROLE_MISSING',
      '200',
      NO,
    ]);
  });

  it('on an optional route rejects bearer tokens of other kinds, and treats their cookies as anonymous', async () => {
    application = await startAccess(adapter, { controllers });
    expect(await application.verdicts('/optional', [null, ...all])).toEqual(['200', '200', NO, NO, NO]);
    const cookie = application.descope.as(key).cookie;
    expect((await application.ask('/optional', null, cookie)).body).toEqual({ kind: null });
  });

  it.each([[[]], [['unknown']], [['users']], [['user', '']]])('is not defined by %j', async (kinds) => {
    application = await startAccess(adapter, {});
    expect(() => Accepts(...(kinds as 'user'[]))).toThrow(DescopeConfigError);
  });
});
