// What a transport is: where a context has its request, and in which form a rejection is thrown; and the transport of HTTP.
import type { ArgumentsHost, ExceptionFilter, ExecutionContext } from '@nestjs/common';
import { HttpException } from '@nestjs/common';

/**
 * Adds a type of execution context to the guard, by the option `transports`. Calls of an unknown type are rejected with
 * `TRANSPORT_UNKNOWN`.
 * @example
 * ```ts
 * const broker: DescopeTransport = {
 *   type: 'rmq',
 *   findRequest: (context) => context.getArgByIndex<Message>(1).properties, // has `headers`
 * };
 * ```
 */
export interface DescopeTransport {
  /** The type of the context (`context.getType()`): `'http'`, `'graphql'`, `'ws'`, `'rpc'`, `'rmq'`, … */
  readonly type: string;
  /**
   * Finds the request with the credentials of a call.
   * @returns an object with `headers`, such as Node's own request, or an object that has it as `raw`; for any other value the
   *   call is rejected with `TRANSPORT_UNKNOWN`
   */
  findRequest(context: ExecutionContext): unknown;
  /**
   * Receives the request of an accepted call. For transports where one request has many calls, such as a socket's messages:
   * there `findRequest` returns a new object for each call, so that each is authenticated again.
   */
  keepRequest?(context: ExecutionContext, request: object): void;
  /**
   * Finds the request of `keepRequest` again, for the handler's parameters.
   * @returns the request
   * @defaultValue `findRequest`
   */
  recallRequest?(context: ExecutionContext): unknown;
  /**
   * Finds the response whose headers are written.
   * @returns Node's response, or one of Fastify; `undefined` if there is none
   * @defaultValue no response
   */
  findResponse?(context: ExecutionContext): unknown;
  /**
   * Finds an object that is new for each call, if a request has several calls; in GraphQL it is `info`.
   * @returns the object, or `undefined` if the request has one call
   * @defaultValue `undefined`
   */
  findCall?(context: ExecutionContext): object | undefined;
  /**
   * Reads a parameter of the call, for `'param:<name>'`.
   * @returns the value; only a non-empty string counts
   * @defaultValue no parameters
   */
  readParam?(context: ExecutionContext, name: string): unknown;
  /**
   * Checks whether the call changes nothing. If it may change something, a cookie counts only with proof that the request
   * comes from an origin of the application.
   * @returns `true` for a safe call; any other value counts as unsafe
   * @defaultValue decided by the request's HTTP method
   * @see https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1
   */
  isSafe?(context: ExecutionContext): boolean;
  /**
   * Converts a rejection to the exception that this transport throws. It must not be asynchronous.
   * @param rejection an `HttpException`
   * @returns the exception
   * @defaultValue the `HttpException` itself
   */
  toRejection?(rejection: unknown, context: ExecutionContext): unknown;
}

// The form of a rejection for transports where Nest's own filters accept one class of exceptions only.

/** The exception class of an optional package: `WsException`, `RpcException`. */
export type TransportException = new (error: object) => Error;

const classes = new Map<string, TransportException>();
let socketFilter: ExceptionFilter | undefined;

/** Sets the exception class of a type of context, at boot, if the application has such handlers. */
export function setTransportException(type: string, thrown: TransportException): void {
  classes.set(type, thrown);
}

/** Converts a rejection to that class; unchanged if the class is not set, and then Nest's filters send less detail. */
export function toThrown(type: string, rejection: unknown, body?: object): unknown {
  const thrown = classes.get(type);
  if (thrown === undefined || !(rejection instanceof HttpException)) return rejection;
  return Object.defineProperty(new thrown(body ?? toBody(rejection)), 'cause', { value: rejection });
}

/** Sets the filter that sends an exception over a socket: the base class of Nest's own filters. */
export function setSocketFilter(filter: ExceptionFilter): void {
  socketFilter = filter;
}

/** Responds to a message of a socket, as Nest does for an exception that no other filter catches. */
export function respondToSocket(thrown: unknown, host: ArgumentsHost): void {
  socketFilter?.catch(thrown, host);
}

/** Reads the response of a microservice from a thrown value. */
export function readThrown(thrown: unknown): unknown {
  if (thrown instanceof HttpException) return toBody(thrown);
  const { getError } = thrown as { readonly getError?: () => unknown };
  return typeof getError === 'function' ? getError.call(thrown) : thrown;
}

function toBody(rejection: HttpException): object {
  const response = rejection.getResponse();
  const members =
    typeof response === 'string' ? { statusCode: rejection.getStatus(), message: response } : response;
  return { status: 'error', ...members };
}

/** The transport of HTTP: the request and the response of Express or Fastify. */
export const httpTransport: DescopeTransport = {
  type: 'http',
  findRequest: (context) => context.switchToHttp().getRequest(),
  findResponse: (context) => toHttp(context).getResponse(),
  readParam: (context, name) => readOwnMember(findParams(context), name),
};

type HttpArguments = ReturnType<ExecutionContext['switchToHttp']>;

// The first switch leaves its methods on Nest's own context; each further one would create them again.
function toHttp(context: ExecutionContext): HttpArguments {
  const switched = context as ExecutionContext & HttpArguments;
  return Object.hasOwn(context, 'getResponse') ? switched : context.switchToHttp();
}

function findParams(context: ExecutionContext): unknown {
  const request: unknown = context.switchToHttp().getRequest();
  return typeof request === 'object' && request !== null && 'params' in request ? request.params : undefined;
}

/**
 * Finds the object that a message's contexts share: the client of a socket, or the message of a microservice. Of another call
 * there is none.
 */
export function findMessage(context: ArgumentsHost): object | undefined {
  const type: string = context.getType();
  if (type !== 'ws' && type !== 'rpc') return undefined;
  const [first, second] = context.getArgs<[unknown, unknown]>();
  const message = type === 'rpc' && isObject(second) ? second : first;
  return isObject(message) ? message : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Reads an own member of an object; `undefined` for any other value. */
export function readOwnMember(object: unknown, name: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, name)) return undefined;
  return (object as Record<string, unknown>)[name];
}
