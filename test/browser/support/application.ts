// A small application around the login page: it serves the page and the component, and keeps what is stored.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Emulator } from 'nestjs-descope/emulator';
import type { DescopeFlowOptions } from '#lib/routes/flow-options.js';
import { createNonce } from '#lib/routes/flow-page.js';
import { renderLoginPage, toLoginPageHeaders } from '#lib/routes/flow-page.js';
import { loadComponentScript, toComponentScriptHeaders } from '#lib/routes/login.routes.js';

/** What came to the store route. */
export interface Stored {
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
}

/** The application. */
export interface Application {
  readonly url: string;
  readonly stored: Stored[];
  /** Options of the page, for the next time it is asked for. */
  options: Partial<DescopeFlowOptions>;
  /** What the store route answers. */
  storeStatus: number;
  close(): Promise<void>;
}

const HOME = '<!doctype html><link rel="icon" href="data:,"><h1>Home</h1>';
const UI_LIBRARY = '/npm/@descope/web-components-ui@';
// As the real library, it writes a style element without a nonce.
const UI_SCRIPT = `window.DescopeUI = {};
document.head.appendChild(document.createElement('style')).textContent = 'h1 { color: rgb(1, 2, 3) }';`;
const script = loadComponentScript();

/** Starts the application on a port of its own. */
export async function startApplication(emulator: Emulator): Promise<Application> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const application: Application = {
    url: `http://127.0.0.1:${port}`,
    stored: [],
    options: {},
    storeStatus: 200,
    close: () => closeServer(server),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (path === '/login') {
      sendPage(response, toOptions(emulator, application.options));
      return;
    }
    if (path === `/${script.fileName}`) {
      response.writeHead(200, toComponentScriptHeaders(script)).end(script.content);
      return;
    }
    if (path.startsWith(UI_LIBRARY)) {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(UI_SCRIPT);
      return;
    }
    if (path === '/store' && request.method === 'POST') {
      application.stored.push({ body: JSON.parse(await text(request)), headers: request.headers });
      response.writeHead(application.storeStatus, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    response.writeHead(path === '/home' ? 200 : 404, { 'content-type': 'text/html' }).end(HOME);
  }

  return application;
}

function toOptions(emulator: Emulator, changes: Partial<DescopeFlowOptions>): DescopeFlowOptions {
  return {
    projectId: emulator.projectId,
    flowId: 'sign-up-or-in',
    baseUrl: emulator.url,
    scriptUrl: `/${script.fileName}`,
    integrity: script.integrity,
    nonce: createNonce(),
    successRedirect: '/home',
    storeUrl: '/store',
    mode: 'strict',
    ...changes,
  };
}

function sendPage(response: ServerResponse, options: DescopeFlowOptions): void {
  response.writeHead(200, toLoginPageHeaders(options)).end(renderLoginPage(options));
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
