// The option `resource`: the URL of the protected resource, its scopes and its authorization servers.
import { isConfidential, isPlainHost, isProjectId } from '../http/base-url.js';
import { isScope } from '../token/claims.js';
import type { Check, OptionReader, OptionTable, ValuesOf } from './option-reader.js';
import { isText, toOptionalRule, toRule } from './option-reader.js';

/**
 * The application as an OAuth protected resource, for clients that discover their authorization server, such as those of
 * MCP.
 * @see https://www.rfc-editor.org/rfc/rfc9728
 */
export interface ResourceOptions {
  /**
   * The URL by which clients know the application, such as `'https://api.example.com'`: https (http only for loopback),
   * without query and fragment. The path of a `@ProtectedResource` is added to it.
   * @see https://www.rfc-editor.org/rfc/rfc9728#section-1.2
   */
  readonly url: string;
  /**
   * The scopes that clients may request, unless a `@ProtectedResource` has its own. `offline_access` is left out of the
   * metadata: a client requests it from the authorization server.
   * @defaultValue none
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
   */
  readonly scopes?: readonly string[] | undefined;
  /**
   * The issuers of the authorization servers, such as that of an MCP server in Descope.
   * @defaultValue the issuer of the project's inbound apps: `<baseUrl>/v1/apps/<projectId>`
   */
  readonly servers?: readonly string[] | undefined;
  /**
   * The URL of a page about the API for developers.
   * @defaultValue none
   */
  readonly documentation?: string | undefined;
}

/** The config of protected resources. */
export interface ResourceConfig {
  /** The URL without the slash at its end. */
  readonly url: string;
  readonly scopes: readonly string[];
  readonly servers: readonly string[];
  readonly documentation: string | undefined;
}

const OFFLINE_ACCESS = 'offline_access';

/** Returns the scopes that the metadata of a resource names. */
export function toNamedScopes(scopes: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(scopes)].filter((scope) => scope !== OFFLINE_ACCESS));
}

const isScopes: Check<readonly string[]> = (value): value is readonly string[] =>
  Array.isArray(value) && value.every(isScope);

const isServers: Check<readonly string[]> = (value): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every(isServer);

const isPage: Check<string> = (value): value is string => toPlainUrl(value) !== undefined;

/** How the members of `resource` are read. Its URL is checked by `toResourceConfig`. */
export const RESOURCE = {
  url: toOptionalRule('a URL', isText),
  scopes: toRule('a list of scopes, without spaces, quotes or backslashes', isScopes, []),
  servers: toOptionalRule(
    'a list of one or more issuers: https URLs (http only for loopback) without query and fragment',
    isServers,
  ),
  documentation: toOptionalRule('an absolute http or https URL', isPage),
} satisfies OptionTable<ResourceOptions>;

/** The project whose authorization server is the default. */
export interface ResourceSurroundings {
  readonly projectId: string;
  readonly baseUrl: string;
}

/** Creates the config of protected resources; `undefined` where the option is left out. */
export function toResourceConfig(
  given: ValuesOf<typeof RESOURCE> | undefined,
  { projectId, baseUrl }: ResourceSurroundings,
  options: OptionReader,
): ResourceConfig | undefined {
  if (given === undefined) return undefined;
  const { servers, documentation } = given;
  const url = toResourceUrl(given.url, options);
  const issuer = isProjectId(projectId) ? `${baseUrl}/v1/apps/${projectId}` : '';
  const scopes = toNamedScopes(given.scopes);
  return Object.freeze({ url, scopes, servers: servers ?? Object.freeze([issuer]), documentation });
}

function toResourceUrl(text: string | undefined, options: OptionReader): string {
  const flaw = findUrlFlaw(text);
  if (flaw !== undefined) {
    options.mistake('resource.url', flaw, URL_WANTED);
    return '';
  }
  const { origin, pathname } = new URL(text ?? '');
  return origin + pathname.replace(/\/+$/, '');
}

const URL_WANTED =
  'the public URL of the application, such as "https://api.example.com": https (http only for loopback), without credentials, query and fragment';

function findUrlFlaw(text: string | undefined): string | undefined {
  if (text === undefined) return 'nothing';
  const url = toPlainUrl(text);
  if (url === undefined) return 'a string that is not an absolute http or https URL';
  if (text.includes('#')) return 'a URL with a fragment'; // an empty one too: RFC 9728 §1.2
  if (text.includes('?')) return 'a URL with a query';
  if (url.username !== '' || url.password !== '') return 'a URL with credentials';
  return isConfidential(url.href) ? undefined : 'plain http outside loopback';
}

function isServer(value: unknown): boolean {
  const url = toPlainUrl(value);
  if (url === undefined || typeof value !== 'string' || /[?#]/.test(value)) return false;
  return url.username === '' && url.password === '' && isConfidential(url.href);
}

// Nothing that a header could not hold in quotes.
function toPlainUrl(value: unknown): URL | undefined {
  if (typeof value !== 'string' || !/^https?:\/\/[\x21\x23-\x5b\x5d-\x7e]+$/i.test(value)) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url !== undefined && isPlainHost(url.hostname) ? url : undefined;
}
