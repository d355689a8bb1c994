// `nest add nestjs-descope` on projects in memory: the files that it writes, and those that it leaves alone.
import { describe, expect, it } from '@jest/globals';
import { format } from 'prettier';
import { parse } from 'yaml';
import { DEFAULT_PORT, readArguments } from '#lib/emulator/command/command-arguments.js';
import { DEFAULT_MANAGEMENT_KEY, DEFAULT_PROJECT_ID } from '#lib/emulator/options.js';
import { startEmulator } from '#lib/emulator/start-emulator.js';
import type { NestAddOptions } from '#lib/schematics/nest-add.js';
import { nestAdd } from '#lib/schematics/nest-add.js';
import { MemoryTree } from '../../support/memory-tree.js';

const ALL: NestAddOptions = { routes: true, session: true, test: true, docker: true };
const MODULE =
  "import { Module } from '@nestjs/common';\n\n@Module({\n  imports: [],\n})\nexport class AppModule {}\n";
const ADDED = MODULE.replace('\n\n', "\nimport { DescopeModule } from 'nestjs-descope';\n\n").replace(
  '[]',
  '[DescopeModule.forRoot()]',
);
const toMain = (from: string, name = 'AppModule') =>
  `import { NestFactory } from '@nestjs/core';\nimport { ${name} } from '${from}';\n\nconst app = await NestFactory.create(${name});\n`;

const NEST_11 = {
  'package.json': toManifest({
    dependencies: { '@nestjs/core': '^11.0.1' },
    devDependencies: { jest: '^30.0.0' },
  }),
  'nest-cli.json': '{ "sourceRoot": "src" }',
  'src/main.ts': toMain('./app.module'),
  'src/app.module.ts': MODULE,
  'test/jest-e2e.json': '{}',
  'test/app.e2e-spec.ts': '// Nest’s own\n',
};
const NEST_12 = {
  'package.json': toManifest({
    type: 'module',
    dependencies: { '@nestjs/core': '^12.0.1', '@nestjs/platform-express': '^12.0.1' },
    devDependencies: { vitest: '^4.0.0' },
  }),
  'src/main.ts': toMain('./app.module.js'),
  'src/app.module.ts': MODULE,
  'vitest.config.e2e.ts': '',
};

function toManifest(members: object): string {
  return `${JSON.stringify({ name: 'orders', ...members }, undefined, 2)}\n`;
}

interface Done {
  readonly tree: MemoryTree;
  readonly said: string;
  readonly warned: string;
  readonly tasks: readonly object[];
}

function run(tree: MemoryTree, options: NestAddOptions = {}): Done {
  const said: string[] = [];
  const warned: string[] = [];
  const tasks: object[] = [];
  const logger = { info: (text: string) => said.push(text), warn: (text: string) => warned.push(text) };
  nestAdd(options)(tree, { logger, addTask: (task) => tasks.push(task.toConfiguration()) });
  return { tree, said: said.join('\n'), warned: warned.join('\n'), tasks };
}

function add(files: Readonly<Record<string, string>>, options?: NestAddOptions): Done {
  return run(new MemoryTree(files), options);
}

