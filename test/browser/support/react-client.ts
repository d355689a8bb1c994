// The React client of docs/emulator-flows.md, bundled as it stands there with its URLs replaced, and served on a port of
// its own; and the API of that page.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { findBlock } from '../../support/page-program.js';

const PAGE = 'docs/emulator-flows.md';

const HTML = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Orders</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>body { font: 16px/1.5 system-ui, sans-serif; margin: 0; padding: 24px; } main { max-width: 400px; margin: 0 auto; }</style>
<main><h1>Orders</h1><div id="root"></div></main><script src="/client.js"></script></html>`;

/** Where the client finds the two servers. */
export interface ClientUrls {
  readonly emulator: string;
  readonly api: string;
}

/** A front end that is served. */
export interface FrontEnd {
  readonly url: string;
  /** What it calls, from the next load of the page. */
  bundle(urls: ClientUrls): Promise<void>;
  close(): Promise<void>;
}

/** Starts the front end, on `localhost`: another host name than the API's and the emulator's. */
export async function startFrontEnd(): Promise<FrontEnd> {
  let script = '';
  const server = createServer(({ url }, response) => {
    const isScript = url === '/client.js';
    response.setHeader('content-type', isScript ? 'text/javascript; charset=utf-8' : 'text/html');
    response.end(isScript ? script : HTML);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    bundle: async (urls) => {
      script = await bundleClient(urls);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bundleClient({ emulator, api }: ClientUrls): Promise<string> {
  const contents = findBlock(PAGE, '<AuthProvider')
    .replaceAll('http://127.0.0.1:4400', emulator)
    .replaceAll('http://127.0.0.1:3000', api);
  const { outputFiles } = await build({
    stdin: { contents, loader: 'tsx', resolveDir: process.cwd() },
    bundle: true,
    write: false,
    format: 'iife',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

/** The API of the page. */
export const API_BLOCK = (): string => findBlock(PAGE, 'class OrdersController');
