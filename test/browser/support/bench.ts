// An emulator, an application and a browser for a test file; the browser's profile is a fresh one for each test.
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { Application } from './application.js';
import { startApplication } from './application.js';
import type { Visit } from './browser.js';
import { useBrowser } from './browser.js';

/** What a browser test works with. */
export interface Bench {
  emulator: Emulator;
  application: Application;
  visit: Visit;
}

/** Sets a bench up for the calling file. */
export function useBench(): Bench {
  const bench = {} as Bench;
  const visit = useBrowser();
  beforeAll(async () => {
    bench.emulator = await startEmulator();
    bench.application = await startApplication(bench.emulator);
  });
  beforeEach(async () => {
    Object.assign(bench.application, { options: {}, storeStatus: 200 });
    bench.application.stored.length = 0;
    bench.emulator.reset();
    bench.visit = await visit();
  });
  afterEach(() => (bench as Partial<Bench>).visit?.close());
  afterAll(async () => {
    await bench.application.close();
    await bench.emulator.close();
  });
  return bench;
}