describe('nest add', () => {
  it('adds the module, the variables, the users of the emulator and @nestjs/config, and nothing else', () => {
    const { tree, warned } = add(NEST_11);
    expect(tree.written.sort()).toEqual([
      '.env.example',
      'descope-seed.json',
      'package.json',
      'src/app.module.ts',
    ]);
    expect(tree.text('src/app.module.ts')).toBe(ADDED);
    expect(tree.text('.env.example')).toContain('\nDESCOPE_BASE_URI=http://127.0.0.1:4400\n');
    expect(JSON.parse(tree.text('descope-seed.json'))).toMatchObject({ users: [{ roles: ['admin'] }, {}] });
    expect(warned).toBe('');
  });

  it.each([
    ['Nest 11', NEST_11],
    ['Nest 12', NEST_12],
  ])('changes nothing when it runs again: %s', (_name, files) => {
    for (const options of [{}, ALL]) {
      const { tree } = add(files, options);
      tree.written.length = 0;
      const { warned, tasks } = run(tree, options);
      expect({ written: tree.written, warned, tasks }).toEqual({ written: [], warned: '', tasks: [] });
    }
  });

  it('adds what is asked for later', () => {
    const { tree } = add(NEST_11);
    const { warned } = run(tree, ALL);
    expect(warned).toBe('');
    expect(tree.text('src/app.module.ts')).toContain('session: { refresh: true },');
    expect(tree.exists('compose.yaml')).toBe(true);
  });

  it('says how the application is tried, by the package manager of the project', () => {
    const { said } = add({ ...NEST_11, 'pnpm-lock.yaml': '' });
    expect(said).toContain('npx nestjs-descope emulator --seed descope-seed.json');
    expect(said).toContain('pnpm run start');
    expect(said).toContain('--token admin@example.com');
    expect(said).toContain('test/app.e2e-spec.ts calls routes without a token');
    expect(add(NEST_11, { docker: true }).said).toContain('docker compose up emulator');
  });

  it('rejects a Nest that the package does not work with', () => {
    const files = { ...NEST_11, 'package.json': toManifest({ dependencies: { '@nestjs/core': '^10.0.0' } }) };
    expect(() => add(files)).toThrow('nestjs-descope needs Nest 11 or 12, and this project has Nest 10.');
  });
});

describe('The packages', () => {
  it.each([
    ['11', NEST_11, '^4.0.0'],
    ['12', NEST_12, '^12.0.0'],
  ])('have the @nestjs/config of Nest %s, and are installed', (_major, files, range) => {
    const { tree, tasks } = add(files);
    expect(JSON.parse(tree.text('package.json'))).toMatchObject({
      dependencies: { '@nestjs/config': range },
    });
    const options = { command: 'install', quiet: true, hideOutput: true, packageManager: 'npm' };
    expect(tasks).toEqual([{ name: 'node-package', options }]);
  });

  it('go by the Nest that is installed', () => {
    const { tree } = add({
      ...NEST_11,
      'package.json': toManifest({ dependencies: { '@nestjs/core': 'latest' } }),
      'node_modules/@nestjs/core/package.json': '{ "version": "12.5.1" }',
    });
    expect(tree.text('package.json')).toContain('"@nestjs/config": "^12.0.0"');
  });

  it('are not installed with --skip-install, and named', () => {
    const { tasks, said } = add(NEST_11, { skipInstall: true, test: true });
    expect(tasks).toEqual([]);
    expect(said).toContain('Install @nestjs/config and @nestjs/testing: npm install');
  });

  it('keep the order, the indentation and the line breaks of package.json', () => {
    const manifest = {
      name: 'orders',
      dependencies: { '@nestjs/common': '^11.0.0', '@nestjs/core': '^11.0.0', rxjs: '^7.0.0' },
    };
    const text = JSON.stringify(manifest, undefined, '\t').replaceAll('\n', '\r\n');
    const { tree } = add({ ...NEST_11, 'package.json': text });
    const added = text.replace('\t\t"@nestjs/core"', '\t\t"@nestjs/config": "^4.0.0",\r\n\t\t"@nestjs/core"');
    expect(tree.text('package.json')).toBe(added);
  });

  it('stay as they are where they are', () => {
    const dependencies = { '@nestjs/config': '^4.0.2', '@nestjs/core': '^11.0.0' };
    const { tree, tasks } = add({ ...NEST_11, 'package.json': toManifest({ dependencies }) });
    expect(tree.written).not.toContain('package.json');
    expect(tasks).toEqual([]);
  });

  it('have the web component where there is a sign-in page', () => {
    const { tree } = add(NEST_12, { routes: true });
    expect(tree.text('package.json')).toContain('"@descope/web-component": "^4.0.0"');
    expect(add(NEST_12, { session: true }).tree.text('package.json')).not.toContain('web-component');
  });
});

