// `npm run test:vendors -- <folder>`: runs the suites of Descope's Python packages against an emulator of this source.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { importSource } from '../support/import-source.mjs';
import { toPackagePath } from './package-path.mjs';
import { SUITES } from './suites.mjs';

const HELP = `npm run test:vendors -- <folder>

The folder holds checkouts of the vendor's repositories, for example beside this project:

  git clone https://github.com/descope/python-sdk <folder>/python-sdk
  git clone https://github.com/descope/django-descope <folder>/django-descope

and Python 3.9 or later has what they need. On Debian:

  apt-get install python3-pytest python3-pytest-asyncio python3-httpx python3-jwt python3-cryptography \\
    python3-email-validator python3-dotenv python3-django python3-django-debug-toolbar

Another Python than python3 is named with PYTHON, such as that of a virtual environment.
`;

const folder = resolve(process.argv[2] ?? '');
if (process.argv.length !== 3 || process.argv[2].startsWith('-')) stop(HELP);
const missing = SUITES.filter(({ repository }) => !existsSync(join(folder, repository, 'pyproject.toml')));
for (const { repository } of missing) console.log(`LEFT OUT: ${repository}, which is not in ${folder}`);
if (missing.some(({ repository }) => repository === 'python-sdk')) stop(HELP);
const python = findPython();

const { startEmulator } = await importSource('lib/emulator/index.ts');
const outcomes = [];
for (const suite of SUITES) if (!missing.includes(suite)) outcomes.push(await run(suite));
report(outcomes);
process.exitCode = outcomes.every(({ isComplete }) => isComplete) && missing.length === 0 ? 0 : 1;

async function run(suite) {
  const emulator = await startEmulator(suite.options);
  const path = toPackagePath(join(folder, 'python-sdk'));
  const env = {
    ...process.env,
    PYTHONPATH: path.value,
    PYTHONDONTWRITEBYTECODE: '1',
    DESCOPE_PROJECT_ID: emulator.projectId,
    DESCOPE_MANAGEMENT_KEY: emulator.managementKey,
    DESCOPE_BASE_URI: emulator.url,
  };
  try {
    await suite.prepare?.(emulator);
    const cwd = join(folder, suite.repository);
    const output = await runPython(suite.command, { cwd, env });
    return { ...suite.read(output), suite, output, ...toRequests(emulator) };
  } finally {
    path.remove();
    await emulator.close();
  }
}

// What an emulator ignores is told, too: a test that passes all the same proves less.
function toRequests({ requests }) {
  const ignored = requests.all.flatMap(({ method, path, ignored: names }) =>
    names === undefined ? [] : [`${method} ${path}: ${names.join(', ')}`],
  );
  return { ignored: [...new Set(ignored)], count: requests.all.length };
}

function runPython(command, options) {
  const child = spawn(python, command, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  return new Promise((done) => child.once('close', () => done(output)));
}

function report(all) {
  for (const { suite, output, passed, total, failures, ignored, isComplete } of all) {
    if (!isComplete) console.log(output);
    for (const name of failures) console.log(`LEFT OUT or failed: ${suite.repository} ${name}`);
    for (const line of ignored) console.log(`ignored by the emulator: ${line}`);
    console.log(`${suite.repository}: ${passed} of ${total} tests pass\n`);
  }
  const passed = all.reduce((sum, one) => sum + one.passed, 0);
  const total = all.reduce((sum, one) => sum + one.total, 0);
  console.log(`${passed} passed, ${total - passed} failed`);
}

function findPython() {
  const modules = [
    ...new Set(SUITES.filter((suite) => !missing.includes(suite)).flatMap((one) => one.modules)),
  ];
  const candidates = process.env.PYTHON ? [process.env.PYTHON] : ['python3', '/usr/bin/python3'];
  const found = candidates.find(
    (name) => spawnSync(name, ['-c', `import ${modules.join(',')}`]).status === 0,
  );
  return found ?? stop(`No Python has all of ${modules.join(', ')}.\n\n${HELP}`);
}

function stop(text) {
  process.stderr.write(text);
  process.exit(2);
}
