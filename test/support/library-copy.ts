// The library loaded once more: as it is when nothing has been started yet, or as a second build of it in one process.
import type * as library from 'nestjs-descope';

let copies = 0;

/** Gives the number of a copy that nobody has loaded yet. */
export function nextCopy(): number {
  copies += 1;
  return copies;
}

/** Loads a file of `lib/` anew, with what it imports from there; other packages are those that all have. */
export async function loadCopy<T = typeof library>(file = 'index', copy = nextCopy()): Promise<T> {
  return (await import(new URL(`../../lib/${file}.ts?copy=${copy}`, import.meta.url).href)) as T;
}
