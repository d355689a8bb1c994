// One request written byte by byte, and its whole answer: nothing is tidied up on the way.
import { connect } from 'node:net';

/** A request as an attacker writes it. */
export interface Ask {
  /** Default: GET, or POST where there is a body. */
  readonly method?: string;
  readonly path: string;
  /** Header lines as they go out; `Host`, `Content-Length` and `Connection` are added where they are missing. */
  readonly lines?: readonly string[];
  readonly body?: string;
}

export interface Reply {
  readonly status: number;
  readonly head: string;
  readonly text: string;
  readonly code: string | undefined;
  /** Set-Cookie lines. */
  readonly cookies: readonly string[];
}

const PATIENCE_MS = 10_000; // an answer takes 5 s at most; the rest is for a busy machine

export async function exchange(url: string, ask: Ask): Promise<Reply> {
  const whole = await send(url, toText(url, ask));
  const end = whole.indexOf('\r\n\r\n');
  const [head, text] = [whole.slice(0, end), whole.slice(end + 4)];
  const cookies = [...head.matchAll(/^set-cookie: (.*)$/gim)].map(([, line = '']) => line.trim());
  return { status: Number(head.slice(9, 12)), head, text, code: /"code":"(\w+)"/.exec(text)?.[1], cookies };
}

function toText(url: string, { method, path, lines = [], body }: Ask): string {
  const has = (name: string) => lines.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const added = [
    ...(has('host') ? [] : [`Host: ${new URL(url).host}`]),
    ...(body === undefined || has('content-length') || has('transfer-encoding')
      ? []
      : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`]),
    'Connection: close',
  ];
  const first = `${method ?? (body === undefined ? 'GET' : 'POST')} ${path} HTTP/1.1`;
  return `${[first, ...added, ...lines].join('\r\n')}\r\n\r\n${body ?? ''}`;
}

// A server that rejects early may reset the connection; what it said before counts.
function send(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) });
    const finish = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    socket.setTimeout(PATIENCE_MS, finish);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', finish);
    socket.on('close', finish);
    socket.write(text, 'latin1');
  });
}
