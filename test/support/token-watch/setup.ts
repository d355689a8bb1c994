// Runs beside every end-to-end test: fails the one in whose time a token stood in a log, an answer or an error.
import { afterAll, afterEach } from '@jest/globals';
import { tokenWatch } from './token-watch.js';

const assertNothing = (): void => {
  const findings = tokenWatch.take();
  if (findings.length > 0) throw new Error(`A token was let out through\n  ${findings.join('\n  ')}`);
};
tokenWatch.start();
afterEach(assertNothing);
afterAll(() => {
  tokenWatch.stop();
  assertNothing();
});
