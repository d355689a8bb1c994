// Runs the program of this folder with the packed package on the oldest and the newest Nest of each major that the peers
// allow, on Express and Fastify, and on every Node that the engines allow: `npm run matrix`. `--quick` takes the Node at hand.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const isQuick = process.argv.includes('--quick');
const NODES = isQuick ? [undefined] : ['20.19.0', '22', '24'];

// The packages of a release do not all have its number: of each the oldest that there is.
const NESTS = {
  '11 oldest': { nest: '11.0.0', ws: '11.0.5', config: '4.0.0' },
  '11 newest': { nest: '^11.0.0', ws: '^11.0.0', config: '^4.0.0' },
  '12 oldest': { nest: '12.0.0', messages: '12.0.1', fastify: '12.0.1', ws: '12.0.1', config: '12.0.0' },
  '12 newest': { nest: '^12.0.0', ws: '^12.0.0', config: '^12.0.0' },
};
const CHOSEN = isQuick ? ['11 oldest', '12 newest'] : Object.keys(NESTS);

const WANTED = {
  open: '200',
  closed: '401 SESSION_MISSING',
  bearer: '200',
  cookie: '200',
  role: '403 ACCESS_ROLE_MISSING',
  admin: '200',
  me: '200',
  refreshRoute: '200',
  refreshStep: '200',
  order: 'limit',
  socket: 'refused',
  socketBearer: 'news',
  message: 'SESSION_MISSING',
  scopedOptions: 'CONFIG_SCOPE_INVALID',
  scopedGuard: 'refused',
  scopedAlias: 'refused',
  transientGuard: 'refused',
};

const folder = await mkdtemp(join(tmpdir(), 'matrix-'));
let failed = 0;
try {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder]);
  const tarball = join(folder, JSON.parse(stdout)[0].filename);
  const nodes = await Promise.all(NODES.map(installNode));
  for (const name of CHOSEN) {
    const program = await installProgram(name, tarball);
    for (const node of nodes)
      for (const adapter of ['express', 'fastify']) await report(name, { program, node, adapter });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(failed === 0 ? 'Every promise is kept everywhere.' : `${failed} did not hold.`);
process.exitCode = failed === 0 ? 0 : 1;

async function installNode(version) {
  if (version === undefined) return process.execPath;
  const home = join(folder, `node-${version}`);
  await install(home, { node: version });
  return join(home, 'node_modules/.bin/node');
}

async function installProgram(name, tarball) {
  const { nest, messages = nest, fastify = nest, ws, config } = NESTS[name];
  const home = join(folder, name.replace(' ', '-'));
  await install(home, {
    '@nestjs/common': nest,
    '@nestjs/core': nest,
    '@nestjs/platform-express': nest,
    '@nestjs/platform-fastify': fastify,
    '@nestjs/microservices': messages,
    '@nestjs/websockets': messages,
    '@nestjs/platform-ws': ws,
    '@nestjs/config': config,
    'nestjs-descope': `file:${tarball}`,
    'reflect-metadata': '^0.2.2',
    rxjs: '^7.8.2',
    ws: '^8.18.0',
  });
  await cp('test/matrix/program.cjs', join(home, 'program.cjs'));
  return home;
}

async function install(home, dependencies) {
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--legacy-peer-deps'];
  await run('npm', ['install', ...flags], { cwd: home });
}

async function report(name, { program, node, adapter }) {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: '' }; // how this is run is not the program's
  const options = { cwd: program, env, timeout: 60_000 };
  const { stdout: version } = await run(node, ['--version']);
  const answers = await run(node, ['program.cjs', adapter], options).then(
    ({ stdout }) => JSON.parse(stdout.trim().split('\n').at(-1)),
    (error) => ({ error: error.message.slice(0, 600) }),
  );
  const wrong = Object.keys({ ...WANTED, ...answers }).filter((key) => answers[key] !== WANTED[key]);
  if (wrong.length > 0) failed += 1;
  const found = wrong.map((key) => `${key}: ${answers[key]}, want ${WANTED[key]}`).join('; ');
  console.log(`Nest ${name}, ${adapter}, Node ${version.trim()}: ${found || 'as promised'}`);
}
