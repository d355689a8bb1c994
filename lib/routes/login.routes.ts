// The login page and its script, as routes.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { DESCOPE_CONFIG, DESCOPE_ROUTES } from '../auth/injection-tokens.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeConfigError } from '../core/errors.js';
import { readRedirectTarget } from '../core/http/origin.js';
import { readHeader } from '../core/http/request.js';
import type { DescopeFlowOptions } from './flow-options.js';
import { createNonce } from './flow-page.js';
import { renderLoginPage, toLoginPageHeaders } from './flow-page.js';
import type { RouteCall, RouteResponse } from './http-exchange.js';
import type { DescopeRoutesOptions, LoginPageOptions } from './routes.options.js';

/** The script's route, beside the page. */
export const SCRIPT_PATH = 'descope-wc.js';
const DEFAULT_FLOW = 'sign-up-or-in';

@Injectable()
export class LoginRoute {
  readonly #options: LoginPageOptions;
  readonly #script: ComponentScript | undefined;

  /** Throws `CONFIG_INVALID` at boot when the page would have no script. */
  constructor(
    @Inject(DESCOPE_CONFIG) private readonly config: DescopeConfig,
    @Optional() @Inject(DESCOPE_ROUTES) routes: DescopeRoutesOptions | undefined,
  ) {
    const login = routes?.login;
    this.#options = typeof login === 'object' ? toGiven(login) : {};
    const isServed = login !== false && this.#options.scriptUrl === undefined;
    this.#script = isServed ? loadComponentScript() : undefined;
    renderLoginPage(this.#toFlow('/', '/')); // what is wrong with the options is told now, not to the first visitor
  }

  /** `GET login`: the page; `?next=/orders` says where a signed-in browser goes. */
  page(call: RouteCall): RouteResponse {
    const next = readRedirectTarget(call.query['next']);
    const flow = this.#toFlow(toFolder(call.path), next);
    return { status: 200, body: renderLoginPage(flow), headers: toLoginPageHeaders(flow) };
  }

  /** `GET descope-wc.js`: the installed web component. */
  script(call: RouteCall): RouteResponse {
    const script = this.#script;
    if (script === undefined) return { status: 404 };
    const headers = toComponentScriptHeaders(script);
    const isKnown = hasComponentScript(script, readHeader(call.exchange.request, 'if-none-match'));
    return isKnown ? { status: 304, headers } : { status: 200, body: script.content, headers };
  }

  #toFlow(folder: string, next: string | undefined): DescopeFlowOptions {
    const { projectId, baseUrl } = this.config;
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

// What is `undefined` is left out, and must not stand in the place of a default.
function toGiven(options: LoginPageOptions): LoginPageOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

// The page finds its neighbours where it was found itself, whatever prefix or version stands before them. Express finds
// it with a slash at its end, too.
function toFolder(path: string): string {
  const page = path.endsWith('/') ? path.slice(0, -1) : path;
  return page.slice(0, page.lastIndexOf('/') + 1);
}

// The script of the web component: found in the optional peer, read once, named by its content.

const PACKAGE = '@descope/web-component';
const SCRIPT = join('dist', 'index.js');

/** The script as it is served. */
export interface ComponentScript {
  readonly content: Buffer;
  /** Such as `descope-wc-0123456789abcdef.js`: another content has another name. */
  readonly fileName: string;
  /** For the `integrity` attribute. */
  readonly integrity: string;
  readonly etag: string;
}

/**
 * Finds and reads the script of the installed `@descope/web-component`; throws `CONFIG_INVALID` when there is none.
 * It is looked for as Node would from the working directory and from the program that was started.
 */
export function loadComponentScript(folders: readonly string[] = toStartingFolders()): ComponentScript {
  const path = findScript(folders);
  if (path !== undefined) return toComponentScript(readFileSync(path));
  throw new DescopeConfigError(
    'CONFIG_INVALID',
    `The login page needs the package ${PACKAGE}, which is not installed. ` +
      `Install it (npm install ${PACKAGE}), give the login page a scriptUrl (from elsewhere with its integrity), or do without the page: routes: { login: false }.`,
  );
}

/** Names a script by its content. */
export function toComponentScript(content: Buffer): ComponentScript {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const integrity = `sha384-${createHash('sha384').update(content).digest('base64')}`;
  return { content, fileName: `descope-wc-${hash}.js`, integrity, etag: `"${hash}"` };
}

/** The headers of the script, which may be kept for ever because its name says its content. */
export function toComponentScriptHeaders({ etag }: Pick<ComponentScript, 'etag'>): Record<string, string> {
  return {
    'Content-Type': 'text/javascript; charset=utf-8',
    'Cache-Control': 'public, max-age=31536000, immutable',
    ETag: etag,
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
  };
}

/** Tells whether an `If-None-Match` header says that the client has the script already: then 304 is the answer. */
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

// The folders are walked by hand because an `exports` map may hide the file.
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
    return []; // it is not installed, or hides its entry
  }
}
