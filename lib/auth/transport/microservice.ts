// Microservices: credentials stand in the metadata of gRPC and in the headers of a broker's message, never in a payload.
import { HttpException } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { RequestLike } from '../../core/transport/request-like.js';
import { readOwnMember } from './http.js';
import { findMessageHeaders, findMetadata } from './message-headers.js';
import { toThrown } from './thrown-form.js';
import type { DescopeTransport } from './transport.js';

// Guard and parameters are given contexts of their own, of the same message.
const requests = new WeakMap<object, RequestLike>();

/**
 * Lets the guard judge messages of gRPC (metadata), NATS, Kafka, RabbitMQ and MQTT 5 (headers) by their `authorization`.
 * Redis and TCP carry no headers, so nobody is signed in there. Not on by itself: whoever may publish to a broker may
 * send a token there that was shown to another service.
 * @example `DescopeModule.forRoot({ transports: [microserviceTransport] })`
 */
export const microserviceTransport: DescopeTransport = {
  type: 'rpc',
  findRequest: (context) => {
    const [data, carrier] = context.getArgs<[unknown, unknown]>();
    const message = typeof carrier === 'object' && carrier !== null ? carrier : data;
    if (typeof message !== 'object' || message === null) return { headers: {} };
    const request = requests.get(message) ?? { headers: findMessageHeaders(data, carrier) };
    requests.set(message, request);
    return request;
  },
  readParam: (context, name) => readOwnMember(context.switchToRpc().getData(), name),
  isSafe: () => false,
  toRefusal: (refusal, context) => toThrown('rpc', refusal, toGrpcBody(refusal, context)),
};

const GRPC_CODES = new Map([
  [400, 3], // INVALID_ARGUMENT
  [401, 16], // UNAUTHENTICATED
  [403, 7], // PERMISSION_DENIED
  [503, 14], // UNAVAILABLE
]);

// gRPC has numbers of its own, and room for one text.
function toGrpcBody(refusal: unknown, context: ExecutionContext): object | undefined {
  const [data, carrier] = context.getArgs<[unknown, unknown]>();
  if (!(refusal instanceof HttpException) || findMetadata(data, carrier) === undefined) return undefined;
  const { code, message } = refusal.getResponse() as { readonly code: string; readonly message: string };
  const text = `${code}: ${message}`;
  return { code: GRPC_CODES.get(refusal.getStatus()) ?? 2, message: text, details: text };
}
