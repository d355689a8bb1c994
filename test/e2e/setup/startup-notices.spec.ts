// What is allowed and yet worth a thought is said once, at boot, with what to do about it.
import type { JsonWebKey } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule } from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { createRecordingFetch } from '../../support/recording-fetch.js';

const nodeEnv = process.env['NODE_ENV'] ?? 'test';
const projectId = 'P2testtesttesttesttesttestte';

describe.each(ADAPTERS)('At boot, on %s', (adapter) => {
  let application: RunningApplication;
  afterEach(async () => {
    process.env['NODE_ENV'] = nodeEnv;
    await application.close();
  });

  const readNotices = async (options: DescopeModuleOptions, environment = nodeEnv) => {
    const emulator = await startEmulator();
    const [key] = emulator.publishedKeys as JsonWebKey[];
    await emulator.close();
    process.env['NODE_ENV'] = environment;
    const { fetch } = createRecordingFetch({ keys: [key] });
    const logger = new CollectingLogger();
    const publicKey = options.publicKey === 'fixed' ? key : undefined;
    const imports = [DescopeModule.forRoot({ projectId, fetch, ...options, publicKey })];
    application = await start(adapter, { imports }, { logger });
    return logger.entries.filter((entry) => !entry.startsWith('log'));
  };

  it('nothing is said of an application that has decided everything', async () => {
    expect(await readNotices({ audience: 'orders' })).toEqual([]);
    await application.close();
    expect(await readNotices({ audience: null })).toEqual([]);
  });

  it('a missing audience is', async () => {
    expect(await readNotices({})).toEqual([
      expect.stringMatching(/^warn: .*DESCOPE_AUDIENCE.*audience: null/),
    ]);
  });

  it('a base URL in plain http is, outside loopback', async () => {
    const baseUrl = 'http://descope.internal';
    const notices = await readNotices({ audience: null, baseUrl, allowInsecureBaseUrl: true });
    expect(notices).toEqual([expect.stringMatching(/^warn: .*plain http.*Use https/)]);
    await application.close();
    expect(await readNotices({ audience: null, baseUrl: 'http://127.0.0.1:1' })).toEqual([]);
  });

  it('an emulator in a container is, at every boot, and production does not start with one', async () => {
    const baseUrl = 'http://emulator:4400';
    const options = { audience: null, baseUrl, allowInsecureBaseUrl: 'private' } as const;
    for (const _boot of [1, 2]) {
      expect(await readNotices(options)).toEqual([
        expect.stringMatching(/^warn: BASE_URL_INSECURE: .*plain http/),
      ]);
      await application.close();
    }
    await expect(readNotices(options, 'production')).rejects.toThrow('plain http with NODE_ENV=production');
  });

  it('plain http is never accepted in production, whatever the option says', async () => {
    const options = { baseUrl: 'http://descope.internal', allowInsecureBaseUrl: true };
    await expect(readNotices(options, 'production')).rejects.toThrow('plain http with NODE_ENV=production');
  });

  it('a base URL on this machine is, in production', async () => {
    for (const baseUrl of ['http://127.0.0.1:1', 'https://localhost:1', 'http://[::1]:1']) {
      expect(await readNotices({ audience: null, baseUrl }, 'production')).toEqual([
        expect.stringMatching(/^warn: BASE_URL_LOOPBACK: NODE_ENV is production.*DESCOPE_BASE_URI/),
      ]);
      await application.close();
      process.env['NODE_ENV'] = nodeEnv;
    }
    const baseUrl = 'https://auth.example.com';
    expect(await readNotices({ audience: null, baseUrl }, 'production')).toEqual([]);
  });

  it('fixed keys are, as Descope rotates daily', async () => {
    const notices = await readNotices({ audience: null, publicKey: 'fixed' });
    expect(notices).toEqual([expect.stringMatching(/^warn: .*rotates its keys daily/)]);
  });
});
