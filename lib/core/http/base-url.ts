// The base URL of Descope, by option or by the region in the project id.

const PROJECT_ID = /^P(?:[a-zA-Z0-9]{27}|[a-zA-Z0-9]{31})$/;
const REGIONAL_ID_LENGTH = 32;

/** Checks whether a string has the form of a Descope project id. */
export function isProjectId(text: string): boolean {
  return PROJECT_ID.test(text);
}

/** Returns the API of the project's region: a 32-character id carries it in characters 1 to 4 (`Puse1…` → `use1`). */
export function toRegionalBaseUrl(projectId: string): string {
  if (projectId.length !== REGIONAL_ID_LENGTH || !isProjectId(projectId)) return 'https://api.descope.com';
  return `https://api.${projectId.slice(1, 5).toLowerCase()}.descope.com`;
}

/** Reads a base URL without its trailing slash; `undefined` if it is not a plain http(s) URL. */
export function readBaseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (!isPlainHost(url.hostname)) return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/**
 * Checks whether a host is only a name or an address. URLs allow `;`, `'`, `*` and others there, which no real host has,
 * and which would start a new part of a header or a policy.
 */
export function isPlainHost(hostname: string): boolean {
  return /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])$/i.test(hostname);
}

/** Checks whether the host of a URL is a loopback address. */
export function isLoopbackUrl(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}

/** Checks whether tokens and keys may be sent to a URL: by https, or over loopback. */
export function isConfidential(baseUrl: string): boolean {
  const { protocol, hostname } = new URL(baseUrl);
  return protocol === 'https:' || isLoopback(hostname);
}

/**
 * Checks whether a URL stays in a network of one's own: its host is a name without a dot, as containers have, of this
 * machine, or a private address (RFC 1918, RFC 4193).
 */
export function isPrivateUrl(url: string): boolean {
  const { hostname } = new URL(url);
  if (hostname.startsWith('[')) return isLoopback(hostname) || /^\[f[cd][0-9a-f]{2}:/.test(hostname);
  return !hostname.includes('.') || isLoopback(hostname) || PRIVATE_ADDRESS.test(hostname);
}

// Only after a URL parser: it brings every other spelling of an address to this one.
const PRIVATE_ADDRESS = /^(?:10\.\d{1,3}|172\.(?:1[6-9]|2\d|3[01])|192\.168)(?:\.\d{1,3}){2}$/;

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
