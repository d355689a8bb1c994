// Copies the pages of the project that stand above this folder, so that the site has them too.
import { copyFileSync, mkdirSync } from 'node:fs';

const folder = new URL('project/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const name of ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'CONTRIBUTING.md'])
  copyFileSync(new URL(`../${name}`, import.meta.url), new URL(name, folder));
