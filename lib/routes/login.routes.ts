// The login page and the script of the web component, found in the optional peer, as routes.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DescopeConfigError } from '../core/errors.js';
import { readRedirectTarget } from '../core/http/redirect-target.js';
import { readHeader } from '../core/http/request.js';
import type { DescopeFlowOptions } from './flow-options.js';
import { createNonce } from './flow-page.js';
import { renderLoginPage, toLoginPageHeaders } from './flow-page.js';
import type { RouteCall, RouteParts, RouteResponse } from './route-call.js';
import type { LoginPageOptions } from './routes.options.js';
import { SCRIPT_PATH } from './routes.options.js';

const DEFAULT_FLOW = 'sign-up-or-in';

export class LoginRoute {
  readonly #parts: RouteParts;
  readonly #options: LoginPageOptions;
  readonly #script: ComponentScript | undefined;

  /** @throws {DescopeConfigError} CONFIG_INVALID, so that a page without a script, or with wrong options, stops the boot */
  constructor(parts: RouteParts) {
    this.#parts = parts;
    const { login } = parts.options;
    this.#options = typeof login === 'object' ? withoutUndefined(login) : {};
    const isServed = login !== false && this.#options.scriptUrl === undefined;
    this.#script = isServed ? loadComponentScript() : undefined;
    renderLoginPage(this.#toFlow('/', '/')); // checks the options now, not for the first visitor
  }

  /** `GET login`: the page; `?next=/orders` is where a signed-in browser goes. */
  page(call: RouteCall): RouteResponse {
    const next = readRedirectTarget(call.query['next']);
    const flow = this.#toFlow(toFolder(call.path), next);
    return { status: 200, body: renderLoginPage(flow), headers: toLoginPageHeaders(flow) };
  }

  /** `GET descope-wc.js`: the script of the installed web component. */
  script(call: RouteCall): RouteResponse {
    const script = this.#script;
    if (script === undefined) return { status: 404 };
    const headers = toComponentScriptHeaders(script);
    const isKnown = hasComponentScript(script, readHeader(call.exchange.request, 'if-none-match'));
    return isKnown ? { status: 304, headers } : { status: 200, body: script.content, headers };
  }

  #toFlow(folder: string, next: string | undefined): DescopeFlowOptions {
    const { projectId, baseUrl } = this.#parts.config;
    const version = this.#script?.etag.replaceAll('"', '') ?? '';
    return {
      flowId: DEFAULT_FLOW,
      scriptUrl: `${folder}${SCRIPT_PATH}?v=${version}`,
      ...(this.#script === undefined ? {} : { integrity: this.#script.integrity }),
      ...this.#options,
      successRedirect: next ?? this.#options.successRedirect ?? '/',
      storeUrl: `${folder}store_jwt`,
      nonce: createNonce(),
      projectId,
      baseUrl,
    };
  }
}

// An `undefined` must not replace a default.
function withoutUndefined(options: LoginPageOptions): LoginPageOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

// The page's neighbours have the same prefix, whatever prefix or version that is. Express serves the page with a slash at
// its end, too.
function toFolder(path: string): string {
  const page = path.endsWith('/') ? path.slice(0, -1) : path;
  return page.slice(0, page.lastIndexOf('/') + 1);
}

// The script of the web component: found in the optional peer, read once, with a tag that is a digest of its content.

const PACKAGE = '@descope/web-component';
const SCRIPT = join('dist', 'index.js');

/** The script of the web component. */
export interface ComponentScript {
  readonly content: Buffer;
  /** Such as `descope-wc-0123456789abcdef.js`, with a digest of the content. */
  readonly fileName: string;
  /** The value of the `integrity` attribute. */
  readonly integrity: string;
  readonly etag: string;
}

/**
 * Reads the script of the installed `@descope/web-component`, which is resolved as Node does from the working directory and
 * from the program that was started.
 * @throws {DescopeConfigError} CONFIG_INVALID where the package is not installed
 */
export function loadComponentScript(folders: readonly string[] = toStartingFolders()): ComponentScript {
  const path = findScript(folders);
  if (path !== undefined) return toComponentScript(readFileSync(path));
  throw new DescopeConfigError(
    'CONFIG_INVALID',
    `The login page needs the package ${PACKAGE}, which is not installed. ` +
      `Install it (npm install ${PACKAGE}), or set scriptUrl of the login page (with integrity for a script of another origin), or switch the page off: routes: { login: false }.`,
  );
}

/** Computes name, digest and tag of a script. */
export function toComponentScript(content: Buffer): ComponentScript {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const integrity = `sha384-${createHash('sha384').update(content).digest('base64')}`;
  return { content, fileName: `descope-wc-${hash}.js`, integrity, etag: `"${hash}"` };
}

/** Returns the headers of the script, which caches may keep for ever, for its URL changes with its content. */
export function toComponentScriptHeaders({ etag }: Pick<ComponentScript, 'etag'>): Record<string, string> {
  return {
    'Content-Type': 'text/javascript; charset=utf-8',
    'Cache-Control': 'public, max-age=31536000, immutable',
    ETag: etag,
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
  };
}

/** Whether the client has the script already, by its `If-None-Match` header (RFC 9110 §13.1.2). */
export function hasComponentScript(
  { etag }: Pick<ComponentScript, 'etag'>,
  ifNoneMatch: string | undefined,
): boolean {
  if (ifNoneMatch === undefined || ifNoneMatch.length > 1024) return false;
  const known = ifNoneMatch.split(',').map((item) => item.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}

function toStartingFolders(): readonly string[] {
  const program = process.argv[1];
  return program === undefined ? [process.cwd()] : [process.cwd(), dirname(program)];
}

function findScript(folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const require = createRequire(join(folder, 'package.json'));
    const found = [...toInstalled(require), ...toResolved(require)].find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return undefined;
}

// Looked up by path, for an `exports` map may hide the file.
function toInstalled(require: NodeJS.Require): readonly string[] {
  return (require.resolve.paths(PACKAGE) ?? []).map((folder) => join(folder, PACKAGE, SCRIPT));
}

// Where there is no node_modules folder (Yarn's Plug'n'Play), the package's entry leads to its root.
function toResolved(require: NodeJS.Require): readonly string[] {
  try {
    const entry = require.resolve(PACKAGE);
    const end = entry.lastIndexOf(join('/', 'dist', '/'));
    return end === -1 ? [] : [join(entry.slice(0, end), SCRIPT)];
  } catch {
    return []; // not installed, or without an entry for `require`
  }
}
