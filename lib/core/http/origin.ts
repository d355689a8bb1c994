// The cross-site check: a credential that browsers send automatically counts only from trusted origins, which are matched here.
import { DescopeAccessError } from '../errors.js';
import { isYes } from '../maybe-promise.js';
import type { RequestLike } from './request.js';
import { readHeader, readHost } from './request.js';

/** The origin of the application, and further trusted origins. */
export interface OriginConfig {
  /** The origin of the application in browsers; without it, the host of the origin is compared with the `Host` header. */
  readonly publicOrigin: string | undefined;
  /** Further origins whose pages may send cookies. */
  readonly trustedOrigins: readonly TrustedOrigin[];
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']); // RFC 9110 §9.2.1

/**
 * Asserts that a credential which browsers send automatically may count. A safe method always passes; any other method, and
 * the opening of a WebSocket, needs a same-origin request. Throws `REQUEST_CROSS_SITE`.
 */
export function assertSameOrigin(request: RequestLike, config: OriginConfig): void {
  if (SAFE_METHODS.has(request.method ?? '') && !isWebSocket(request)) return;
  assertOurs(request, config);
}

/** Asserts a same-origin request for every method, for a call that changes something. Throws `REQUEST_CROSS_SITE`. */
export function assertOurs(request: RequestLike, config: OriginConfig): void {
  if (isSameOrigin(request, config)) return;
  const message = 'The session cookie is not accepted, because the request may come from another site.';
  throw new DescopeAccessError('REQUEST_CROSS_SITE', message);
}

/**
 * Asserts that a page of a trusted origin sent the request, for every method. A request without any header that names its
 * origin is rejected too. Throws `REQUEST_CROSS_SITE`.
 */
export function assertFromOwnPage(request: RequestLike, config: OriginConfig): void {
  const isSaid = ['sec-fetch-site', 'origin', 'referer'].some(
    (name) => readHeader(request, name) !== undefined,
  );
  if (isSaid && isSameOrigin(request, config)) return;
  const message = 'The request does not come from a page of this application.';
  throw new DescopeAccessError('REQUEST_CROSS_SITE', message);
}

// A WebSocket is opened by GET, any site's page can read it, and CORS does not apply. A gateway that checks requests for
// another server drops the hop-by-hop header Upgrade (RFC 9110 §7.6.1), but not the headers of RFC 6455 §4.1.
function isWebSocket(request: RequestLike): boolean {
  if (readHeader(request, 'sec-websocket-key') !== undefined) return true;
  return readHeader(request, 'upgrade')?.toLowerCase().includes('websocket') === true;
}

/**
 * Checks whether a request is a navigation, also by a link of another site. Its session may be refreshed, because the other
 * site cannot read the response.
 */
export function isFollowedLink(request: RequestLike): boolean {
  if (request.method !== 'GET' || isWebSocket(request)) return false;
  if (readHeader(request, 'origin') !== undefined) return false; // sent by a script
  if ((readHeader(request, 'sec-fetch-dest') ?? 'document') !== 'document') return false;
  return readHeader(request, 'accept')?.includes('text/html') === true;
}

// A request with none of the three headers is not from a browser, so it cannot be forged through one.
function isSameOrigin(request: RequestLike, config: OriginConfig): boolean {
  const origin = readHeader(request, 'origin');
  if (origin !== undefined && isTrustedOrigin(origin, config.trustedOrigins)) return true;
  const site = readHeader(request, 'sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  if (origin !== undefined) return isOurs(origin, request, config);
  const referer = readHeader(request, 'referer');
  if (referer === undefined) return true;
  const refererOrigin = toOrigin(referer);
  if (refererOrigin === undefined) return false;
  return isTrustedOrigin(refererOrigin, config.trustedOrigins) || isOurs(refererOrigin, request, config);
}

function isOurs(origin: string, request: RequestLike, config: OriginConfig): boolean {
  if (config.publicOrigin !== undefined) return origin === config.publicOrigin;
  const host = readHost(request);
  const url = toUrl(origin);
  if (host === undefined || url === undefined || url.origin !== origin) return false;
  return url.host === toUrl(`${url.protocol}//${host}`)?.host; // the same default port on both sides
}

/** Reads the origin of a URL; `undefined` for anything that has none. */
export function toOrigin(text: string): string | undefined {
  const origin = toUrl(text)?.origin;
  return origin === 'null' ? undefined : origin;
}

function toUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

// Trusted origins: single ones, patterns for the previews of a site, and functions.

/**
 * A function that decides whether an origin, such as `https://app.example.com`, is trusted.
 * @returns `true` if it is; any other value, and an exception, means no
 */
export type OriginTest = (origin: string) => boolean;

/** A trusted origin: an origin, a pattern such as `https://*.example.com` (exactly one label), or a function. */
export type TrustedOrigin = string | OriginTest;

const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/; // in the form of browsers: lower case, or Punycode
const PATTERN = /^(https?):\/\/\*\.([a-z0-9.-]+)(:[1-9]\d{0,4})?$/;
const NAME = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/;

/** Checks whether an origin is trusted. A function that throws does not trust it. */
export function isTrustedOrigin(origin: string, trusted: readonly TrustedOrigin[]): boolean {
  return trusted.some((one) => (typeof one === 'string' ? isMatch(origin, one) : isAllowed(origin, one)));
}

function isMatch(origin: string, one: string): boolean {
  if (origin === one) return true;
  const star = one.indexOf('*');
  if (star === -1) return false;
  const [before, after] = [one.slice(0, star), one.slice(star + 1)];
  if (!origin.startsWith(before) || !origin.endsWith(after)) return false;
  return LABEL.test(origin.slice(before.length, origin.length - after.length));
}

// An exception counts as a rejection, not as an error of each request.
function isAllowed(origin: string, test: OriginTest): boolean {
  try {
    return isYes(test(origin));
  } catch {
    return false;
  }
}

/** Returns the flaw of a pattern, if it has one, for the message of a mistake. */
export function findPatternFlaw(pattern: string): string | undefined {
  const [, scheme, base = '', port] = PATTERN.exec(pattern) ?? [];
  const isUsual = port === (scheme === 'https' ? ':443' : ':80'); // browsers leave out the default port
  if (base === 'localhost' && !isUsual) return undefined;
  if (scheme !== 'https' || !NAME.test(base) || isUsual) return 'a "*" where a pattern cannot have one';
  return isSharedSuffix(base) ? 'a "*" under a domain where anyone can host a site' : undefined;
}

// Anyone who hosts there has the next label, or one further down: a pattern would trust all of them. No whole list (that is
// the Public Suffix List's business), but the names under which previews are usually found.
const SHARED: ReadonlySet<string> = new Set(
  `vercel.app vercel.dev now.sh netlify.app netlify.com github.io github.dev app.github.dev githubpreview.dev gitlab.io
  bitbucket.io pages.dev workers.dev r2.dev trycloudflare.com herokuapp.com onrender.com fly.dev railway.app surge.sh
  web.app firebaseapp.com appspot.com deno.dev deno.net glitch.me replit.app replit.dev repl.co stackblitz.io
  webcontainer.io codesandbox.io csb.app gitpod.io ondigitalocean.app zeabur.app koyeb.app northflank.app kinsta.app
  hf.space streamlit.app ngrok.io ngrok.app ngrok.dev ngrok-free.app ngrok-free.dev loca.lt localhost.run lhr.life
  serveo.net devtunnels.ms tunnelmole.net expo.app amplifyapp.com cloudfront.net azurewebsites.net
  azurestaticapps.net azureedge.net azurefd.net azurecontainerapps.io myshopify.com wordpress.com blogspot.com
  wixsite.com webflow.io framer.app framer.website squarespace.com weebly.com tumblr.com neocities.org readthedocs.io
  gitbook.io notion.site super.site carrd.co bubbleapps.io retool.com translate.goog googleusercontent.com
  duckdns.org ddns.net dyndns.org no-ip.org nip.io sslip.io xip.io traefik.me lvh.me supabase.co base44.app lovable.app
  lovable.dev bolt.host v0.app edgecompute.app pages.gitlab.io eu.org pp.ua`.split(/\s+/),
);

// Below these, too, the next label is a region or a service, and not a customer.
const SHARED_DEEP = [
  'amazonaws.com',
  'awsapprunner.com',
  'elasticbeanstalk.com',
  'on.aws',
  'run.app',
  'cloudfunctions.net',
  'azure.com',
  'windows.net',
  'azurewebsites.net',
  'azurestaticapps.net',
  'azurecontainerapps.io',
  'railway.app',
  'digitaloceanspaces.com',
  'devtunnels.ms',
  'oraclecloud.com',
  'aliyuncs.com',
];

// Of two labels under a country's name, the first is often a public one.
const PUBLIC_SECOND =
  /^(?:co|com|org|net|edu|gov|ac|or|ne|go|gob|gouv|nom|id|ltd|plc|me|sch|asn|web|mil|in)\.[a-z]{2}$/;

// Blogs by country (blogspot.de, blogspot.co.uk), schools of a state, countries below eu.org.
const SHARED_FORM = /^(?:blogspot\.(?:com?\.)?[a-z]{2}|k12\.[a-z]{2}\.us|[a-z]{2}\.eu\.org)$/;

function isSharedSuffix(base: string): boolean {
  if (SHARED.has(base) || PUBLIC_SECOND.test(base) || SHARED_FORM.test(base)) return true;
  return SHARED_DEEP.some((suffix) => base === suffix || base.endsWith(`.${suffix}`));
}
