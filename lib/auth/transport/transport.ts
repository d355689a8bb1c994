// What the guard must be told of a transport: where a context keeps its request, and in which form a refusal is thrown.
import type { ExecutionContext } from '@nestjs/common';

/** Teaches the guard a kind of execution context. What it cannot find is refused. */
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
  /** Turns a refusal (an `HttpException`) into what this transport throws. Default: as it is. */
  toRefusal?(refusal: unknown, context: ExecutionContext): unknown;
}
