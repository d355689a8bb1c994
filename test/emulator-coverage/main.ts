// Measures the coverage of the emulator: every method of the installed client, and what the compiler says of the answers.
import { readFileSync } from 'node:fs';
import { checkTypes } from './check-types.js';
import type { Coverage } from './coverage-page.js';
import { runCalls } from './run-calls.js';

export { findFaults, toPage, toText } from './coverage-page.js';

/** Measures the coverage of the installed client. */
export async function measureCoverage(): Promise<Coverage> {
  const { version } = JSON.parse(readFileSync('node_modules/@descope/node-sdk/package.json', 'utf8')) as {
    version: string;
  };
  const answers = await runCalls();
  return { version, answers, verdicts: checkTypes(answers) };
}
