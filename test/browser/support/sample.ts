// The sample app as a browser test starts it, with the emulator that it embeds.
import type { Emulator } from 'nestjs-descope/emulator';
import type { EmbeddedDescope } from '../../../sample-app/src/embedded/embedded-descope.js';
import { readSettings } from '../../../sample-app/src/start/settings.js';
import { startSample } from '../../../sample-app/src/start/start-sample.js';

export interface RunningSample {
  readonly url: string;
  readonly emulator: Emulator;
  close(): Promise<void>;
}

/** Starts it on a free port. */
export async function startRunningSample(environment: Record<string, string>): Promise<RunningSample> {
  const sample = await startSample(readSettings({ PORT: '0', ...environment }));
  const { emulator } = sample.embedded as EmbeddedDescope;
  return { url: sample.url, emulator, close: () => sample.app.close() };
}
