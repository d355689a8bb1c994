// The Cookie header: one exact name, read without building a table of the rest.

const MAX_COOKIE_HEADER_LENGTH = 65_536;

/** What a Cookie header says of one name: its value, nothing, or several values that contradict each other. */
export type CookieReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'ambiguous' };

const ABSENT: CookieReading = { kind: 'absent' };
const AMBIGUOUS: CookieReading = { kind: 'ambiguous' };

/**
 * Reads a cookie by its exact name (RFC 6265 §4.2). The same name twice with different values is ambiguous:
 * a sibling site may have planted one of them. An empty value counts as absent.
 */
export function readCookie(header: string | undefined, name: string): CookieReading {
  if (header === undefined || header.length > MAX_COOKIE_HEADER_LENGTH) return ABSENT;
  let found: string | undefined;
  for (let start = 0; start < header.length;) {
    const semicolon = header.indexOf(';', start);
    const end = semicolon === -1 ? header.length : semicolon;
    const value = readPair(header.slice(start, end), name);
    if (value !== undefined && found !== undefined && value !== found) return AMBIGUOUS;
    found ??= value;
    start = end + 1;
  }
  return found === undefined || found === '' ? ABSENT : { kind: 'value', value: found };
}

function readPair(pair: string, name: string): string | undefined {
  const equals = pair.indexOf('=');
  if (equals === -1 || pair.slice(0, equals).trim() !== name) return undefined;
  const value = pair.slice(equals + 1).trim();
  const isQuoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
  return isQuoted ? value.slice(1, -1) : value;
}
