// One emulator for a test file: started before its tests, reset after each, closed at the end.
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { Emulator, EmulatorOptions } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { NodeSdk } from './node-sdk.js';
import { createSdk } from './node-sdk.js';

/** The emulator of a test file, with clients of the vendor's. */
export interface EmulatorBed {
  readonly emulator: Emulator;
  /** An authentication client. */
  readonly sdk: NodeSdk;
  /** A client that may manage the project too. */
  readonly admin: NodeSdk;
  /** A plain request to the emulator. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

/** Starts an emulator for the calling file; its members are there once the tests run. */
export function useEmulator(options: EmulatorOptions = {}): EmulatorBed {
  const bed = {
    request: (path: string, init?: RequestInit) => fetch(`${bed.emulator.url}${path}`, init),
  } as {
    -readonly [Name in keyof EmulatorBed]: EmulatorBed[Name];
  };
  beforeAll(async () => {
    bed.emulator = await startEmulator(options);
    bed.sdk = createSdk(bed.emulator);
    bed.admin = createSdk(bed.emulator, 'management');
  });
  afterEach(() => bed.emulator.reset());
  afterAll(() => bed.emulator.close());
  return bed;
}
