// The application's own @nestjs/config is heard: files, factories, and what is in the process.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { DescopeModule } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { clearEnvironment, setEnvironment } from '../../support/environment.js';
import { bearer, WhoController } from '../../support/who.controller.js';

describe.each(ADAPTERS)("DescopeModule and the application's ConfigModule, on %s", (adapter) => {
  let emulator: Emulator;
  let folder: string;
  let application: RunningApplication | undefined;

  beforeAll(async () => {
    emulator = await startEmulator();
    folder = await mkdtemp(join(tmpdir(), 'nestjs-descope-'));
  });
  afterEach(async () => {
    await application?.close();
    application = undefined;
    clearEnvironment();
  });
  afterAll(async () => {
    await emulator.close();
    await rm(folder, { recursive: true });
  });

  const writeEnvFile = async (name: string, lines: readonly string[]) => {
    const path = join(folder, name);
    await writeFile(path, lines.join('\n'));
    return path;
  };
  const addressLines = () => [
    `DESCOPE_PROJECT_ID=${emulator.projectId}`,
    `DESCOPE_BASE_URI=${emulator.url}`,
    'DESCOPE_USERNAME_CLAIM=login',
  ];
  const username = async (imports: NonNullable<DynamicModule['imports']>) => {
    application = await start(adapter, { imports, controllers: [WhoController] });
    const token = await emulator.signToken({ claims: { amr: ['email'], login: 'anna', nick: 'nick' } });
    return (await application.request('/who', { headers: bearer(token) })).body['username'];
  };

  it('reads a .env file that ConfigModule.forRoot() loads', async () => {
    const envFilePath = await writeEnvFile('.env', addressLines());
    expect(await username([ConfigModule.forRoot({ envFilePath }), DescopeModule.forRoot()])).toBe('anna');
  });

  it('reads it also when ConfigModule stands behind it', async () => {
    const envFilePath = await writeEnvFile('.env', addressLines());
    expect(await username([DescopeModule.forRoot(), ConfigModule.forRoot({ envFilePath })])).toBe('anna');
  });

  it('lets the process win over the file, as ConfigModule does', async () => {
    const envFilePath = await writeEnvFile('.env', addressLines());
    setEnvironment({ DESCOPE_USERNAME_CLAIM: 'nick' });
    expect(await username([ConfigModule.forRoot({ envFilePath }), DescopeModule.forRoot()])).toBe('nick');
  });

  it('gives the file to a factory of forRootAsync through ConfigService', async () => {
    const lines = [`PROJECT=${emulator.projectId}`, `API=${emulator.url}`];
    const envFilePath = await writeEnvFile('.env.async', lines);
    const descope = DescopeModule.forRootAsync({
      imports: [ConfigModule.forRoot({ envFilePath })],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        projectId: config.getOrThrow<string>('PROJECT'),
        baseUrl: config.getOrThrow<string>('API'),
        usernameClaim: 'nick',
      }),
    });
    expect(await username([descope])).toBe('nick');
    delete process.env['PROJECT'];
    delete process.env['API'];
  });

  it.each(['before', 'behind'])(
    'reads what a ConfigModule that stands %s it loads by a factory',
    async (place) => {
      const load = () => ({
        DESCOPE_PROJECT_ID: emulator.projectId,
        DESCOPE_BASE_URI: emulator.url,
        DESCOPE_USERNAME_CLAIM: 'login',
      });
      const config = ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [load] });
      const descope = DescopeModule.forRoot();
      expect(await username(place === 'before' ? [config, descope] : [descope, config])).toBe('anna');
    },
  );
});
