// The transports that are known in this process: those of the package, and those that applications taught it.
import { graphqlTransport } from '../graphql/graphql.js';
import { httpTransport } from './http.js';
import type { DescopeTransport } from './transport.js';
import { websocketTransport } from './websocket.js';

// One list for all copies of the package in a process: param decorators are asked without a module at hand.
const TRANSPORTS = Symbol.for('nestjs-descope:transports');
const shared = globalThis as { [TRANSPORTS]?: Map<string, DescopeTransport> };
const transports = (shared[TRANSPORTS] ??= new Map<string, DescopeTransport>());

const OWN: ReadonlyMap<string, DescopeTransport> = new Map(
  [httpTransport, graphqlTransport, websocketTransport].map((transport) => [transport.type, transport]),
);

/** Teaches transports (option `transports`); one of the application goes before the package's own of that type. */
export function learnTransports(taught: readonly DescopeTransport[]): void {
  for (const transport of taught) transports.set(transport.type, transport);
}

/** Finds the transport of a context's type. */
export function findTransport(type: string): DescopeTransport | undefined {
  return transports.get(type) ?? OWN.get(type);
}
