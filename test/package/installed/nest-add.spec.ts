// `nest add` of the packed package, by the CLI of Nest itself: the application that it sets up compiles, boots and rejects.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readTarball } from '../../support/installed-program.js';

const runFile = promisify(execFile);
const MINUTES = 60_000;

const FILES = {
  'package.json': JSON.stringify({
    name: 'orders',
    type: 'module',
    dependencies: { '@nestjs/core': '^12.0.0' },
    devDependencies: { jest: '^30.0.0' },
  }),
  'nest-cli.json': '{ "sourceRoot": "src" }\n',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      module: 'nodenext',
      target: 'ES2023',
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      strict: true,
      skipLibCheck: true,
      types: ['node'],
      rootDir: 'src',
      outDir: 'dist',
    },
    include: ['src'],
    exclude: ['src/**/*.spec.ts'],
  }),
  'jest.config.json': JSON.stringify({
    extensionsToTreatAsEsm: ['.ts'],
    moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
    roots: ['<rootDir>/src'],
    transform: {
      '^.+\\.ts$': [
        '@swc/jest',
        {
          jsc: {
            parser: { syntax: 'typescript', decorators: true },
            transform: { legacyDecorator: true, decoratorMetadata: true },
          },
          module: { type: 'es6' },
        },
      ],
    },
  }),
  'src/app.module.ts': `import { Controller, Get, Module } from '@nestjs/common';

@Controller()
class OrdersController {
  @Get()
  list() {
    return [];
  }
}

@Module({
  controllers: [OrdersController],
})
export class AppModule {}
`,
  'src/main.ts': `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
const response = await fetch(await app.getUrl());
console.log(response.status, await response.text());
await app.close();
`,
};

describe('nest add, with the packed package', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nest-add-'));
    for (const [path, text] of Object.entries(FILES)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await linkPackages(join(folder, 'node_modules'));
    await runFile('tar', ['xzf', readTarball()], { cwd: folder });
    await symlink(join(folder, 'package'), join(folder, 'node_modules/nestjs-descope'));
  }, 2 * MINUTES);
  afterAll(() => rm(folder, { recursive: true }));

  const read = (path: string) => readFile(join(folder, path), 'utf8');

  async function run(script: string, ...args: readonly string[]): Promise<string> {
    const { NODE_OPTIONS: _options, JEST_WORKER_ID: _worker, ...env } = process.env;
    const given = {
      cwd: folder,
      env: { ...env, ...readVariables(await read('.env.example').catch(() => '')) },
    };
    const words = ['--experimental-vm-modules', resolve(script), ...args];
    const { stdout, stderr } = await runFile(process.execPath, words, given);
    return stdout + stderr;
  }

  // As a user runs it, but for the installation: the package is not on the registry that a test may ask.
  const add = (...options: readonly string[]) =>
    run('node_modules/@nestjs/cli/bin/nest.js', 'add', 'nestjs-descope', '--skip-install', ...options);

  it(
    'sets the application up',
    async () => {
      const output = await add('--session', '--docker', '--test');
      expect(output).toMatch(/CREATE\S* compose\.yaml/);
      expect(output).toContain('docker compose up emulator');
      expect(await read('src/app.module.ts')).toContain(
        '  imports: [DescopeModule.forRoot({ session: { refresh: true } })],\n})',
      );
      expect(JSON.parse(await read('package.json'))).toMatchObject({
        dependencies: { '@nestjs/config': '^12.0.0' },
      });
    },
    MINUTES,
  );

  it(
    'changes nothing when it runs again',
    async () => {
      const before = await read('src/app.module.ts');
      expect(await add('--session', '--docker', '--test')).toContain('Nothing to be done.');
      expect(await read('src/app.module.ts')).toBe(before);
    },
    MINUTES,
  );

  it(
    'leaves an application that compiles, boots with the variables of .env.example, and rejects',
    async () => {
      expect(await run('node_modules/typescript/bin/tsc', '-p', folder)).toBe('');
      expect(await run(join(folder, 'dist/main.js'))).toMatch(/^401 .*SESSION_MISSING/);
    },
    MINUTES,
  );

  it(
    'leaves a test that passes under Jest with ES modules',
    async () => {
      const output = await run('node_modules/jest/bin/jest.js', '--runInBand');
      expect(output).toContain('accepts the session token of a user');
      expect(output).toContain('2 passed, 2 total');
    },
    MINUTES,
  );
});

// The packages of this project, without a second installation.
async function linkPackages(target: string): Promise<void> {
  await mkdir(target);
  for (const name of await readdir('node_modules'))
    if (!name.startsWith('.')) await symlink(resolve('node_modules', name), join(target, name));
}

function readVariables(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
}
