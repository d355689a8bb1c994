// A client's metadata document on this machine, over TLS.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startSelfSigned } from './self-signed.js';

/** Serves the metadata; its `client_id` is the URL that is returned. */
export async function startClientDocument(
  metadata: Readonly<Record<string, unknown>>,
): Promise<{ readonly url: string; close(): void }> {
  const { port, server } = await startSelfSigned();
  const url = `https://127.0.0.1:${port}/client.json`;
  server.removeAllListeners('request');
  server.on('request', (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ client_id: url, token_endpoint_auth_method: 'none', ...metadata }));
  });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, close };
}
