// Which names stand more than once.

/** The names that stand more than once, quoted. */
export function findTwins(names: readonly string[]): readonly string[] {
  const twins = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...twins].map((name) => JSON.stringify(name));
}
