// The URIs of a template (RFC 6570), as far as a URI can tell: it only decides whether a challenge can be sent, and what a
// list shows. Not a regular expression: with several variables, a long URI of a caller would keep the process busy.

/** A part of a template: which characters it takes, whether several, and how many parts may be left out from here. */
interface Part {
  takes(character: string): boolean;
  readonly isRepeated: boolean;
  readonly skips: number;
}

const MAX_LENGTH = 8192; // of a URI

const ANY: Part = { takes: () => true, isRepeated: true, skips: 1 };
const SEGMENT: Part = { takes: (character) => !'/?#'.includes(character), isRepeated: true, skips: 0 };
const QUERY: readonly Part[] = [
  { takes: (character) => '?&'.includes(character), isRepeated: false, skips: 2 },
  ANY,
];

/** Creates a check whether a URI is one of a template. Its time is proportional to the length of the URI. */
export function createUriPattern(template: string): (uri: string) => boolean {
  const parts = [...template.matchAll(/\{([+#/.;?&]?)[^}]*\}|[^{]/g)].flatMap(toParts);
  return (uri) => uri.length <= MAX_LENGTH && isMatch(parts, uri);
}

function toParts([text, operator]: RegExpMatchArray): readonly Part[] {
  if (operator === undefined)
    return [{ takes: (character) => character === text, isRepeated: false, skips: 0 }];
  if (operator === '?' || operator === '&') return QUERY;
  return [operator === '' ? SEGMENT : ANY];
}

// All positions in the template at once, so that no character is read twice.
function isMatch(parts: readonly Part[], uri: string): boolean {
  let positions = withSkipped(parts, new Set([0]));
  for (const character of uri.split('')) {
    const next = new Set<number>();
    for (const position of positions) {
      const part = parts[position];
      if (part?.takes(character) !== true) continue;
      next.add(position + 1);
      if (part.isRepeated) next.add(position);
    }
    if (next.size === 0) return false;
    positions = withSkipped(parts, next);
  }
  return positions.has(parts.length);
}

// A set also visits what is added to it meanwhile.
function withSkipped(parts: readonly Part[], positions: Set<number>): Set<number> {
  for (const position of positions) positions.add(position + (parts[position]?.skips ?? 0));
  return positions;
}
