// `npm run emulator:coverage [-- --write]`: calls every method of the installed @descope/node-sdk against an emulator.
import { writeFileSync } from 'node:fs';
import { importSource } from '../support/import-source.mjs';

const PAGE = 'docs/emulator-coverage.md';

const { findFaults, measureCoverage, toPage, toText } = await importSource('test/emulator-coverage/main.ts');
const coverage = await measureCoverage();
process.stdout.write(toText(coverage));
if (process.argv.includes('--write')) writeFileSync(PAGE, toPage(coverage));
process.exitCode = findFaults(coverage).length === 0 ? 0 : 1;
