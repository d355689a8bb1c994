// The Cookie header: one exact name, read without building a table of the rest.
import { DescopeCredentialError } from '../errors.js';

const MAX_COOKIE_HEADER_LENGTH = 65_536;

/** What is found of a browser's token: its text, nothing, or several that contradict each other. */
export type TokenReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'ambiguous' };

const ABSENT: TokenReading = { kind: 'absent' };
const AMBIGUOUS: TokenReading = { kind: 'ambiguous' };

/**
 * Reads a cookie by its exact name (RFC 6265 §4.2). The same name twice with different values is ambiguous:
 * a sibling site may have planted one of them. An empty value counts as absent.
 */
export function readCookie(header: string | undefined, name: string): TokenReading {
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

/** Reads the values of a cookie that is ambiguous, each once; none of one that is not. */
export function readAmbiguousCookie(header: string | undefined, name: string): readonly string[] {
  if (header === undefined || readCookie(header, name).kind !== 'ambiguous') return [];
  const values = header.split(';').map((pair) => readPair(pair, name));
  return [...new Set(values)].filter((value) => value !== undefined && value !== '') as string[];
}

/** The refusal of cookies that contradict each other. */
export function ambiguousCookie(): DescopeCredentialError {
  const message = 'There are several session cookies with different values.';
  return new DescopeCredentialError('COOKIE_AMBIGUOUS', message);
}

/** Reads names and values of Set-Cookie lines. Domain, Path and Max-Age of somebody else's cookie are not ours to copy. */
export function readSetCookies(lines: readonly string[]): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const line of lines) {
    const pair = line.split(';', 1)[0] ?? '';
    const equals = pair.indexOf('=');
    const value = pair.slice(equals + 1).trim();
    if (equals > 0 && value !== '') cookies.set(pair.slice(0, equals).trim(), value);
  }
  return cookies;
}

function readPair(pair: string, name: string): string | undefined {
  const equals = pair.indexOf('=');
  if (equals === -1 || trimBlanks(pair.slice(0, equals)) !== name) return undefined;
  const value = trimBlanks(pair.slice(equals + 1));
  const isQuoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
  return isQuoted ? value.slice(1, -1) : value;
}

// Space and tab, which browsers strip too (RFC 6265 §5.2), and nothing else that `trim` takes for white space: a cookie
// named U+00A0 and then our name is another cookie, one that a sibling site can plant even where a prefix like
// `__Host-` guards ours.
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
