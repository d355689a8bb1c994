// Checks the versions of Node, Nest and the other peers against the ranges of the package.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Finding } from './finding.js';
import { ok, problem, warning } from './finding.js';

/** The part of the package's own package.json that names versions. */
export interface PackageVersions {
  readonly name: string;
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** Checks the version of Node, and those of the peers that the application in the folder has. */
export function checkVersions(manifest: PackageVersions, nodeVersion: string, folder: string): Finding[] {
  const peers = Object.entries(manifest.peerDependencies).map(([name, range]) => {
    const isOptional = manifest.peerDependenciesMeta[name]?.optional === true;
    return { name, range, isOptional, version: findVersion(name, folder) };
  });
  return [checkNode(manifest, nodeVersion), ...checkPeers(peers)];
}

function checkNode({ name, version, engines }: PackageVersions, nodeVersion: string): Finding {
  const message = `${name} ${version} on Node ${nodeVersion}`;
  if (isInRange(nodeVersion, engines.node)) return ok('node', `${message}.`);
  const advice = `Use a version in ${engines.node}.`;
  return problem('node', `${message}, which it does not support.`, { advice });
}

interface Peer {
  readonly name: string;
  readonly range: string;
  readonly isOptional: boolean;
  readonly version: string | undefined;
}

function checkPeers(peers: readonly Peer[]): Finding[] {
  const found = peers.filter(({ version }) => version !== undefined);
  if (found.length === 0) {
    const advice = 'Run the doctor in the folder of the application, after its packages were installed.';
    return [warning('nest', 'No package of Nest is installed in this folder or above it.', { advice })];
  }
  const flaws = peers.flatMap(findFlaw);
  if (flaws.length > 0) return flaws;
  return [ok('nest', `${found.map(({ name, version }) => `${name} ${version}`).join(', ')}.`)];
}

function findFlaw({ name, range, isOptional, version }: Peer): Finding[] {
  if (version === undefined && isOptional) return [];
  const advice = `npm install "${name}@${range}"`;
  if (version === undefined) return [problem('nest', `${name} is not installed.`, { advice })];
  if (isInRange(version, range)) return [];
  return [problem('nest', `${name} ${version} is not in ${range}.`, { advice })];
}

/** Finds the version of a package as Node would look for it; `undefined` where it is not installed. */
function findVersion(name: string, folder: string): string | undefined {
  const version = readVersion(join(folder, 'node_modules', name, 'package.json'));
  if (version !== undefined || dirname(folder) === folder) return version;
  return findVersion(name, dirname(folder));
}

function readVersion(file: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

/** Checks a version against a range of the forms `^1.2.3` and `>=1.2.3`, joined by `||`. */
export function isInRange(version: string, range: string): boolean {
  return range.split('||').some((part) => isInPart(toNumbers(version), part.trim()));
}

function isInPart(version: readonly number[], part: string): boolean {
  const least = toNumbers(part);
  if (compare(version, least) < 0) return false;
  if (part.startsWith('>=')) return true;
  const fixed = least.findIndex((number) => number > 0) + 1; // the first number that is not 0 stays
  return part.startsWith('^') && compare(version.slice(0, fixed), least.slice(0, fixed)) === 0;
}

function toNumbers(text: string): readonly number[] {
  const [, ...numbers] = /(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return numbers.map(Number);
}

function compare(one: readonly number[], other: readonly number[]): number {
  const index = one.findIndex((number, at) => number !== other[at]);
  return index < 0 ? 0 : (one[index] ?? 0) - (other[index] ?? 0);
}
