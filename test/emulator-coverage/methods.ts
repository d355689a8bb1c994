// The methods of the vendor's client, found by reflection: none of them can be forgotten.
import type { Sdk } from './world.js';

/** A method that was found, and the object that has it. */
interface Found {
  readonly name: string;
  readonly owner: Record<string, unknown>;
  readonly key: string;
}

// Not of Descope's API: the client's own means of sending.
const OUTSIDE = /^httpClient\b/;

/** Lists the names of the methods of a client. */
export function listMethods(sdk: Sdk): readonly string[] {
  return findMethods(sdk).map(({ name }) => name);
}

/** Makes a client note which of its methods are called; returns the notes. */
export function noteMethods(sdk: Sdk): Set<string> {
  const called = new Set<string>();
  for (const { name, owner, key } of findMethods(sdk)) {
    const method = owner[key] as (...args: unknown[]) => unknown;
    const noting = (...args: unknown[]) => {
      called.add(name);
      return method.apply(owner, args);
    };
    owner[key] = Object.assign(noting, method);
  }
  return called;
}

function findMethods(sdk: Sdk): readonly Found[] {
  const found: Found[] = [];
  const walk = (owner: Record<string, unknown>, path: string) => {
    for (const [key, value] of Object.entries(owner)) {
      const name = path + key;
      if (OUTSIDE.test(name)) continue;
      // Its members first: a method that is noted gets them with their notes.
      if (typeof value === 'function' || (typeof value === 'object' && value !== null)) {
        walk(value as Record<string, unknown>, `${name}.`);
      }
      if (typeof value === 'function') found.push({ name, owner, key });
    }
  };
  walk(sdk, '');
  return found;
}