describe('The root module', () => {
  const { 'src/app.module.ts': _module, ...others } = NEST_11;

  it.each([
    [
      'that main.ts boots',
      { 'src/main.ts': toMain('./root/root.module', 'RootModule') },
      'src/root/root.module.ts',
    ],
    [
      'with the end of an ES module',
      { 'src/main.ts': toMain('./root.module.js', 'RootModule') },
      'src/root.module.ts',
    ],
    [
      'by a path from the root',
      { 'src/main.ts': toMain('src/root.module', 'RootModule') },
      'src/root.module.ts',
    ],
    [
      'of the entry file of nest-cli.json',
      { 'nest-cli.json': '{"entryFile":"boot"}', 'src/boot.ts': toMain('./root.module', 'RootModule') },
      'src/root.module.ts',
    ],
  ])('is the one %s', (_name, files, path) => {
    const module = MODULE.replace('AppModule', 'RootModule');
    const { tree } = add({ ...others, ...files, [path]: module });
    expect(tree.text(path)).toBe(ADDED.replace('AppModule', 'RootModule'));
  });

  it('is app.module.ts, if main.ts does not tell', () => {
    const { tree } = add({ ...NEST_11, 'src/main.ts': 'export {};\n' });
    expect(tree.text('src/app.module.ts')).toBe(ADDED);
  });

  it('may be in main.ts itself', () => {
    const main = `import { NestFactory } from '@nestjs/core';\n${MODULE}void NestFactory.create(AppModule);\n`;
    const { tree } = add({ ...others, 'src/main.ts': main });
    expect(tree.text('src/main.ts')).toContain('[DescopeModule.forRoot()]');
  });

  it('is that of the application that the CLI chose', () => {
    const files = { 'apps/api/src/main.ts': toMain('./api.module'), 'apps/api/src/api.module.ts': MODULE };
    const { tree } = add({ ...NEST_11, ...files }, { sourceRoot: 'apps/api/src' });
    expect(tree.text('apps/api/src/api.module.ts')).toBe(ADDED);
    expect(tree.text('src/app.module.ts')).toBe(MODULE);
  });

  it('is that of the entry file of this application', () => {
    const project = { sourceRoot: 'apps/api/src', entryFile: 'boot' };
    const { tree } = add(
      {
        ...NEST_11,
        'nest-cli.json': JSON.stringify({ sourceRoot: 'src', projects: { api: project } }),
        'apps/api/src/boot.ts': toMain('./api.module'),
        'apps/api/src/api.module.ts': MODULE,
      },
      { sourceRoot: 'apps/api/src' },
    );
    expect(tree.text('apps/api/src/api.module.ts')).toBe(ADDED);
  });

  it('is left alone where another module has the DescopeModule', () => {
    const auth = ADDED.replace('AppModule', 'AuthModule');
    const { tree, warned } = add({ ...NEST_11, 'src/auth/auth.module.ts': auth });
    expect(tree.text('src/app.module.ts')).toBe(MODULE);
    expect(warned).toBe('');
    expect(run(tree, { session: true }).warned).toContain('src/auth/auth.module.ts has the DescopeModule');
  });

  it('is set up beside a test that has a DescopeModule', () => {
    const { tree } = add({ ...NEST_11, 'src/auth.spec.ts': ADDED });
    expect(tree.text('src/app.module.ts')).toBe(ADDED);
  });

  it('that cannot be understood is unchanged, and what to add is said', () => {
    const module = MODULE.replace('[]', 'toImports()');
    const { tree, warned } = add({ ...NEST_11, 'src/app.module.ts': module }, ALL);
    expect(tree.text('src/app.module.ts')).toBe(module);
    expect(warned).toContain('src/app.module.ts is unchanged: its imports are not an array literal. Add');
    expect(warned).toContain("  import { DescopeModule } from 'nestjs-descope';\n");
    expect(warned).toContain('      DescopeModule.forRoot({\n        session: { refresh: true },\n');
  });

  it('that is nowhere is said, too', () => {
    const { warned } = add({ 'package.json': NEST_11['package.json'] }, { test: true });
    expect(warned).toContain('src is unchanged: no root module was found. Add');
    expect(warned).toContain('No test was written');
  });
});

