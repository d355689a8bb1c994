// @NoImpersonation closes a route to those who act as another, by the claim that the module names.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { CurrentUser, DescopeModule, DescopeUser, OptionalAuth, Public, Roles } from 'nestjs-descope';
import { NoImpersonation } from 'nestjs-descope/access';
import { describeAccess } from 'nestjs-descope/inspect';
import type { AccessApplication } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { useEmulator } from '../../support/use-emulator.js';

@Controller()
class AccountController {
  @Get('me') me(@CurrentUser() { id, actor }: DescopeUser) {
    return { id, actor };
  }

  @NoImpersonation() @Get('password') password() {}
}

@Roles('admin')
@NoImpersonation()
@Controller('class')
class ClosedController {
  @Get() list() {}
}

@Public()
@Controller('open')
class OpenController {
  @NoImpersonation() @Get('closed') closed() {}

  @OptionalAuth() @Get('home') home(@CurrentUser('actor') actor?: object) {
    return { actor };
  }
}

const controllers = [AccountController, ClosedController, OpenController];
const IMPERSONATED = '403 ACCESS_IMPERSONATED';
const act = { sub: 'U2eve' };

describe.each(ADAPTERS)('@NoImpersonation, on %s,', (adapter) => {
  let application: AccessApplication;
  afterEach(() => application.close());

  it('lets the user pass, and nobody who acts as the user', async () => {
    application = await startAccess(adapter, { controllers });
    const callers = [{}, { act }, { act: null }, { act: {} }, { act: 'U2eve' }, { nsec: { act } }, null];
    expect(await application.verdicts('/password', callers)).toEqual([
      ...['200', IMPERSONATED, '200', IMPERSONATED, IMPERSONATED, '200'],
      '401 SESSION_MISSING',
    ]);
    expect(await application.challenge('/password', { act })).toBeNull();
    for (const kind of ['access-key', 'app'] as const)
      expect(await application.verdict('/password', { kind, act, aud: 'a' })).toMatch(/^40[13] /);
  });

  it('adds up with the demands beside it, and closes a public class', async () => {
    application = await startAccess(adapter, { controllers });
    const admin = { roles: ['admin'] };
    expect(await application.verdicts('/class', [admin, { ...admin, act }, {}])).toEqual([
      '200',
      IMPERSONATED,
      '403 ACCESS_ROLE_MISSING',
    ]);
    expect(await application.verdicts('/open/closed', [{}, { act }, null])).toEqual([
      '200',
      IMPERSONATED,
      '401 SESSION_MISSING',
    ]);
  });

  it('passes the actor to handlers, with those who acted before', async () => {
    application = await startAccess(adapter, { controllers });
    const nested = { ...act, act: { sub: 'U2ada' } };
    const { body } = await application.ask('/me', { sub: 'U2bob', act: nested });
    expect(body).toEqual({ id: 'U2bob', actor: { id: 'U2eve', previous: ['U2ada'] } });
    expect((await application.ask('/me', { sub: 'U2bob' })).body).toEqual({ id: 'U2bob' });
    expect((await application.ask('/open/home', { act })).body).toEqual({
      actor: { id: 'U2eve', previous: [] },
    });
  });

  it('reads the claim that the module names, and no other', async () => {
    application = await startAccess(adapter, { controllers }, { actorClaim: 'impersonator' });
    const callers = [{ act }, { impersonator: 'U2eve' }, { impersonator: { sub: 'U2eve' } }];
    expect(await application.verdicts('/password', callers)).toEqual(['200', IMPERSONATED, IMPERSONATED]);
  });
});

describe('@NoImpersonation', () => {
  const bed = useEmulator({
    seed: {
      users: [{ loginId: 'ada@example.com' }, { loginId: 'eve@example.com', permissions: ['Impersonate'] }],
    },
  });

  it('closes a route to an impersonation that Descope has issued, and the access map names it', async () => {
    const { projectId, url: baseUrl } = bed.emulator;
    const imports = [DescopeModule.forRoot({ projectId, baseUrl, audience: null })];
    const application = await start('express', { imports, controllers });
    const { data } = await bed.admin.management.jwt.impersonate('eve@example.com', 'ada@example.com', false);
    const refreshed = await bed.sdk.refresh(data?.jwt ?? '');
    const headers = { authorization: `Bearer ${refreshed.data?.sessionJwt}` };
    const { body } = await application.request('/me', { headers });
    expect(body).toMatchObject({ actor: { id: expect.stringMatching(/^U/) } });
    expect((await application.request('/password', { headers })).body['code']).toBe('ACCESS_IMPERSONATED');
    const entry = describeAccess(application.app).find(({ handler }) => handler.endsWith('.password'));
    expect(entry?.demands).toEqual([{ kind: 'no-impersonation' }]);
    await application.close();
  });
});
