// Runs the program of this folder with the packed package on the oldest and the newest Nest of each major that the peers
// allow, on Express and Fastify, and on every Node that the engines allow: `npm run matrix`. `--quick` takes the Node at hand.
// The jobs of the program need a redis-server.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const isQuick = process.argv.includes('--quick');
const NODES = isQuick ? [undefined] : ['20.19.0', '22', '24'];

// The packages of a release do not all have its number: of each the oldest that there is.
// Of those of GraphQL the oldest pair that npm installs together: it asks for Nest 11.0.1, and is tried with 11.0.0.
const NESTS = {
  '11 oldest': {
    nest: '11.0.0',
    ws: '11.0.5',
    config: '4.0.0',
    graphql: '13.0.1',
    apollo: '^4.11.3',
    bull: '11.0.0',
    bullmq: '5.0.0',
    throttler: '6.4.0',
    telemetry: '1.9.0',
  },
  '11 newest': {
    nest: '^11.0.0',
    ws: '^11.0.0',
    config: '^4.0.0',
    graphql: '^13.0.0',
    apollo: '^5.0.0',
    bull: '^11.0.0',
    bullmq: '^5.0.0',
  },
  '12 oldest': {
    nest: '12.0.0',
    messages: '12.0.1',
    fastify: '12.0.1',
    ws: '12.0.1',
    config: '12.0.0',
    graphql: '14.0.0',
    apollo: '^5.0.0',
    bull: '12.0.0',
    bullmq: '6.0.0',
  },
  '12 newest': {
    nest: '^12.0.0',
    ws: '^12.0.0',
    config: '^12.0.0',
    graphql: '^14.0.0',
    apollo: '^5.0.0',
    bull: '^12.0.0',
    bullmq: '^6.0.0',
  },
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
  unreadBody: '415 REQUEST_BODY_UNSUPPORTED',
  refreshStep: '200',
  event: '200 UserCreated',
  eventUnsigned: '401 WEBHOOK_SIGNATURE_INVALID',
  order: 'limit',
  socket: 'rejected',
  socketBearer: 'news',
  message: 'SESSION_MISSING',
  scopedOptions: 'CONFIG_SCOPE_INVALID',
  scopedGuard: 'rejected',
  scopedAlias: 'rejected',
  transientGuard: 'rejected',
  testing: '401 200',
  graphqlOpen: 'open',
  graphqlClosed: 'SESSION_MISSING',
  graphqlBearer: 'closed',
  graphqlRole: 'ACCESS_ROLE_MISSING',
  graphqlAdmin: 'admin',
  graphqlField: 'ACCESS_ROLE_MISSING',
  graphqlFieldAdmin: 'title',
  graphqlReference: 'ACCESS_ROLE_MISSING',
  graphqlReferenceAdmin: '[{"id":"1"}]',
  graphqlFieldBoot: 'CONFIG_DEMAND_UNGUARDED',
  graphqlReferenceBoot: 'CONFIG_DEMAND_UNGUARDED',
  graphqlMemberBoot: 'CONFIG_DEMAND_UNGUARDED',
  context: '200 U2ada',
  throttled: '429, 200 U2bob',
  anyOf: '403 ACCESS_ALTERNATIVES_MISSING',
  dpop: '401 DPOP_REQUIRED',
  onBehalf: '403 CONNECTION_REQUIRED',
  fga: '200 false, 200 true',
  job: 'monthly U2bob',
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
  const { nest, messages = nest, fastify = nest, ws, config, testing = nest, graphql, apollo } = NESTS[name];
  const { bull, bullmq, throttler = '^6.4.0', telemetry = '^1.9.0' } = NESTS[name];
  const home = join(folder, name.replace(' ', '-'));
  const dependencies = {
    '@nestjs/common': nest,
    '@nestjs/core': nest,
    '@nestjs/platform-express': nest,
    '@nestjs/platform-fastify': fastify,
    '@nestjs/microservices': messages,
    '@nestjs/websockets': messages,
    '@nestjs/platform-ws': ws,
    '@nestjs/config': config,
    '@nestjs/testing': testing,
    '@nestjs/graphql': graphql,
    '@nestjs/apollo': graphql,
    '@nestjs/bullmq': bull,
    '@nestjs/throttler': throttler,
    '@apollo/server': apollo,
    '@apollo/subgraph': '^2.9.3',
    '@as-integrations/express5': '^1.0.0',
    '@as-integrations/fastify': '^3.0.0',
    '@opentelemetry/api': telemetry,
    bullmq,
    graphql: '^16.11.0',
    ioredis: '^5.4.0', // BullMQ 6 comes without
    'nestjs-descope': `file:${tarball}`,
    'reflect-metadata': '^0.2.2',
    rxjs: '^7.8.2',
    ws: '^8.18.0',
  };
  // What a cache takes for the newest may be old.
  await install(home, dependencies, name.endsWith('newest') ? '--prefer-online' : '--prefer-offline');
  for (const file of ['program.cjs', 'graphql.cjs', 'callers.cjs'])
    await cp(`test/matrix/${file}`, join(home, file));
  return home;
}

async function install(home, dependencies, preference = '--prefer-offline') {
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const flags = ['--no-audit', '--no-fund', '--no-package-lock', preference, '--legacy-peer-deps'];
  await run('npm', ['install', ...flags], { cwd: home });
}

async function report(name, { program, node, adapter }) {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: '' }; // how this is run is not the program's
  const options = { cwd: program, env, timeout: 60_000 };
  const { stdout: version } = await run(node, ['--version']);
  const [core, graphql] = await Promise.all(['core', 'graphql'].map((item) => readVersion(program, item)));
  const answers = await run(node, ['program.cjs', adapter], options).then(
    ({ stdout }) => JSON.parse(stdout.trim().split('\n').at(-1)),
    (error) => ({ error: error.message.slice(0, 600) }),
  );
  const wrong = Object.keys({ ...WANTED, ...answers }).filter((key) => answers[key] !== WANTED[key]);
  if (wrong.length > 0) failed += 1;
  const found = wrong.map((key) => `${key}: ${answers[key]}, want ${WANTED[key]}`).join('; ');
  const what = `Nest ${name} (${core}, GraphQL ${graphql}), ${adapter}, Node ${version.trim()}`;
  console.log(`${what}: ${found || 'as promised'}`);
}

async function readVersion(home, name) {
  const file = join(home, 'node_modules/@nestjs', name, 'package.json');
  return JSON.parse(await readFile(file, 'utf8')).version;
}
