// Starts the sample app, or says in one message why it cannot.
import { toFailureText } from './start/failure.js';
import { readSettings } from './start/settings.js';
import { startSample } from './start/start-sample.js';
import { toGreeting } from './start/greeting.js';

try {
  const sample = await startSample(readSettings(process.env));
  sample.app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  process.stdout.write(await toGreeting(sample));
} catch (error) {
  process.stderr.write(toFailureText(error));
  process.exitCode = 1;
}
