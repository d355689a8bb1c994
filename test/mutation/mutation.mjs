// Runs the parts of stryker.config.mjs one after the other, and tells the score of every file: `npm run mutation [part …]`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PARTS } from '../../stryker.config.mjs';

const LEAST_PERCENT = 95;
const stryker = findStryker();
const asked = process.argv.slice(2);
const parts = asked.length > 0 ? asked : Object.keys(PARTS);

let isGood = true;
const rows = parts.flatMap((part) => {
  const env = { ...process.env, MUTATION_PART: part };
  const { status } = spawnSync(process.execPath, [stryker, 'run'], { env, stdio: 'inherit' });
  isGood &&= status === 0;
  return readScores(part);
});
for (const { file, killed, survived, percent } of rows) {
  console.log(`${percent.toFixed(1).padStart(6)} %  ${killed} killed, ${survived} survived  ${file}`);
}
const sum = (member) => rows.reduce((total, row) => total + row[member], 0);
const all = (100 * sum('killed')) / (sum('killed') + sum('survived'));
console.log(`${all.toFixed(1).padStart(6)} %  ${sum('killed')} killed, ${sum('survived')} survived  in all`);
process.exitCode = isGood && all >= LEAST_PERCENT ? 0 : 1;

function findStryker() {
  try {
    return createRequire(import.meta.url)
      .resolve('@stryker-mutator/core')
      .replace(/dist.*$/, 'bin/stryker.js');
  } catch {
    console.error('Stryker is not installed. Install it first: npm ci --prefix test/mutation');
    return process.exit(1);
  }
}

function readScores(part) {
  const { files } = JSON.parse(readFileSync(`reports/mutation/${part}.json`, 'utf8'));
  return Object.entries(files).map(([file, { mutants }]) => {
    const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
    const killed = count('Killed', 'Timeout');
    const survived = count('Survived', 'NoCoverage');
    return { file, killed, survived, percent: (100 * killed) / Math.max(1, killed + survived) };
  });
}