describe('The users of the emulator', () => {
  it('are a seed that it starts with, and the one that is called as is an admin', async () => {
    const { tree } = add(NEST_11);
    const emulator = await startEmulator({ seed: JSON.parse(tree.text('descope-seed.json')) as object });
    expect(emulator.loginIds).toContain('admin@example.com');
    expect((await emulator.signIn('admin@example.com')).claims).toMatchObject({ roles: ['admin'] });
    await emulator.close();
  });
});

describe('The variables', () => {
  it('are those of the emulator', () => {
    const { tree } = add(NEST_11);
    const lines = tree.text('.env.example').split('\n');
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      `DESCOPE_PROJECT_ID=${DEFAULT_PROJECT_ID}`,
      `DESCOPE_BASE_URI=http://127.0.0.1:${DEFAULT_PORT}`,
      `DESCOPE_MANAGEMENT_KEY=${DEFAULT_MANAGEMENT_KEY}`,
    ]);
  });

  const NAMES = ['DESCOPE_PROJECT_ID', 'DESCOPE_BASE_URI', 'DESCOPE_MANAGEMENT_KEY'];

  it('are added to those of the application, with its line breaks', () => {
    const { tree } = add({ ...NEST_11, '.env.example': 'PORT=3000\r\nDATABASE=orders' });
    const text = tree.text('.env.example');
    expect(text.startsWith('PORT=3000\r\nDATABASE=orders\r\n\r\n# Descope.')).toBe(true);
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
    for (const name of NAMES) expect(text).toContain(`\r\n${name}=`);
  });

  it.each(['DESCOPE_BASE_URI=https://auth.example.com', '# DESCOPE_BASE_URI=', 'export DESCOPE_BASE_URI=x'])(
    'stay as they are: %s',
    (line) => {
      const text = add({ ...NEST_11, '.env.example': `${line}\n` }).tree.text('.env.example');
      expect(text.startsWith(`${line}\n\n`)).toBe(true);
      expect(text.match(/DESCOPE_BASE_URI/g)).toHaveLength(1);
      expect(text).toContain('\nDESCOPE_PROJECT_ID=P2emulator');
    },
  );
});

describe('The container of the emulator', () => {
  it('gets a compose file: the command with arguments that it takes, its seed, and a port of this machine', () => {
    const { tree } = add(NEST_11, { docker: true });
    const { services } = parse(tree.text('compose.yaml')) as {
      services: {
        emulator: { command: string; volumes: string[]; ports: string[]; healthcheck: { test: string[] } };
      };
    };
    const { command, volumes, ports, healthcheck } = services.emulator;
    const [program, subcommand, ...args] = command.split(' ');
    expect([program, subcommand]).toEqual(['node_modules/.bin/nestjs-descope', 'emulator']);
    const seed = 'descope-seed.json';
    expect(readArguments(args)).toEqual({
      kind: 'start',
      options: { port: DEFAULT_PORT, host: '0.0.0.0', allowRemote: true, seed },
    });
    expect(volumes).toEqual(['./node_modules:/app/node_modules:ro', `./${seed}:/app/${seed}:ro`]);
    expect(tree.exists(seed)).toBe(true);
    expect(ports).toEqual([`127.0.0.1:${DEFAULT_PORT}:${DEFAULT_PORT}`]);
    expect(healthcheck.test.slice(0, 3)).toEqual(['CMD', 'node', '-e']);
    expect(healthcheck.test[3]).toContain(`http://127.0.0.1:${DEFAULT_PORT}/health`);
  });

  it.each(['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'])(
    'is printed where there is a %s',
    (file) => {
      const { tree, warned } = add({ ...NEST_11, [file]: 'services: {}\n' }, { docker: true });
      expect(tree.text(file)).toBe('services: {}\n');
      expect([...tree.files.keys()].filter((path) => path.includes('compose'))).toEqual([file]);
      expect(warned).toContain(`${file} is unchanged. Add to its services:\n\n  emulator:\n`);
    },
  );
});

