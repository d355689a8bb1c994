// What stands between the application and the emulator: passes calls on, or fails as no HTTP framework would.
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Gate {
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #target: string;
  #port = 0;
  #fault: RequestListener | undefined;

  constructor(target: string) {
    this.#target = target;
    this.#server.on('connection', (socket) => socket.on('error', () => undefined));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens; after `reject`, on the same port again. */
  async open(): Promise<void> {
    this.#fault = undefined;
    if (this.#server.listening) return;
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Fails every call that comes from now on. */
  fail(fault: RequestListener): void {
    this.#fault = fault;
    this.#server.closeIdleConnections();
  }

  /** Stops listening, so that connections are rejected. */
  async reject(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => undefined); // the application may hang up whenever it likes
    if (this.#fault !== undefined) {
      this.#fault(request, response);
      return;
    }
    const { method, headers, url } = request;
    const onward = send(this.#target + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }
}
