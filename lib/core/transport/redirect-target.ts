// Where a browser may be sent after signing in: a path of this application, and nothing else.

const MAX_LENGTH = 2048;
// Only the host of this base is compared; it can never be somebody's.
const BASE = 'http://same-origin.invalid';

/**
 * Reads a redirect target, and gives back what may stand in a `Location` header or in a page. `undefined` for
 * whatever a browser, a proxy or a router could take for another origin or for more than one header line: absolute
 * URLs, `//host`, `/\host`, backslashes, control characters, dot segments that end in `//`, all of them also when
 * they are percent-encoded once or twice.
 * @example readRedirectTarget('/orders?page=2') // '/orders?page=2'
 */
export function readRedirectTarget(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  if (!isLocalThroughout(text)) return undefined;
  if (!URL.canParse(text, BASE)) return undefined;
  const { origin, pathname, search, hash } = new URL(text, BASE);
  const target = pathname + search + hash;
  // Dot segments are gone by now: `/.//host` has become `//host`, and `/./%2fhost` is `/%2fhost`.
  return origin === BASE && isLocalThroughout(target) ? target : undefined;
}

// As it stands, and decoded once and twice.
function isLocalThroughout(text: string): boolean {
  const decoded = decode(text);
  return [text, decoded, decode(decoded)].every(isLocal);
}

function isLocal(text: string): boolean {
  // URL parsers strip some of these, and header writers break lines at others.
  return /^\/(?!\/)/.test(text) && !/[\u0000-\u001f\u007f\\]/.test(text);
}

// Byte by byte, unlike decodeURIComponent: what is no valid UTF-8 must not hide what stands beside it.
function decode(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_match, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
