// A wrong set-up stops the boot, with one error that says what to change.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeConfigError, DescopeModule, Public, Roles } from 'nestjs-descope';
import { ADAPTERS, start } from '../../support/application.js';
import { clearEnvironment, setEnvironment } from '../../support/environment.js';
import { createRecordingFetch } from '../../support/recording-fetch.js';
import { WhoController } from '../../support/who.controller.js';

const projectId = 'P2testtesttesttesttesttestte';
const { fetch } = createRecordingFetch({ keys: [] });

describe.each(ADAPTERS)('The boot, on %s', (adapter) => {
  afterEach(clearEnvironment);

  const boot = async (imports: Parameters<typeof start>[1]['imports'], controllers = [WhoController]) => {
    const { app } = await start(adapter, { imports: imports ?? [], controllers });
    await app.close();
  };
  const rejection = async (options: DescopeModuleOptions): Promise<DescopeConfigError> => {
    const error: unknown = await boot([DescopeModule.forRoot(options)]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DescopeConfigError);
    return error as DescopeConfigError;
  };

  it('needs a project id, and names the option and the variable', async () => {
    const error = await rejection({});
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toMatch(/projectId.*DESCOPE_PROJECT_ID.*createTestDescope\(\)\.override\(/);
  });

  it('names the way out of a test with a project id that is none', async () => {
    const { message } = await rejection({ projectId: 'test' });
    expect(message).toMatch(/- projectId: got 4 characters.*createTestDescope\(\)\.override\(/);
  });

  it('reports every wrong option at once', async () => {
    const wrong = {
      projectId: 'X1',
      baseUrl: 'http://api.example.com',
      algorithms: ['none'],
      leewaySeconds: -1,
      audience: [],
      usernameClaim: '',
      sessionCookieName: 'a b',
      sources: [],
      publicOrigin: 'https://app.example.com/path',
      keyFetch: { cooldownSeconds: 31, timeOut: 1 },
      cookieName: 'DS',
    };
    const { message, details } = await rejection(wrong as unknown as DescopeModuleOptions);
    const names = [...Object.keys(wrong), 'keyFetch.cooldownSeconds', 'keyFetch.timeOut'];
    for (const name of names.filter((item) => item !== 'keyFetch'))
      expect(message).toContain(`- ${name}: got`);
    expect(details['mistakes']).toHaveLength(12);
  });

  it('reports wrong variables as it reports wrong options', async () => {
    setEnvironment({
      DESCOPE_PROJECT_ID: 'X1',
      DESCOPE_BASE_URI: 'ftp://api.example.com',
      DESCOPE_PUBLIC_KEY: '{',
    });
    const { message } = await rejection({});
    for (const name of ['projectId', 'baseUrl', 'publicKey']) expect(message).toContain(`- ${name}: got`);
  });

  it.each([['none'], ['HS256'], ['HS512']])('rejects the algorithm %s', async (algorithm) => {
    const options = { projectId, algorithms: ['RS256', algorithm] } as unknown as DescopeModuleOptions;
    expect((await rejection(options)).message).toContain('- algorithms: got');
  });

  it('rejects plain http outside loopback, unless it is allowed aloud', async () => {
    const baseUrl = 'http://descope.internal';
    expect((await rejection({ projectId, baseUrl })).message).toContain('allowInsecureBaseUrl');
    await boot([DescopeModule.forRoot({ projectId, baseUrl, fetch, allowInsecureBaseUrl: true })]);
    for (const loopback of ['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1'])
      await boot([DescopeModule.forRoot({ projectId, fetch, baseUrl: loopback })]);
  });

  it('never shows a value that may be a secret', async () => {
    const secret = 'K2this-is-a-management-key';
    const options = { projectId: secret, publicKey: secret, baseUrl: secret, usernameClaim: [secret, 1] };
    const error = await rejection(options as unknown as DescopeModuleOptions);
    expect(error.message + JSON.stringify(error)).not.toContain(secret);
  });

  it('rejects a second forRoot, in the same module and in another one', async () => {
    const register = () => DescopeModule.forRoot({ projectId, fetch });
    @Module({ imports: [register()] })
    class FeatureModule {}
    for (const imports of [
      [register(), register()],
      [register(), FeatureModule],
      [register(), DescopeModule],
      [register(), DescopeModule.forRootAsync({ useFactory: () => ({ projectId, fetch }) })],
    ])
      await expect(boot(imports)).rejects.toMatchObject({ code: 'CONFIG_MODULE_DUPLICATE' });
  });

  it('rejects a bare DescopeModule, which would protect nothing', async () => {
    await expect(boot([DescopeModule])).rejects.toMatchObject({
      code: 'CONFIG_MODULE_MISSING',
      message: expect.stringMatching(
        /DescopeModule\.forRoot\(\).*DescopeTestingModule\.forRoot\(createTestDescope\(\)\)/,
      ),
    });
  });

  it('takes one registration that two modules import', async () => {
    const registration = DescopeModule.forRoot({ projectId, fetch });
    @Module({ imports: [registration] })
    class FeatureModule {}
    await expect(boot([registration, FeatureModule])).resolves.toBeUndefined();
  });

  it('rejects a handler that is public and makes a demand', async () => {
    @Controller()
    class ContradictedController {
      @Public()
      @Roles('admin')
      @Get('both')
      both() {}
    }
    const imports = [DescopeModule.forRoot({ projectId, fetch })];
    const booted = start(adapter, { imports, controllers: [ContradictedController] });
    await expect(booted).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_CONTRADICTED',
      message: expect.stringMatching(/@Public\(\).*ContradictedController\.both/),
    });
  });
});
