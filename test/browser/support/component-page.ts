// A page of somebody's own with the unmodified web component: its attributes are the query of the page's URL, and what it
// reports is kept in `window.result`.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadComponentScript } from '#lib/routes/login.routes.js';

/** A server of the page. */
export interface ComponentPage {
  /** The address of the page with these attributes of `descope-wc`. */
  address(attributes: Readonly<Record<string, string>>): string;
  close(): Promise<void>;
}

const HTML = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Flow</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>main { max-width: 400px; margin: 0 auto; font: 16px/1.5 system-ui, sans-serif; }</style>
<main><h1>Flow</h1></main><script src="/descope-wc.js"></script><script>
  const element = document.createElement('descope-wc');
  for (const [name, value] of new URLSearchParams(location.search)) element.setAttribute(name, value);
  element.addEventListener('success', ({ detail }) => (window.result = detail));
  element.addEventListener('error', ({ detail }) => (window.result = { error: detail.errorMessage }));
  document.querySelector('main').append(element);
</script></html>`;

/** Starts the server. */
export async function startComponentPage(): Promise<ComponentPage> {
  const { content } = loadComponentScript();
  const server = createServer(({ url }, response) => {
    const isScript = url === '/descope-wc.js';
    response.setHeader('content-type', isScript ? 'text/javascript; charset=utf-8' : 'text/html');
    response.end(isScript ? content : HTML);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: (attributes) => `http://127.0.0.1:${port}/?${new URLSearchParams(attributes).toString()}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
