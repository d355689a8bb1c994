// Gathers each build into few files: a hundred small modules take Node five times as long to find and load. Types stay
// where the compiler put them; nothing that the modules hold is renamed for size or left out, comments included.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ENTRY_POINTS = [
  'index',
  ...[
    'context',
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
// Ready for a `this` that modules do not have, as the compiler's helpers for decorators are; and types only.
const EXPECTED = ['THIS_IS_UNDEFINED', 'EMPTY_BUNDLE'];

const isPackage = (id) => !/^[./]/.test(id);

const shared = {
  treeshake: false,
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
    plugins: [{ name: 'leave-only-what-was-gathered', writeBundle }],
  })),
};

export default [command, schematic, entryPoints];

// Two files for what several entry points share, so that none loads more than three. What a module of a chunk imports
// joins it, unless it has one already.
function toChunk(id) {
  if (
    /\/dist\/esm\/(?:core|auth)\//.test(id) &&
    !/(?:descope\.sockets|session-end|transports\/mcp)\.js$/.test(id)
  )
    return 'pipeline';
  if (id.endsWith('/events/on-descope-event.js')) return 'pipeline'; // a library has handlers without an application
  return /\/dist\/esm\/(?:module|routes)\//.test(id) ? 'application' : undefined;
}

function writeBundle({ dir }, bundle) {
  for (const file of readdirSync(dir, { recursive: true })) {
    if (file.endsWith('.js') && !/^(?:cli|schematics)\b/.test(file) && !Object.hasOwn(bundle, file))
      rmSync(join(dir, file));
  }
}

// Its types, too: no program imports a command.
function leaveOnlyCommand({ dir }, bundle) {
  for (const name of readdirSync(dir)) {
    if (!Object.hasOwn(bundle, name)) rmSync(join(dir, name), { recursive: true });
  }
}
