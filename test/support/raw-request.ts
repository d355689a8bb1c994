// A request written byte by byte on a socket: what fetch would tidy up goes out as it stands.
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  /** The `code` of a rejection's body. */
  readonly code: string | undefined;
}

/** Sends a request with these header lines and reads the whole answer. */
export async function sendRaw(url: string, line: string, headers: readonly string[]): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const own = headers.some((header) => /^host:/i.test(header)) ? [] : [`Host: ${host}`];
  const lines = [`${line} HTTP/1.1`, ...own, 'Connection: close', ...headers];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('latin1');
  return { status: Number(text.slice(9, 12)), text, code: /"code":"(\w+)"/.exec(text)?.[1] };
}
