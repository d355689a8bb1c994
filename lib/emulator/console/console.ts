// The console in the browser: who may use it, which page is shown, and what a form does.
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  isConsoleToken,
  isFormToken,
  isOwnOrigin,
  isSignedIn,
  toCookie,
  toFormToken,
} from '../console-parts/access.js';
import { Form } from '../console-parts/form.js';
import type { Html } from '../console-parts/html.js';
import { html } from '../console-parts/html.js';
import { PLAIN_HEADERS, toBarePage, toPage } from '../console-parts/layout.js';
import { LiveStreams } from '../console-parts/live.js';
import type { ConsolePage, Desk, Outcome } from '../console-parts/page.js';
import { DescopeError, EmulatorError } from '../errors.js';
import { toFieldRejection } from '../http/known-fields.js';
import type { JsonObject, RouteResponse } from '../http/message.js';
import { readRequestText, sendResponse } from '../http/message.js';
import { isOwnHost } from '../http/origins.js';
import type { Router } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { createSecret } from '../store/records.js';
import { PAGES } from './pages.js';
import { LIVE_ROWS } from './traffic.js';

const ROOT = '/emulator';
const MAX_NOTICES = 50;

/** The console of a project. */
export class EmulatorConsole {
  readonly #streams = new LiveStreams();
  readonly #notices = new Map<string, Html>();

  constructor(
    private readonly state: ProjectState,
    private readonly router: Router,
  ) {}

  /** Responds to a request for the console, by its path below that of the project; reports whether it was one. */
  async respond(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
    const visit = this.#toVisit(request, response, path);
    if (!visit) return false;
    const result = await this.#toResponse(visit).catch(toFailure);
    if (result) await sendResponse(response, result);
    return true;
  }

  #toVisit(request: IncomingMessage, response: ServerResponse, path: string): Visit | undefined {
    const [, search] = (request.url ?? '').split('?', 2);
    const isBelow = path === ROOT || path.startsWith(`${ROOT}/`);
    const isFirst = path === '/' && (acceptsHtml(request) || search?.includes('token=') === true);
    if (!isBelow && !isFirst) return undefined;
    // Pages that play other parties stand beside the console, and are for everybody.
    if (this.router.accessOf(request.method ?? '', path) !== undefined) return undefined;
    const name = isBelow ? path.slice(ROOT.length + 1) : undefined;
    const root = `${this.state.basePath}${ROOT}`;
    return { request, response, root, query: new URLSearchParams(search), name };
  }

  async #toResponse(visit: Visit): Promise<RouteResponse | undefined> {
    const { request, root, query, name } = visit;
    const rejection = this.#reject(request);
    if (rejection) return rejection;
    const token = name ? null : query.get('token');
    if (token !== null && request.method !== 'POST') return this.#signIn(request, token, root);
    if (name === undefined) return toRedirect(`${root}/`); // where the browser sends its cookie
    if (!isSignedIn(request, this.state)) return toTokenPage(root);
    return request.method === 'POST' ? this.#act(visit, name) : this.#show(visit, name);
  }

  #reject(request: IncomingMessage): RouteResponse | undefined {
    if (!isOwnHost(request, this.state.rules)) return toForeignHost(this.state);
    if (!['GET', 'HEAD', 'POST'].includes(request.method ?? '')) {
      return toRejection(405, 'The console takes GET and POST.');
    }
    // A link on another page may lead here; what it leads to has no cookie.
    const isLink = request.method !== 'POST' && request.headers['sec-fetch-mode'] === 'navigate';
    if (isLink || isOwnOrigin(request)) return undefined;
    return toRejection(403, 'This request comes from a page of another site.');
  }

  #signIn(request: IncomingMessage, token: string, root: string): RouteResponse {
    if (!isConsoleToken(this.state, token)) return toTokenPage(root, 'The token in the address is wrong.');
    const response = toRedirect(`${root}/`);
    return {
      ...response,
      headers: { ...response.headers, 'set-cookie': toCookie(request, this.state, root) },
    };
  }

  async #show(visit: Visit, name: string): Promise<RouteResponse | undefined> {
    const { response, request, query } = visit;
    const rows = LIVE_ROWS.get(name);
    if (rows && request.method === 'GET') {
      const hasRoom = this.#streams.start(response, (send) => rows(this.#toDesk(visit), send));
      return hasRoom ? undefined : toRejection(503, 'Too many pages of the console are open.');
    }
    const page = PAGES.find((candidate) => candidate.name === name);
    if (!page) return this.#draw(visit, NOT_FOUND, { status: 404 });
    const id = query.get('done') ?? '';
    const notice = this.#notices.get(id);
    if (request.method === 'GET') this.#notices.delete(id);
    return this.#draw(visit, page, { notice });
  }

  async #act(visit: Visit, path: string): Promise<RouteResponse> {
    const at = path.lastIndexOf('/');
    const page = PAGES.find(({ name }) => name === path.slice(0, Math.max(at, 0)));
    const action = path.slice(at + 1);
    const form = new Form(new URLSearchParams(await readRequestText(visit.request)));
    if (!isFormToken(this.state, form.text('formToken'))) {
      return toRejection(403, 'This form is not one of the console. Open the page again.');
    }
    if (!page || !Object.hasOwn(page.actions, action)) return this.#draw(visit, NOT_FOUND, { status: 404 });
    try {
      const outcome = await this.#do(visit, page, { action, form });
      return this.#goOn(visit.root, outcome, page.name);
    } catch (cause) {
      const status = cause instanceof DescopeError || cause instanceof EmulatorError ? 400 : 500;
      const rejected = { ...visit, query: toQuery(form) };
      return this.#draw(rejected, page, { status, mistake: toMessage(cause), rejected: form });
    }
  }

  #do(visit: Visit, page: ConsolePage, { action, form }: { action: string; form: Form }): Promise<Outcome> {
    const origin = {
      actorId: '',
      remoteAddress: toAddress(visit.request),
      device: 'Desktop',
      method: '',
      isBatch: false,
    };
    const desk = this.#toDesk(visit);
    return this.state.audit.during(origin, async () => {
      const act = page.actions[action];
      if (!act) throw new DescopeError('invalidArguments', 'There is no such action');
      return act(form, desk);
    });
  }

  // The notice is shown once, and not kept in the address: it may hold a secret.
  #goOn(root: string, { notice, to }: Outcome, name: string): RouteResponse {
    const id = createSecret();
    for (const oldest of this.#notices.keys()) {
      if (this.#notices.size < MAX_NOTICES) break;
      this.#notices.delete(oldest);
    }
    this.#notices.set(id, html`${notice}`);
    const target = to ?? name;
    return toRedirect(`${root}/${target}${target.includes('?') ? '&' : '?'}done=${id}`);
  }

  async #draw(visit: Visit, page: ConsolePage, around: Around): Promise<RouteResponse> {
    const desk = { ...this.#toDesk(visit), rejected: around.rejected };
    const { projectId, url } = this.state;
    const content = await page.draw(desk);
    const { notice, mistake } = around;
    return toPage(
      { title: page.title, lead: page.lead, content, ...(notice && { notice }), mistake },
      { root: visit.root, pages: PAGES, current: page.below ?? page.name, project: `${projectId} at ${url}` },
      around.status,
    );
  }

  #toDesk({ request, root, query }: Visit): Desk {
    return {
      state: this.state,
      root,
      query,
      rejected: undefined,
      formToken: toFormToken(this.state),
      manage: (line, fields = {}) => this.#manage(request, line, fields),
    };
  }

  async #manage(request: IncomingMessage, line: string, fields: JsonObject): Promise<JsonObject> {
    const [method = '', path = ''] = line.split(' ');
    const { projectId, managementKey: credential } = this.state;
    const query = method === 'GET' ? toParameters(fields) : new URLSearchParams();
    const call = {
      ...{ method, path, query, address: toAddress(request), headers: {} },
      userAgent: request.headers['user-agent'] ?? '',
      body: method === 'GET' ? {} : fields,
      authorization: { projectId, credential },
      cookies: new Map<string, string>(),
      client: undefined,
    };
    // Who fills in a form is told at once what has no effect, also without `strict`.
    const { body } = await this.router.handle(call, this.state, (names) => {
      throw toFieldRejection(names);
    });
    return body as JsonObject;
  }
}

