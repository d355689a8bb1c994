// What every route demands, on request: as a table for people, or as JSON for a program that compares it with yesterday's.
import { describeAccess, formatAccess } from 'nestjs-descope/inspect';
import type { Settings } from './settings.js';
import { startSample } from './start-sample.js';

/** Writes the access map to the terminal, on a port that nobody uses, and ends. */
export async function writeAccessMap(settings: Settings): Promise<void> {
  const { app } = await startSample({ ...settings, port: 0 });
  const map = describeAccess(app);
  const text = settings.accessMap === 'json' ? JSON.stringify(map, null, 2) : formatAccess(map);
  process.stdout.write(`${text}\n`);
  await app.close();
}
