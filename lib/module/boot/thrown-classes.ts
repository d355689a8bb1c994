// Learns, at boot, the exceptions that Nest's filters of messages pass on; of packages that an application may not have.
import { learnSocketFilter, learnThrownClass } from '../../auth/transport/thrown-form.js';
import { readMessageTransport } from '../scan/handler-metadata.js';
import type { FoundHandler } from '../scan/handlers.js';

/** Imports the packages of those transports that the application's own handlers take messages of. Never rejects. */
export async function learnThrownClasses(handlers: readonly FoundHandler[]): Promise<void> {
  const transports = new Set(handlers.map(({ handler }) => readMessageTransport(handler)));
  const learning: Promise<void>[] = [];
  if (transports.has('ws')) learning.push(learnWs());
  if (transports.has('rpc')) learning.push(learnRpc());
  await Promise.allSettled(learning); // without them refusals are refusals too, and Nest says less of them
}

async function learnWs(): Promise<void> {
  const { BaseWsExceptionFilter, WsException } = await import('@nestjs/websockets');
  learnThrownClass('ws', WsException);
  learnSocketFilter(new BaseWsExceptionFilter());
}

async function learnRpc(): Promise<void> {
  const { RpcException } = await import('@nestjs/microservices');
  learnThrownClass('rpc', RpcException);
}
