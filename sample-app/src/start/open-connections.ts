// Lets the application end at once: answers what it was asked, and waits for nobody else.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/** How long a request may still take; a client that never ends its own holds nobody up. */
const GRACE_MS = 3000;

// Node's own close() waits a minute for a connection that a browser opened ahead and never used.
@Injectable()
export class OpenConnections implements OnModuleInit, BeforeApplicationShutdown {
  readonly #idle = new Set<Socket>();
  #isEnding = false;

  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    this.#server().on('connection', (socket) => {
      this.#rest(socket);
      socket.once('close', () => this.#idle.delete(socket));
    });
    this.#server().prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.#idle.delete(socket);
      response.once('close', () => this.#rest(socket));
    });
  }

  beforeApplicationShutdown(): void {
    this.#isEnding = true;
    for (const socket of this.#idle) socket.destroy();
    setTimeout(() => this.#server().closeAllConnections(), GRACE_MS).unref();
  }

  #server(): Server {
    return this.host.httpAdapter.getHttpServer() as Server;
  }

  #rest(socket: Socket): void {
    if (this.#isEnding) return void socket.end();
    if (!socket.destroyed) this.#idle.add(socket);
  }
}
