// Gathers each build into few files: a hundred small modules take Node five times as long to find and load. Types stay
// where the compiler put them; nothing that the modules hold is renamed for size or left out, comments included.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ENTRY_POINTS = [
  'index',
  ...['inspect', 'websockets', 'microservices', 'testing', 'emulator', 'express'].map(
    (name) => `${name}/index`,
  ),
  'emulator/cli',
];
// Ready for a `this` that modules do not have, as the compiler's helpers for decorators are; and types only.
const EXPECTED = ['THIS_IS_UNDEFINED', 'EMPTY_BUNDLE'];

export default {
  input: Object.fromEntries(ENTRY_POINTS.map((entry) => [entry, `dist/esm/${entry}.js`])),
  external: (id) => !/^[./]/.test(id),
  treeshake: false,
  onLog: (level, log, tell) => EXPECTED.includes(log.code) || tell(level, log),
  output: ['esm', 'cjs'].map((format) => ({
    dir: `dist/${format}`,
    format,
    chunkFileNames: 'shared/[name].js',
    manualChunks: toChunk,
    interop: 'auto',
    dynamicImportInCjs: false, // Jest cannot import() from CommonJS
    generatedCode: 'es2015',
    hoistTransitiveImports: false,
    minifyInternalExports: false,
    plugins: [{ name: 'leave-only-what-was-gathered', writeBundle }],
  })),
};

// Two files for what several entry points share, so that none loads more than three. What a module of a chunk imports
// joins it, unless it has one already.
function toChunk(id) {
  if (/\/dist\/esm\/(?:core|auth)\//.test(id) && !/(?:descope\.sockets|session-end)\.js$/.test(id))
    return 'pipeline';
  return /\/dist\/esm\/(?:module|routes)\//.test(id) ? 'application' : undefined;
}

function writeBundle({ dir }, bundle) {
  for (const file of readdirSync(dir, { recursive: true })) {
    if (file.endsWith('.js') && !Object.hasOwn(bundle, file)) rmSync(join(dir, file));
  }
}
