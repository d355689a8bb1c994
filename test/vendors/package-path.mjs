// A checkout of a Python package on the path of Python, with the metadata that an installation would write.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Writes the metadata of a checkout beside it, which stays as it is, and gives the value of `PYTHONPATH`. */
export function toPackagePath(checkout) {
  const project = readFileSync(join(checkout, 'pyproject.toml'), 'utf8');
  const [name, version] = ['name', 'version'].map((key) => readKey(project, key));
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-descope-vendors-'));
  const metadata = join(folder, `${name}-${version}.dist-info`);
  mkdirSync(metadata);
  writeFileSync(join(metadata, 'METADATA'), `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`);
  return {
    value: [folder, checkout].join(delimiter),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function readKey(project, key) {
  const value = new RegExp(`^${key} = "([^"]+)"$`, 'm').exec(project)?.[1];
  if (value === undefined) throw new Error(`The pyproject.toml of ${key} is not as expected`);
  return value;
}