/** A request for the console. */
interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly root: string;
  readonly query: URLSearchParams;
  /** The path below the root; undefined for the root of the emulator itself. */
  readonly name: string | undefined;
}

/** What stands around the content of a page. */
interface Around {
  readonly status?: number;
  readonly notice?: Html | undefined;
  readonly mistake?: string;
  readonly rejected?: Form;
}

const NOT_FOUND: ConsolePage = {
  name: '404',
  title: 'There is no such page',
  draw: ({ root }) => html`<p><a href="${root}/">Go to the first page</a></p>`,
  actions: {},
};

// Browsers ask for HTML by name; `fetch` and curl do not.
function acceptsHtml({ headers, method }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && headers.accept?.includes('text/html') === true;
}

function toAddress({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}

function toQuery(form: Form): URLSearchParams {
  const id = form.text('id');
  return new URLSearchParams(id === '' ? {} : { id });
}

function toParameters(fields: JsonObject): URLSearchParams {
  return new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]),
  );
}

function toRedirect(location: string): RouteResponse {
  return { status: 303, headers: { ...PLAIN_HEADERS, location }, body: '' };
}

function toRejection(status: number, message: string): RouteResponse {
  return toBarePage({ title: 'The request was rejected', content: html`<p>${message}</p>` }, status);
}

function toForeignHost({ url }: ProjectState): RouteResponse {
  const content = html`<p>
      The console is not served at this host name, so that no other site can point its name here.
    </p>
    <p>Open it at <a href="${url}/">${url}</a>, or name the host when the emulator is started.</p>`;
  return toBarePage({ title: 'This host name is not known', content }, 403);
}

function toTokenPage(root: string, mistake?: string): RouteResponse {
  const content = html`<div class="card">
    <p>The console can sign in as any user, so it is open only to a browser that knows its token.</p>
    <p>
      The terminal in which the emulator was started prints an address that ends in <code>/?token=…</code>.
      Open that address.
    </p>
    <p>In a program, it is <code>emulator.consoleUrl</code>.</p>
    <p><a href="${root}/">Try again</a></p>
  </div>`;
  return toBarePage({ title: 'The console needs its token', content, mistake }, 401);
}

function toFailure(cause: unknown): RouteResponse {
  return toRejection(cause instanceof DescopeError ? cause.status : 500, `${toMessage(cause)}.`);
}

function toMessage(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
