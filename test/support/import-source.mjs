// The TypeScript of this source for scripts that Node runs: bundled without a check of its types.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Loads a file of this source with all that it imports. */
export async function importSource(file) {
  const cache = join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'source-')); // where its imports of packages are found
  const outfile = join(folder, 'bundle.mjs');
  try {
    await build({
      entryPoints: [join(ROOT, file)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      alias: {
        '#lib': join(ROOT, 'lib'),
        'nestjs-descope/emulator': join(ROOT, 'lib/emulator/index.ts'),
      },
      logLevel: 'warning',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
