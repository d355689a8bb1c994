// The login page and its script, as routes.
import { Inject, Injectable, Optional } from '@nestjs/common';
import { DESCOPE_CONFIG, DESCOPE_ROUTES } from '../../auth/injection-tokens.js';
import type { DescopeConfig } from '../../core/config/config.js';
import { readRedirectTarget } from '../../core/transport/redirect-target.js';
import { readHeader } from '../../core/transport/request-like.js';
import type { RouteCall, RouteReply } from '../route-call.js';
import type { DescopeRoutesOptions } from '../routes-options.js';
import { hasComponentScript, loadComponentScript, toComponentScriptHeaders } from './component-script.js';
import type { ComponentScript } from './component-script.js';
import { createNonce } from '../page/escape.js';
import { renderLoginPage } from './login-page.js';
import { toLoginPageHeaders } from '../page/page-headers.js';
import type { DescopeFlowOptions } from '../page/flow-options.js';
import type { LoginPageOptions } from './login-options.js';

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
  page(call: RouteCall): RouteReply {
    const next = readRedirectTarget(call.query['next']);
    const flow = this.#toFlow(toFolder(call.path), next);
    return { status: 200, body: renderLoginPage(flow), headers: toLoginPageHeaders(flow) };
  }

  /** `GET descope-wc.js`: the installed web component. */
  script(call: RouteCall): RouteReply {
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
