// Gathers each build into few files: a hundred small modules take Node five times as long to find and load. Types stay
// where the compiler put them, and are copied for CommonJS, where they are the same. Nothing that the modules hold is
// renamed for size; comments stay in the types alone.
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ENTRY_POINTS = [
  'index',
  ...[
    'context',
    'otel',
    'access',
    'fga',
    'throttler',
    'bullmq',
    'dpop',
    'on-behalf',
    'inspect',
    'events',
    'websockets',
    'microservices',
    'redis',
    'mcp',
    'testing',
    'emulator',
    'express',
  ].map((name) => `${name}/index`),
  'emulator/cli',
  'emulator/command/emulator-command', // which the command imports by its path
];
const EXPECTED = ['EMPTY_BUNDLE']; // types only
const HELPERS = '\0decorator-helpers';

const isPackage = (id) => id !== HELPERS && !/^[./]/.test(id);

const shared = {
  treeshake: false,
  plugins: [
    {
      name: 'share-helpers',
      resolveId: (id) => (id === HELPERS ? id : null),
      load: loadHelpers,
      transform: shareHelpers,
    },
    { name: 'leave-comments-out', renderChunk: leaveCommentsOut },
  ],
  onLog: (level, log, tell) => EXPECTED.includes(log.code) || tell(level, log),
};
const toOutput = (folder, format) => ({
  dir: `dist/${folder}`,
  format,
  interop: 'auto',
  dynamicImportInCjs: false, // Jest cannot import() from CommonJS
  generatedCode: 'es2015',
  hoistTransitiveImports: false,
  minifyInternalExports: false,
});

// The command first, while all modules are there. It has its own copy of what it shares with the entry points, so that
// the doctor loads nothing of Nest; each subcommand is a file of its own.
const command = {
  ...shared,
  input: { 'nestjs-descope': 'dist/esm/cli/nestjs-descope.js' },
  external: (id) => isPackage(id) || id.includes('/emulator/'),
  output: {
    ...toOutput('esm/cli', 'esm'),
    chunkFileNames: '[name].js',
    plugins: [{ name: 'leave-only-the-command', writeBundle: leaveOnlyCommand }],
  },
};

// In CommonJS, which every CLI of Nest can require. It takes the compiler of the project that it changes.
const schematic = {
  ...shared,
  input: { 'nest-add': 'dist/esm/schematics/nest-add.js' },
  external: isPackage,
  output: {
    ...toOutput('cjs/schematics', 'cjs'),
    plugins: [
      {
        name: 'leave-only-the-schematic',
        writeBundle: () => rmSync('dist/esm/schematics', { recursive: true }),
      },
    ],
  },
};

const entryPoints = {
  ...shared,
  input: Object.fromEntries(ENTRY_POINTS.map((entry) => [entry, `dist/esm/${entry}.js`])),
  external: isPackage,
  output: ['esm', 'cjs'].map((format) => ({
    ...toOutput(format, format),
    chunkFileNames: 'shared/[name].js',
    manualChunks: toChunk,
    plugins: [
      { name: 'leave-only-what-was-gathered', writeBundle },
      ...(format === 'cjs' ? [{ name: 'copy-types', writeBundle: copyTypes }] : []),
    ],
  })),
};

export default [command, schematic, entryPoints];

// What an application loads while it starts, and only with the option that it is for: files of their own.
const OPTIONAL =
  /\/(?:auth\/access\/fga\.|core\/(?:channel|webhook)\/|core\/dpop\/(?:create-proof-verifier|proof-verifier|proof-keys|proof|nonces|replays|replay-memory|prover)\.|core\/http\/address|core\/revocation\/store-sharing|core\/session\/user-cache|core\/store\/store-probe|core\/m2m\/(?:access-keys|client-tokens|connection-tokens|delegated-tokens|shared-exchanges|token-exchange)|core\/user\/access-(?:steps|names)|events\/(?:events\.route|raw-bodies)|inspect\/graphql-schema)/;

// One file of what refreshes, links and ends sign-ins: the routes, the option session.refresh and revocations need all of it.
const SIGN_INS =
  /\/core\/session\/(?:auto-refresh|refresher|refresh-cache|refresh-claims|revoker|sign-in-chains|sign-outs|held-tokens)\./;

