// An operation of a document → the handlers behind it.
import type { AccessMap, AccessMapEntry } from '../map/access-map.js';

/** Where an operation stands in a document. */
export interface OperationPlace {
  readonly method: string;
  /** As in the document: `/orders/{id}`. */
  readonly path: string;
  /** The application's global prefix, which a document may leave out. */
  readonly prefix: string;
}

/** Finds the entries of the map that an operation documents. */
export function findEntries(
  map: AccessMap,
  { method, path, prefix }: OperationPlace,
): readonly AccessMapEntry[] {
  const shape = toShape(path.replace(/\{[^}]*\}/g, ':x'));
  const routes = map.filter(
    (entry) => entry.kind === 'http' && [method.toUpperCase(), 'ALL'].includes(entry.method),
  );
  const found = routes.filter((entry) => toShape(entry.path) === shape);
  if (found.length > 0) return found;
  const prefixed = toShape(`${prefix}/${shape}`);
  return routes.filter((entry) => toShape(entry.path) === prefixed);
}

// Parameters and wildcards count by their place, not by their name, and optional parts as if they were there.
function toShape(path: string): string {
  const bare = path.replace(/[{}]/g, '').replace(/:\w+(?:\([^)]*\))?\??|\*\w*/g, ':');
  return `/${bare.split('/').filter(Boolean).join('/')}`;
}
