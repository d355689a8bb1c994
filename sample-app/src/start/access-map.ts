// What every route asks: as JSON on request, for a program that compares it with yesterday's.
import { describeAccess } from 'nestjs-descope/inspect';
import type { Settings } from './settings.js';
import { startSample } from './start-sample.js';

/** Writes the access map to the terminal, on a port that nobody uses, and ends. */
export async function writeAccessMap(settings: Settings): Promise<void> {
  const { app } = await startSample({ ...settings, port: 0 });
  process.stdout.write(`${JSON.stringify(describeAccess(app), null, 2)}\n`);
  await app.close();
}