// One file of what an application loads with routes under auth/.
const MOUNTED = /\/dist\/esm\/routes\/(?:[a-z]+\.routes|route-c(?:all|hecks))\.js$/;

// What the option `resource` needs while the application starts.
const RESOURCE = /\/dist\/esm\/resource\//;

// What a library may import without an application, such as the handlers of events, is in the file of the application: nearly
// every process has both, and Node takes longer to find and link a second file than to compile what it would hold.
const APPLICATION =
  /\/dist\/esm\/(?:(?:core|auth|module|routes)\/(?!transports\/mcp\.)|inspect\/(?:handlers|endpoints)\.|events\/on-descope-event\.)/;

// One file for what several entry points share, and one for what some have in common with './context'. What a module of a
// chunk imports joins it, unless it has one already.
function toChunk(id) {
  if (id === HELPERS) return 'application';
  if (OPTIONAL.test(id) && !/core\/channel\/timing/.test(id)) return undefined;
  if (SIGN_INS.test(id)) return 'sign-ins';
  if (MOUNTED.test(id)) return 'mounted.routes';
  if (RESOURCE.test(id)) return 'resource';
  if (/\/dist\/esm\/context\/(?!index\.js$)/.test(id)) return 'context';
  return APPLICATION.test(id) ? 'application' : undefined;
}

// The compiler writes its helpers for decorators into each module, and the types of all decorated members, of which Nest
// reads those of constructors and methods alone.
function shareHelpers(code, id) {
  if (id === HELPERS || !code.includes('__decorate')) return null;
  const rest = code.replace(/^var (__\w+) = \(this && this\.\1\) \|\| function [^]*?^\};?$/gm, '');
  if (/\bthis\.__\w+\b|\bInject\(\)/.test(rest))
    throw new Error(`${id}: an unknown helper, or an @Inject() by type.`);
  const read = rest.replace(/,\n *__metadata\("design:(?:type|returntype)", [^\n]*\)(?=,?\n)/g, '');
  return { code: `import { __decorate, __metadata, __param } from '${HELPERS}';\n${read}`, map: null };
}

function loadHelpers(id) {
  if (id !== HELPERS) return null;
  return `
    export function __decorate(decorators, target, key, given) {
      if (key === undefined) return decorators.reduceRight((type, decorate) => decorate?.(type) ?? type, target);
      const property = given === null ? Object.getOwnPropertyDescriptor(target, key) : given;
      const decorated = decorators.reduceRight((held, decorate) => decorate?.(target, key, held) ?? held, property);
      if (decorated !== undefined) Object.defineProperty(target, key, decorated);
      return decorated;
    }
    export function __param(index, decorate) {
      return (target, key) => decorate(target, key, index);
    }
    export function __metadata(key, value) {
      return Reflect.metadata(key, value);
    }`;
}

// In ASCII, which Node reads without decoding it: without comments, other characters are in texts and patterns alone.
function leaveCommentsOut(code) {
  const { ESNext } = ts.ScriptTarget;
  const compilerOptions = { removeComments: true, target: ESNext, module: ts.ModuleKind.Preserve };
  const { outputText } = ts.transpileModule(code, { fileName: 'chunk.js', compilerOptions });
  if (/\\[^\0-\x7f]/.test(outputText)) throw new Error('An escaped character would be escaped twice.');
  return { code: outputText.replace(/[^\0-\x7f]/g, toEscape), map: null };
}

function toEscape(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function writeBundle({ dir }, bundle) {
  for (const file of readdirSync(dir, { recursive: true })) {
    if (file.endsWith('.js') && !/^(?:cli|schematics)\b/.test(file) && !Object.hasOwn(bundle, file))
      rmSync(join(dir, file));
  }
}

// Those of the commands and of the schematic are gone by now.
function copyTypes({ dir }) {
  for (const file of readdirSync('dist/esm', { recursive: true })) {
    if (file.endsWith('.d.ts')) cpSync(join('dist/esm', file), join(dir, file));
  }
  writeFileSync(join(dir, 'package.json'), '{"type":"commonjs"}\n');
}

// Its types, too: no program imports a command.
function leaveOnlyCommand({ dir }, bundle) {
  for (const name of readdirSync(dir)) {
    if (!Object.hasOwn(bundle, name)) rmSync(join(dir, name), { recursive: true });
  }
}
