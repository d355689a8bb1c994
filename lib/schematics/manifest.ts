// Adds packages to a package.json, in the order and with the indentation that npm would write.
import { readPackages } from './project.js';
import type { JsonObject, ProjectTree } from './project-tree.js';
import { readText, toLineBreak, toObject } from './project-tree.js';

/** A package that an application needs. */
export interface NeededPackage {
  readonly name: string;
  readonly range: string;
  readonly section: 'dependencies' | 'devDependencies';
}

/** Adds what is missing. Returns the names of the added packages. */
export function addPackages(tree: ProjectTree, needed: readonly NeededPackage[]): readonly string[] {
  const text = readText(tree, 'package.json');
  if (text === undefined) return [];
  const manifest = JSON.parse(text.replace(/^\uFEFF/, '')) as JsonObject;
  const packages = readPackages(manifest);
  const missing = needed.filter(({ name }) => !packages.has(name));
  if (missing.length === 0) return [];
  tree.overwrite('package.json', toText(missing.reduce(add, manifest), text));
  return missing.map(({ name }) => name);
}

function add(manifest: JsonObject, { name, range, section }: NeededPackage): JsonObject {
  const packages = Object.entries({ ...toObject(manifest[section]), [name]: range });
  const sorted = packages.sort(([one], [other]) => (one < other ? -1 : 1));
  return { ...manifest, [section]: Object.fromEntries(sorted) };
}

function toText(manifest: JsonObject, before: string): string {
  const indent = /^[ \t]+(?=")/m.exec(before)?.[0] ?? '  ';
  const text = `${JSON.stringify(manifest, undefined, indent)}${/\n\s*$/.test(before) ? '\n' : ''}`;
  return text.replaceAll('\n', toLineBreak(before));
}
