// The known name that is meant by a misspelt one: an option, or a variable.

/** Names with more edits between them are not similar. */
export const SIMILAR_EDITS = 2;
const SIMILAR_START = 4;

/** Finds the known name with the fewest edits, or one that begins with the given name. */
export function findSimilar(name: string, known: readonly string[]): string | undefined {
  const given = name.toLowerCase();
  const most = Math.min(SIMILAR_EDITS, given.length - 1);
  const near = known
    .map((candidate) => ({ candidate, edits: countEdits(given, candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= most)
    .sort((one, other) => one.edits - other.edits);
  if (near[0] !== undefined || given.length < SIMILAR_START) return near[0]?.candidate;
  return known.find((candidate) => candidate.toLowerCase().startsWith(given));
}

/**
 * Counts the edits between two names: the Levenshtein distance, row after row of its table. A name may come from outside,
 * so it is `Infinity` where the lengths alone make it more than `SIMILAR_EDITS`.
 */
export function countEdits(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > SIMILAR_EDITS) return Infinity;
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? Infinity;
}
