// The transports that a call's application knows: those of the package, and those that it was taught.
import type { ExecutionContext } from '@nestjs/common';
import { findApplications } from '../applications.js';
import { graphqlTransport } from '../graphql/graphql.js';
import { httpTransport } from './http.js';
import type { DescopeTransport } from './transport.js';
import { websocketTransport } from './websocket.js';

const OWN: ReadonlyMap<string, DescopeTransport> = new Map(
  [httpTransport, graphqlTransport, websocketTransport].map((transport) => [transport.type, transport]),
);

/**
 * Finds the transport of a context; one that the application taught goes before the package's own of that type. Where a
 * call may belong to several applications that were taught different ones, there is none to be believed.
 */
export function findTransport(context: ExecutionContext): DescopeTransport | undefined {
  const type = context.getType<string>();
  const applications = findApplications(context);
  const taught = applications[0]?.transports.get(type);
  if (applications.some(({ transports }) => transports.get(type) !== taught)) return undefined;
  return taught ?? OWN.get(type);
}
