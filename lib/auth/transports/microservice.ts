// Microservices: credentials are read from the metadata of gRPC and the headers of a broker's message, never from a payload.
import type { ExecutionContext } from '@nestjs/common';
import { HttpException } from '@nestjs/common';
import type { RequestLike } from '../../core/http/request.js';
import type { DescopeTransport } from './transport.js';
import { readOwnMember, toThrown } from './transport.js';

// The guard and the parameters have different contexts of the same message.
const requests = new WeakMap<object, RequestLike>();

/**
 * Authenticates messages of gRPC (metadata), NATS, Kafka, RabbitMQ and MQTT 5 (headers) by their `authorization`. Redis and
 * TCP have no headers, so every caller is anonymous there. It is not on unless it is in the option `transports`, because any
 * publisher of a broker can send a token there that it received as another service.
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
  toRejection: (rejection, context) => toThrown('rpc', rejection, toGrpcBody(rejection, context)),
};

const GRPC_CODES = new Map([
  [400, 3], // INVALID_ARGUMENT
  [401, 16], // UNAUTHENTICATED
  [403, 7], // PERMISSION_DENIED
  [429, 8], // RESOURCE_EXHAUSTED
  [503, 14], // UNAVAILABLE
]);

// gRPC has its own status codes, and one text.
function toGrpcBody(rejection: unknown, context: ExecutionContext): object | undefined {
  const [data, carrier] = context.getArgs<[unknown, unknown]>();
  if (!(rejection instanceof HttpException) || findMetadata(data, carrier) === undefined) return undefined;
  const body = rejection.getResponse() as string | { readonly code: string; readonly message: string };
  const text = typeof body === 'string' ? body : `${body.code}: ${body.message}`;
  return { code: GRPC_CODES.get(rejection.getStatus()) ?? 2, message: text, details: text };
}

// The headers of a message, from Nest's contexts of microservices.

type Headers = Record<string, string | readonly string[]>;

/** Metadata of gRPC, recognised by its functions, which no payload can contain. */
interface Metadata {
  getMap(): object;
  get(name: string): readonly unknown[];
}

/** Reads the headers of a message; none if its transport has none. Cookies are left out: only browsers have them. */
export function findMessageHeaders(data: unknown, carrier: unknown): Headers {
  const headers: Headers = {};
  for (const [name, values] of listHeaders(data, carrier)) {
    const key = name.toLowerCase();
    const texts = values.map(toText).filter((text) => text !== undefined);
    if (key === 'cookie' || texts.length === 0) continue;
    // Two spellings of one name are two values: as a credential they are malformed.
    const all = [...(Object.hasOwn(headers, key) ? [headers[key] ?? []].flat() : []), ...texts];
    Object.defineProperty(headers, key, {
      value: all.length === 1 ? all[0] : all,
      enumerable: true,
      configurable: true,
    });
  }
  return headers;
}

/** Finds the metadata of a gRPC call: beside the payload, or on the call if the handler receives that. */
export function findMetadata(data: unknown, carrier: unknown): Metadata | undefined {
  if (isMetadata(carrier)) return carrier;
  const onCall = hasMethod(data, 'sendMetadata') ? readMember(data, 'metadata') : undefined;
  return isMetadata(onCall) ? onCall : undefined;
}

function listHeaders(data: unknown, carrier: unknown): [name: string, values: readonly unknown[]][] {
  const metadata = findMetadata(data, carrier);
  if (metadata !== undefined) return Object.keys(metadata.getMap()).map((name) => [name, metadata.get(name)]);
  const headers = findBrokerHeaders(carrier);
  if (typeof headers !== 'object' || headers === null) return [];
  const pairs = isIterable(headers) ? [...headers] : Object.entries(headers);
  return pairs.filter(isPair).map(([name, value]) => [name, Array.isArray(value) ? value : [value]]);
}

// NatsContext, KafkaContext, RmqContext and MqttContext are recognised by their methods.
function findBrokerHeaders(carrier: unknown): unknown {
  if (hasMethod(carrier, 'getHeaders')) return carrier.getHeaders();
  if (hasMethod(carrier, 'getPacket')) return readPath(carrier.getPacket(), ['properties', 'userProperties']);
  if (!hasMethod(carrier, 'getMessage')) return undefined;
  const path = hasMethod(carrier, 'getChannelRef') ? ['properties', 'headers'] : ['headers'];
  return readPath(carrier.getMessage(), path);
}

function readPath(value: unknown, path: readonly string[]): unknown {
  return path.reduce(readMember, value);
}

function readMember(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function hasMethod<N extends string>(value: unknown, name: N): value is Record<N, () => unknown> {
  return typeof readMember(value, name) === 'function';
}

function isMetadata(value: unknown): value is Metadata {
  return hasMethod(value, 'getMap') && hasMethod(value, 'get');
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

function isPair(value: unknown): value is [string, unknown] {
  return Array.isArray(value) && typeof value[0] === 'string';
}

function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Buffer.isBuffer(value) ? value.toString('latin1') : undefined;
}
