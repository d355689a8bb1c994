// Tokens and keys show in no log, no error and no body, whatever goes wrong.
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ArgumentsHost } from '@nestjs/common';
import { Catch, Controller, Get, Logger } from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import {
  CurrentSession,
  CurrentUser,
  DescopeModule,
  DescopeSession,
  DescopeUser,
  Roles,
} from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';

// What a thorough application logs of every error, causes and hidden members included.
@Catch()
class LoggingFilter extends BaseExceptionFilter {
  readonly #logger = new Logger('Errors');

  override catch(exception: unknown, host: ArgumentsHost): void {
    this.#logger.error(inspect(exception, { depth: 8, showHidden: true }), JSON.stringify(exception));
    super.catch(exception, host);
  }
}

@Controller()
class LoggingController {
  readonly #logger = new Logger('Handler');

  @Get('log')
  log(@CurrentUser() user: DescopeUser, @CurrentSession() session: DescopeSession) {
    this.#logger.log({ user, session });
    this.#logger.log(JSON.stringify({ user, session }), `${String(user)} ${String(session)}`);
    return { user, session };
  }

  @Roles('admin')
  @Get('admin')
  admin() {}

  @Get('fail')
  fail() {
    throw new Error('The handler failed.');
  }
}

describe.each(ADAPTERS)('What is logged and returned, on %s,', (adapter) => {
  const descope = createTestDescope();
  const logger = new CollectingLogger();
  const managementKey = 'K2secret-management-key';
  let application: RunningApplication;

  beforeAll(async () => {
    const imports = [
      DescopeModule.forRoot({ managementKey, usernameClaim: 'login', publicOrigin: 'https://app.example' }),
    ];
    const providers = [{ provide: APP_FILTER, useClass: LoggingFilter }];
    application = await start(
      adapter,
      { imports, controllers: [LoggingController], providers },
      { override: (builder) => descope.override(builder), logger },
    );
  });
  afterAll(() => application.close());

  const expectSilence = async (token: string, path: string, init: RequestInit) => {
    const answer = await application.request(path, init);
    const written = [...logger.entries, answer.text, ...answer.headers.values()].join('\n');
    const parts = token.split('.').filter((part) => part.length > 8);
    for (const secret of [token, ...parts, managementKey]) expect(written).not.toContain(secret);
    expect(answer.text).not.toMatch(/node_modules|\.ts:|\.js:|127\.0\.0\.1/);
    return answer;
  };
  const asBearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const asCookie = (token: string) => ({ headers: { cookie: `DS=${token}` } });

  it.each([
    ['a good token', descope.as({ login: 'anna' }).token, '/log', 200],
    ['an expired one', descope.expired({ login: 'anna' }).token, '/log', 401],
    ['a tampered one', descope.tampered({ login: 'anna' }).token, '/log', 401],
    ['one without username', descope.as().token, '/log', 403],
    ['one without role', descope.as({ login: 'anna' }).token, '/admin', 403],
    ['one of a failing handler', descope.as({ login: 'anna' }).token, '/fail', 500],
    ['one with a key id of its own', createTestDescope().as().token, '/log', 401],
    ['text that is no token', 'secret-text-that-is-no-token-at-all', '/log', 401],
    [
      'a broken header',
      `${Buffer.from('{"alg":"secretalgorithm').toString('base64url')}.e30.c2lnbmF0dXJl`,
      '/log',
      401,
    ],
  ])('is silent about %s', async (_what, token, path, status) => {
    expect((await expectSilence(token, path, asBearer(token))).status).toBe(status);
    expect((await expectSilence(token, path, asCookie(token))).status).toBe(status);
  });

  it('is silent about a token in a malformed header, and in a cross-site request', async () => {
    const { token } = descope.as({ login: 'anna' });
    const malformed = { headers: { authorization: `Bearer ${token}, Bearer ${token}` } };
    expect((await expectSilence(token, '/log', malformed)).status).toBe(400);
    const crossSite = {
      method: 'DELETE',
      headers: { ...asCookie(token).headers, origin: 'https://evil.example' },
    };
    expect((await expectSilence(token, '/log', crossSite)).status).toBe(404);
  });

  it('is silent about the management key where the configuration is printed', () => {
    const config: unknown = application.app.get('nestjs-descope:config');
    const text = inspect(config, { depth: 8, showHidden: true }) + JSON.stringify(config);
    expect(text).toContain(descope.projectId);
    expect(text).not.toContain(managementKey);
  });

  it('has what the rejections were about', async () => {
    const { token } = descope.as({ login: 'anna' });
    await application.request('/log', asBearer(token));
    await application.request('/log', asBearer(descope.expired({ login: 'anna' }).token));
    await application.request('/admin', asBearer(token));
    for (const text of ['TOKEN_EXPIRED', 'ACCESS_ROLE_MISSING', 'anna'])
      expect(logger.find(text)).not.toEqual([]);
  });
});
