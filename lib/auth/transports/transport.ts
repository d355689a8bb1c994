// What the guard must be told of a transport: where a context keeps its request, and in which form a rejection is thrown.
import type { ArgumentsHost, ExceptionFilter, ExecutionContext } from '@nestjs/common';
import { HttpException } from '@nestjs/common';

/** Teaches the guard a kind of execution context. What it cannot find is rejected. */
export interface DescopeTransport {
  /** The context's type, as Nest names it (`context.getType()`): `'http'`, `'graphql'`, `'ws'`, `'rpc'`, `'rmq'`, … */
  readonly type: string;
  /** Finds what carries the credentials: an object with `headers`, Node's own request or one like it; or a wrapper with `raw`. */
  findRequest(context: ExecutionContext): unknown;
  /**
   * Is told of the request of a call that may reach its handler. For transports where one request serves many calls
   * (a socket's messages): `findRequest` then gives each call an object of its own, so that each is judged anew.
   */
  keepRequest?(context: ExecutionContext, request: object): void;
  /** Finds that request again for the handler's parameters. Default: `findRequest`. */
  recallRequest?(context: ExecutionContext): unknown;
  /** Finds what the answer's headers are written to. Default: nothing. */
  findResponse?(context: ExecutionContext): unknown;
  /** Finds what is made anew for each call, where a request makes several: GraphQL's `info`. Default: nothing, for one. */
  findCall?(context: ExecutionContext): object | undefined;
  /** Reads a parameter of the call, for `'param:…'`. Default: nothing. */
  readParam?(context: ExecutionContext, name: string): unknown;
  /**
   * Whether this call changes nothing, so that another site's page may cause it; then a cookie counts without proof
   * of its origin. Default: by the method of the request (RFC 9110 §9.2.1).
   */
  isSafe?(context: ExecutionContext): boolean;
  /** Turns a rejection (an `HttpException`) into what this transport throws. Default: as it is. */
  toRejection?(rejection: unknown, context: ExecutionContext): unknown;
}

// In which form a rejection is thrown where Nest's own filters pass on one class of exceptions only.

/** The exception class of a package that applications may or may not have: `WsException`, `RpcException`. */
export type TransportException = new (error: object) => Error;

const classes = new Map<string, TransportException>();
let socketFilter: ExceptionFilter | undefined;

/** Learns the class that a kind of context throws; asked for at boot, where an application has such handlers. */
export function setTransportException(type: string, thrown: TransportException): void {
  classes.set(type, thrown);
}

/** Brings a rejection to that form; as it is where the class is not known, and then Nest's filters say less of it. */
export function toThrown(type: string, rejection: unknown, body?: object): unknown {
  const thrown = classes.get(type);
  if (thrown === undefined || !(rejection instanceof HttpException)) return rejection;
  return Object.defineProperty(new thrown(body ?? toBody(rejection)), 'cause', { value: rejection });
}

/** Learns what answers an exception over a socket: the base of Nest's own filters. */
export function setSocketFilter(filter: ExceptionFilter): void {
  socketFilter = filter;
}

/** Answers a message of a socket, as Nest does where nothing else catches what was thrown. */
export function respondToSocket(thrown: unknown, host: ArgumentsHost): void {
  socketFilter?.catch(thrown, host);
}

/** Reads what a microservice answers in place of what was thrown. */
export function readThrown(thrown: unknown): unknown {
  if (thrown instanceof HttpException) return toBody(thrown);
  const { getError } = thrown as { readonly getError?: () => unknown };
  return typeof getError === 'function' ? getError.call(thrown) : thrown;
}

function toBody(rejection: HttpException): object {
  return { status: 'error', ...(rejection.getResponse() as object) };
}

// HTTP: the request of Express or Fastify, and the reply to it.

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
