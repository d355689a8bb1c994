// Packs what is built, once: every spec installs the same tarball, as it would be published.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export default function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-descope-packed-'));
  const stdio = ['ignore', 'pipe', 'inherit'];
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root, stdio });
  process.env.PACKED_FOLDER = folder;
  process.env.PACKED_TARBALL = join(folder, JSON.parse(packed)[0].filename);
}
