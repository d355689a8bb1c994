// Starts the sample app, or says in one message why it cannot.
import { writeAccessMap } from './start/access-map.js';
import { toFailureText } from './start/failure.js';
import { toGreeting } from './start/greeting.js';
import type { Settings } from './start/settings.js';
import { readSettings } from './start/settings.js';
import { startSample } from './start/start-sample.js';

try {
  const settings = readSettings(process.env);
  if (settings.accessMap === undefined) await serve(settings);
  else await writeAccessMap(settings);
} catch (error) {
  process.stderr.write(toFailureText(error));
  process.exitCode = 1;
}

async function serve(settings: Settings): Promise<void> {
  const sample = await startSample(settings);
  sample.app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  process.stdout.write(toGreeting(sample));
}
