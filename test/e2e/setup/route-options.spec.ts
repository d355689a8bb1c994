// Options that are known at registration are checked as the others are: by name, all at once, and before a first visitor.
import { describe, expect, it } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DescopeConfigError, DescopeModule } from 'nestjs-descope';
import { ask } from '../../support/application.js';
import { createRecordingFetch } from '../../support/recording-fetch.js';

const projectId = 'P2testtesttesttesttesttestte';
const { fetch } = createRecordingFetch({ keys: [] });
const integrity = `sha384-${'a'.repeat(64)}`;

async function boot(descope: DynamicModule) {
  class AppModule {}
  Module({ imports: [descope] })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

async function rejection(make: () => DynamicModule): Promise<DescopeConfigError> {
  const error: unknown = await Promise.resolve()
    .then(make)
    .then(boot)
    .then(
      (app) => app.close().then(() => new Error('It booted.')),
      (reason: unknown) => reason,
    );
  if (error instanceof DescopeConfigError && error.code === 'CONFIG_INVALID') return error;
  throw error;
}
const toModule = (options: object) => () =>
  DescopeModule.forRoot({ projectId, fetch, audience: null, ...options });
const mistakesOf = ({ details }: DescopeConfigError) => details['mistakes'] as readonly string[];
const namesOf = (error: DescopeConfigError) => mistakesOf(error).map((line) => /^- ([^:]+):/.exec(line)?.[1]);
const mistaken = async (routes: unknown) => namesOf(await rejection(toModule({ routes })));

describe('The option routes', () => {
  it.each<[string, unknown[]]>([
    ['path', ['a b', 'auth?x', 'auth#x', '//evil', 'a//b', ':tenant/auth', '*', 7, null, ['auth']]],
    ['loginRedirect', ['yes', 1, null]],
    ['storeJwt', ['no', 0, null, {}]],
    ['refresh', ['no']],
    ['logout', ['no']],
    ['logoutAll', [1]],
    ['me', [{}]],
    ['tenant', ['acme']],
    ['login', ['yes', 7, null, []]],
    ['check', ['yes', 7, null, []]],
    ['logOutAll', [false]],
    ['storeJWT', [true]],
  ])('rejects %s when it is anything else', async (name, values) => {
    for (const value of values)
      expect([value, await mistaken({ [name]: value })]).toEqual([value, [`routes.${name}`]]);
  });

  it.each<[string, unknown[]]>([
    ['flowId', ['', 7]],
    ['flowID', ['sign-in']],
    ['baseStaticUrl', ['nowhere', 'http://files.example.com', "https://a';b.example"]],
    ['baseCdnUrl', ['http://cdn.example.com', 'https://*.example.com']],
    ['integrity', ['md5-abc']],
    [
      'successRedirect',
      ['//evil.example', 'https://evil.example', 'javascript:alert(1)', '', '/\\evil.example', 7],
    ],
    ['theme', ['pink']],
    ['locale', [7]],
    ['tenant', [7]],
    ['mode', ['loose']],
    ['texts', ['Sign in', null]],
    ['texts.heading', [7]],
    ['texts.headings', ['Sign in']],
    ['nonce', ['x']],
    ['storeUrl', ['/elsewhere']],
  ])('rejects login.%s when it is anything else', async (name, values) => {
    for (const value of values) {
      const [first = '', second] = name.split('.');
      const login = { [first]: second === undefined ? value : { [second]: value } };
      expect([value, await mistaken({ login })]).toEqual([value, [`routes.login.${name}`]]);
    }
  });

  it.each<[string, unknown[]]>([
    ['roles', ['admin', [7], ['']]],
    ['permissions', [{}]],
    ['methodHeader', ['', 'a b', 'X-Method:', 7]],
    [
      'headers',
      [[], 'X-Auth-User', { 'X Auth': 'id' }, { 'X-Auth': 'password' }, { 'X-Auth': 'constructor' }],
    ],
    ['role', [['admin']]],
  ])('rejects check.%s when it is anything else', async (name, values) => {
    for (const value of values)
      expect([value, await mistaken({ check: { [name]: value } })]).toEqual([
        value,
        [`routes.check.${name}`],
      ]);
  });

  it('must be an object', async () => {
    for (const routes of [true, false, null, 7, 'auth', []])
      expect(await mistaken(routes)).toEqual(['routes']);
  });

  it('rejects a script from elsewhere without its digest, and over plain http', async () => {
    const scriptUrl = 'https://cdn.example.com/descope-wc.js';
    expect(await mistaken({ login: { scriptUrl } })).toEqual(['routes.login.integrity']);
    const insecure = { scriptUrl: 'http://cdn.example.com/descope-wc.js', integrity };
    expect(await mistaken({ login: insecure })).toEqual(['routes.login.scriptUrl']);
  });

  it('rejects loginRedirect where the login page is switched off', async () => {
    const error = await rejection(toModule({ routes: { login: false, loginRedirect: true } }));
    expect(mistakesOf(error)).toEqual([
      '- routes.loginRedirect: got true together with login: false; expected false, or the login page that it redirects to.',
    ]);
  });

  it('is reported with all other mistakes, in one error', async () => {
    const error = await rejection(
      toModule({
        projectId: 'X1',
        leewaySeconds: -1,
        isGlobal: 'yes',
        routes: { path: 7, logIn: true, login: { theme: 'pink' }, check: { roles: 7 } },
      }),
    );
    expect(namesOf(error)).toEqual([
      'leewaySeconds',
      'projectId',
      'isGlobal',
      'routes.logIn',
      'routes.path',
      'routes.login.theme',
      'routes.check.roles',
    ]);
    expect(error.message).toContain(
      'routes.logIn: got an unknown option; expected a known one. Did you mean routes.login?',
    );
    expect(error.message).toContain('\nKnown options of routes: path, login, check,');
  });

  it('repeats no value that may be a secret', async () => {
    const secret = 'K2secret-management-key';
    const login = { scriptUrl: `https://u:${secret}@cdn.example.com/x.js`, flowId: [secret] };
    const { message } = await rejection(toModule({ routes: { path: `${secret} x`, login, check: secret } }));
    expect(message).not.toContain(secret);
  });

  it.each<[string, object]>([
    ['/auth/login', {}],
    ['/auth/login', { path: '/auth/', loginRedirect: true, login: true, check: false }],
    ['/login', { path: '' }],
    [
      '/account/session/login',
      { path: 'account/session', login: { theme: 'dark', texts: { heading: 'Hi' } } },
    ],
    [
      '/auth/login',
      {
        login: {
          scriptUrl: 'https://cdn.example.com/x.js',
          integrity,
          successRedirect: '/orders?page=2',
          baseStaticUrl: 'https://files.example.com/pages',
          baseCdnUrl: 'http://127.0.0.1:4000',
          locale: 'de',
          tenant: 'acme',
          mode: 'strict',
        },
        check: {
          roles: ['admin'],
          permissions: [],
          headers: { 'X-Id': 'id' },
          methodHeader: 'X-Original-Method',
        },
      },
    ],
    ['/auth/login', { login: { scriptUrl: '/own/descope-wc.js', flowId: undefined } }],
  ])('mounts the page at %s for %j', async (path, routes) => {
    const app = await boot(toModule({ routes })());
    const { status, headers } = await ask((await app.getUrl()).replace('[::1]', '127.0.0.1') + path);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    await app.close();
  });
});

describe('forRootAsync', () => {
  it('names run-time options that belong into the factory, and unknown ones', async () => {
    const wrong = {
      useFactory: () => ({ projectId, fetch }),
      audience: 'orders',
      route: {},
      routes: { me: 'no' },
    };
    const error = await rejection(() =>
      DescopeModule.forRootAsync(wrong as unknown as Parameters<typeof DescopeModule.forRootAsync>[0]),
    );
    expect(namesOf(error)).toEqual(['routes.me', 'audience', 'route']);
    expect(error.message).toContain(
      'audience: got a run-time option next to the factory; expected it in the result of the factory.',
    );
  });
});