describe('The test', () => {
  it.each([
    ['test/descope.e2e-spec.ts', NEST_11, "import { AppModule } from '../src/app.module';", 'vitest', false],
    [
      'test/descope.e2e-spec.ts',
      NEST_12,
      "import { AppModule } from '../src/app.module.js';",
      'vitest',
      true,
    ],
    [
      'src/descope.spec.ts',
      { ...NEST_12, 'vitest.config.e2e.ts': undefined },
      "import { AppModule } from './app.module.js';",
      'vitest',
      true,
    ],
  ])('is %s, for its runner and its kind of modules', async (path, files, line, runner, isIts) => {
    const given = Object.entries(files).filter((file): file is [string, string] => file[1] !== undefined);
    const text = add(Object.fromEntries(given), { test: true }).tree.text(path);
    expect(text).toContain(`${line}\n`);
    expect(text.includes(`from '${runner}'`)).toBe(isIts);
    expect(text).toContain('createNestApplication()');
    expect(await format(text, { parser: 'typescript', singleQuote: true })).toBe(text);
  });

  it.each([
    ['main.ts', { 'src/main.ts': `${toMain('./app.module')}// FastifyAdapter\n` }],
    [
      'package.json',
      {
        'package.json': toManifest({
          dependencies: { '@nestjs/core': '^11.0.0', '@nestjs/platform-fastify': '^11.0.0', jest: '1' },
        }),
      },
    ],
  ])('boots on Fastify where %s says so', (_name, files) => {
    const text = add({ ...NEST_11, ...files }, { test: true }).tree.text('test/descope.e2e-spec.ts');
    expect(text).toContain("import { FastifyAdapter } from '@nestjs/platform-fastify';\n");
    expect(text).toContain('createNestApplication(new FastifyAdapter())');
  });

  it('has no decorator syntax in a workspace under Vitest, where nothing compiles it', async () => {
    const tsconfig = { 'tsconfig.json': '{ "files": [], "references": [] }' };
    const path = 'test/descope.e2e-spec.ts';
    const text = add({ ...NEST_12, ...tsconfig }, { test: true }).tree.text(path);
    expect(text).not.toMatch(/@\w+\(/);
    expect(text).toContain("\nController('who-am-i')(WhoAmIController);\n");
    expect(await format(text, { parser: 'typescript', singleQuote: true })).toBe(text);
    for (const files of [NEST_12, { ...NEST_11, ...tsconfig }])
      expect(add(files, { test: true }).tree.text(path)).toContain("\n@Controller('who-am-i')\n");
  });

  it('is not written where there is no runner that it knows', () => {
    const files = { ...NEST_11, 'package.json': toManifest({ dependencies: { '@nestjs/core': '^11.0.0' } }) };
    const { tree, warned } = add(files, { test: true });
    expect(warned).toContain('No test was written: package.json has neither jest nor vitest.');
    expect([...tree.files.keys()].filter((path) => path.includes('descope.'))).toEqual([]);
  });

  it('is never written over', () => {
    const { tree } = add({ ...NEST_11, 'test/descope.e2e-spec.ts': '// mine\n' }, { test: true });
    expect(tree.text('test/descope.e2e-spec.ts')).toBe('// mine\n');
  });
});
