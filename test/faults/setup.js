// Compiles the library and the application under test, side by side, into a folder of their own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export default function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-descope-faults-'));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const project = ['-p', join(root, 'test/faults/tsconfig.json'), '--outDir', folder];
  execFileSync(process.execPath, [tsc, ...project], { cwd: root, stdio: 'inherit' });
  // A package that names itself: the application imports the library as its users do.
  const manifest = { name: 'nestjs-descope', type: 'module', exports: { '.': './lib/index.js' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  process.env.FAULTS_FOLDER = folder;
}
