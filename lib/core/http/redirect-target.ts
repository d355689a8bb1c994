// The target of a redirect after sign-in: a path of this application only.
const MAX_LENGTH = 2048;
// Only the host of this base is compared; it can never exist (RFC 2606 §2).
const BASE = 'http://same-origin.invalid';

/**
 * Reads a redirect target, and returns it in a form that is safe in a `Location` header and in a page. `undefined` for
 * anything that a browser, a proxy or a router could read as another origin or as several header lines: absolute URLs,
 * `//host`, `/\host`, backslashes, control characters, and dot segments that end in `//`, also percent-encoded once or
 * twice.
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

// Unchanged, decoded once, and decoded twice.
function isLocalThroughout(text: string): boolean {
  const decoded = decode(text);
  return [text, decoded, decode(decoded)].every(isLocal);
}

function isLocal(text: string): boolean {
  // URL parsers strip some of these, and header writers break lines at others.
  return /^\/(?!\/)/.test(text) && !/[\u0000-\u001f\u007f\\]/.test(text);
}

// Byte by byte, unlike decodeURIComponent: invalid UTF-8 must not hide other characters.
function decode(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_match, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
