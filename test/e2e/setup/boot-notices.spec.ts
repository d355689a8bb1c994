// What is allowed and yet worth a thought is said once, at boot, with what to do about it.
import { afterEach, describe, expect, it } from '@jest/globals';
import { DescopeModule } from 'nestjs-descope';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';
import type { JsonWebKey } from 'node:crypto';
import { ADAPTERS, start } from '../../support/application.js';
import type { RunningApplication } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { createRecordingFetch } from '../../support/recording-fetch.js';

const projectId = 'P2testtesttesttesttesttestte';

describe.each(ADAPTERS)('At boot, on %s', (adapter) => {
  let application: RunningApplication;
  afterEach(() => application.close());

  const readNotices = async (options: DescopeModuleOptions) => {
    const emulator = await startEmulator();
    const [key] = emulator.publishedKeys as JsonWebKey[];
    await emulator.close();
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

  it('fixed keys are, as Descope rotates daily', async () => {
    const notices = await readNotices({ audience: null, publicKey: 'fixed' });
    expect(notices).toEqual([expect.stringMatching(/^warn: .*rotates them daily/)]);
  });
});
