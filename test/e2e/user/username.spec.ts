// The username comes from the configured claim, and from nothing else.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { CurrentSession, DescopeModule, DescopeSession, OptionalAuth } from 'nestjs-descope';
import type { TestIdentity } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { WhoController } from '../../support/who.controller.js';

@Controller()
class OptionalController {
  @OptionalAuth()
  @Get('optional')
  optional(@CurrentSession() session: DescopeSession) {
    return { username: session.user?.username ?? null, rejectedWith: session.rejectedWith ?? null };
  }
}

describe.each(ADAPTERS)('The username, on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;
  let logger: CollectingLogger;

  afterEach(() => application.close());

  const boot = async (options: DescopeModuleOptions) => {
    logger = new CollectingLogger();
    const metadata = {
      imports: [DescopeModule.forRoot(options)],
      controllers: [WhoController, OptionalController],
    };
    application = await start(adapter, metadata, {
      override: (builder) => descope.override(builder),
      logger,
    });
  };
  const who = (identity: TestIdentity) =>
    application.request('/who', { headers: descope.as(identity).bearer });
  const missing = async (identity: TestIdentity) => {
    const { status, body } = await who(identity);
    return [status, body['code']];
  };
  const usernames = async (...identities: TestIdentity[]) => {
    const answers = await Promise.all(identities.map(who));
    return answers.map(({ body }) => body['username']);
  };

  it('is the subject by default', async () => {
    await boot({});
    expect(await usernames({ sub: 'U2anna' })).toEqual(['U2anna']);
  });

  it('is the claim of a name, also of one with dots', async () => {
    await boot({ usernameClaim: 'https://example.com/user.name' });
    expect(await usernames({ 'https://example.com/user.name': 'anna' })).toEqual(['anna']);
    expect(await missing({ 'https://example': { com: 'anna' } })).toEqual([403, 'USERNAME_CLAIM_MISSING']);
  });

  it('is the claim at a path', async () => {
    await boot({ usernameClaim: ['profile', 'login'] });
    expect(await usernames({ profile: { login: 'anna' } })).toEqual(['anna']);
    for (const profile of [undefined, 'login', {}, ['login']])
      expect(await missing({ profile })).toEqual([403, 'USERNAME_CLAIM_MISSING']);
  });

  it('is what a function makes of the claims', async () => {
    await boot({
      usernameClaim: ({ realm, login }) =>
        realm === undefined ? undefined : `${String(login)}@${String(realm)}`,
    });
    expect(await usernames({ realm: 'home', login: 'anna' })).toEqual(['anna@home']);
    expect(await missing({ login: 'anna' })).toEqual([403, 'USERNAME_CLAIM_MISSING']);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['blank', '  '],
    ['a number', 42],
    ['a list', ['anna']],
    ['null', null],
  ])('rejects a user whose claim is %s, and never falls back to another identity', async (_what, login) => {
    await boot({ usernameClaim: 'login' });
    expect(await missing({ sub: 'U2anna', email: 'a@example.com', login })).toEqual([
      403,
      'USERNAME_CLAIM_MISSING',
    ]);
  });

  it('does not read an inherited name', async () => {
    await boot({ usernameClaim: 'constructor' });
    expect(await missing({})).toEqual([403, 'USERNAME_CLAIM_MISSING']);
  });

  it('warns once that the claim is missing, and names it', async () => {
    await boot({ usernameClaim: 'login' });
    for (let request = 0; request < 3; request += 1) await who({ sub: 'U2anna' });
    expect(logger.find('"login"')).toHaveLength(1);
    expect(logger.find('"login"')[0]).toMatch(/^warn: .*missing/);
  });

  it("is the id for an access key, whatever the key's claims say", async () => {
    await boot({ usernameClaim: 'login' });
    const key = { kind: 'access-key', sub: 'K2servicekeyservicekeyservice' } as const;
    expect(await usernames(key, { ...key, login: 'admin', amr: ['email'] })).toEqual([key.sub, key.sub]);
  });

  it('rejects a username of a token that proves neither a user nor an access key', async () => {
    await boot({ usernameClaim: 'login' });
    expect(await missing({ amr: undefined, login: 'anna' })).toEqual([403, 'USERNAME_KIND_UNPROVEN']);
  });

  it('keeps the reason on an optional route, where a cookie without it counts as nobody', async () => {
    await boot({ usernameClaim: 'login' });
    const answer = await application.request('/optional', { headers: descope.as().cookie });
    expect(answer.body).toEqual({ username: null, rejectedWith: 'USERNAME_CLAIM_MISSING' });
  });

  it.each(['email', 'phone', 'name'])(
    'warns at boot when the claim is %s, which can change',
    async (claim) => {
      await boot({ usernameClaim: claim });
      expect(logger.find(`usernameClaim is "${claim}"`)).toEqual([
        expect.stringMatching(/^warn: .*Users can change this claim/),
      ]);
    },
  );

  it.each([['login'], ['sub']])('does not warn at boot when the claim is %s', async (claim) => {
    await boot({ usernameClaim: claim });
    expect(logger.find('usernameClaim')).toEqual([]);
  });
});
