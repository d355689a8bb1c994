// HTTP: the request of Express or Fastify, and the reply to it.
import type { ExecutionContext } from '@nestjs/common';
import type { DescopeTransport } from './transport.js';

export const httpTransport: DescopeTransport = {
  type: 'http',
  findRequest: (context) => context.switchToHttp().getRequest(),
  findResponse: (context) => context.switchToHttp().getResponse(),
  readParam: (context, name) => readOwnMember(findParams(context), name),
};

function findParams(context: ExecutionContext): unknown {
  const request: unknown = context.switchToHttp().getRequest();
  return typeof request === 'object' && request !== null && 'params' in request ? request.params : undefined;
}

/** Reads a member that an object itself has; of anything else nothing. */
export function readOwnMember(object: unknown, name: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, name)) return undefined;
  return (object as Record<string, unknown>)[name];
}
