// Makes sure that there is something to measure, and something to measure it against.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BENCH = fileURLToPath(new URL('..', import.meta.url));
const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

/** Installs the peers where that was not done since their list was changed. */
export function assertInstalled() {
  const [done, wanted] = [join(BENCH, 'node_modules/.package-lock.json'), join(BENCH, 'package-lock.json')];
  if (existsSync(done) && statSync(done).mtimeMs >= statSync(wanted).mtimeMs) return;
  console.log('Installing the libraries to compare with, once (npm ci in test/bench) …');
  run('npm', ['ci', '--no-audit', '--no-fund'], BENCH, 'Run "npm ci" in test/bench, then this again.');
}

/** Builds the package where the sources are newer than what is built. */
export function assertBuilt() {
  const built = join(PROJECT, 'dist/esm/index.js');
  if (existsSync(built) && statSync(built).mtimeMs >= toNewest(join(PROJECT, 'lib'))) return;
  console.log('Building the package (npm run build:package) …');
  run(
    'npm',
    ['run', '--silent', 'build:package'],
    PROJECT,
    'Make "npm run build:package" pass, then run this again.',
  );
}

function run(command, args, cwd, advice) {
  // A shell, because npm is a script on Windows.
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`"${command} ${args.join(' ')}" failed. ${advice}`);
}

function toNewest(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Math.max(...files.map((file) => statSync(join(file.parentPath ?? file.path, file.name)).mtimeMs));
}
