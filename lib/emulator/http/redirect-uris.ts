// Redirect URIs: which ones a client may register, whether one of a request is registered, and whether its domain is approved.
import { DescopeError } from '../errors.js';

// What a browser would run, read or mail instead of handing it to an application.
const UNSAFE = /^(?:javascript|data|vbscript|blob|file|filesystem|about|view-source|ws|wss|ftp|mailto):$/;

/** Says what is wrong with a redirect URI; undefined if nothing is. */
export function findRedirectMistake(uri: string): string | undefined {
  if (uri.length > 2000) return 'is longer than 2000 characters';
  if (!URL.canParse(uri)) return 'is not an absolute URI';
  const url = new URL(uri);
  // RFC 6749 section 3.1.2.
  if (uri.includes('#')) return 'has a fragment';
  if (url.username !== '' || url.password !== '') return 'contains a user name';
  if (UNSAFE.test(url.protocol)) return `has the scheme ${url.protocol.slice(0, -1)}`;
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) return 'is not https, and not on loopback';
  return hasForeignCharacter(uri) ? 'has a space, a control character or one outside of ASCII' : undefined;
}

/** A client's redirect URIs. */
interface Registration {
  readonly callbackUrls: readonly string[];
  /** Whether the client described itself: it may be a native application, which takes any free port. */
  readonly registered: boolean;
}

/** Whether a redirect URI of a request is the client's: exactly, but for the port of a native client's loopback. */
export function isRegistered(uri: string, { callbackUrls, registered }: Registration): boolean {
  if (callbackUrls.includes(uri)) return true;
  const wanted = registered ? toPortless(uri) : undefined;
  return wanted !== undefined && callbackUrls.some((callback) => toPortless(callback) === wanted);
}

/** Whether a host of a URL is this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/** Rejects a redirect URL that a browser should not follow, or whose domain the project does not approve. */
export function assertRedirectUrl(domains: readonly string[], url: string): void {
  // Plain http is for the developer to decide: their machine may have any name.
  const mistake = findRedirectMistake(url.replace(/^http:/i, 'https:').split('#', 1)[0] ?? '');
  if (mistake !== undefined) throw new DescopeError('invalidArguments', `The redirect URL ${mistake}`);
  const { hostname } = new URL(url);
  if (domains.length === 0 || domains.some((domain) => isWithin(hostname, domain))) return;
  const message = `The redirect URL is not in an approved domain: ${domains.join(', ')}`;
  throw new DescopeError('invalidArguments', message);
}

function isWithin(hostname: string, domain: string): boolean {
  if (domain.startsWith('*.')) return hostname.endsWith(domain.slice(1).toLowerCase());
  return hostname === domain.toLowerCase();
}

// RFC 8252 section 7.3; the rest is compared as it is written, so that no two spellings are one.
function toPortless(uri: string): string | undefined {
  const match = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::\d{1,5})?(\/[^#]*)?$/.exec(uri);
  return match && URL.canParse(uri) ? `${match[1]}${match[2] ?? ''}` : undefined;
}

// RFC 3986 section 2; a header could not hold them either.
function hasForeignCharacter(uri: string): boolean {
  return [...uri].some((character) => character <= ' ' || character >= '\u007f');
}
