// GraphQL: what Apollo's and Mercurius's contexts hold, over HTTP and over the socket of subscriptions.
import { HttpException } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { isUpgrade, toOperationRequest } from './graphql-socket.js';
import { readOwnMember } from '../transport/http.js';
import type { DescopeTransport } from '../transport/transport.js';

/** A resolver's arguments; `own` is what the application calls its context. */
interface ResolverCall {
  readonly args: unknown;
  readonly own: Members;
  readonly info: Members;
}

type Members = Readonly<Record<string, unknown>>;

export const graphqlTransport: DescopeTransport = {
  type: 'graphql',
  findRequest,
  findResponse,
  findCall: (context) => toObject(readCall(context).info),
  readParam: (context, name) => readOwnMember(readCall(context).args, name),
  isSafe: (context) => toMembers(readCall(context).info['operation'])['operation'] === 'query',
  toRefusal,
};

// A reference resolver of a federation (`@ResolveReference`) is called without an object of arguments.
function readCall(context: ExecutionContext): ResolverCall {
  const given = context.getArgs<unknown[]>();
  const [args, own, info] = given.length === 3 ? [undefined, given[1], given[2]] : given.slice(1);
  return { args, own: toMembers(own), info: toMembers(info) };
}

function findRequest(context: ExecutionContext): unknown {
  const { own, info } = readCall(context);
  const request = findCarrier(own);
  if (!isUpgrade(request) && !('extra' in toMembers(request))) return request;
  const operation = toObject(info['variableValues']) ?? own; // made anew for each execution, the context is not always
  return toOperationRequest({ ...toSocket(request, own), socket: toObject(request) ?? own, operation });
}

// Mercurius puts its reply beside what the application's own context holds. Where that is one object for all requests,
// it holds the request of another caller: then there is none to be believed.
function findCarrier(own: Members): unknown {
  const { req, request } = own;
  const replied = toMembers(own['reply'])['request'];
  if (replied !== undefined && req !== undefined && toNode(replied) !== toNode(req)) return undefined;
  if ('extra' in own && 'connectionParams' in own) return own; // graphql-ws's context, handed on as it is
  return req ?? replied ?? request;
}

// graphql-ws keeps the upgrade under `extra` and the client's first message as `connectionParams`, Mercurius keeps that
// message as `_connectionInit`.
function toSocket(carrier: unknown, own: Members): { upgrade: unknown; params: unknown } {
  const { extra, connectionParams } = toMembers(carrier);
  if (extra !== undefined) return { upgrade: toMembers(extra)['request'], params: connectionParams };
  const first = own['_connectionInit'] ?? own['connectionParams'];
  return { upgrade: carrier, params: toMembers(first)['headers'] ?? first };
}

// Apollo's own context has no response, but Express's request has.
function findResponse(context: ExecutionContext): unknown {
  const { own } = readCall(context);
  const response = own['res'] ?? own['reply'] ?? toMembers(own['req'])['res'];
  const { headersSent, sent } = toMembers(response);
  return headersSent === true || sent === true ? undefined : response;
}

const CODES: ReadonlyMap<number, string> = new Map([
  [400, 'BAD_REQUEST'],
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
]);

// As Nest's Apollo driver formats it (`autoTransformHttpErrors`); this way Mercurius and subscriptions say the same.
function toRefusal(refusal: unknown): unknown {
  if (!(refusal instanceof HttpException)) return refusal;
  const status = refusal.getStatus();
  const code = CODES.get(status);
  const known = code === undefined ? { code: 'INTERNAL_SERVER_ERROR', status } : { code };
  return Object.assign(refusal, { extensions: { ...known, originalError: refusal.getResponse() } });
}

// Fastify's request wraps Node's.
function toNode(request: unknown): unknown {
  return toMembers(request)['raw'] ?? request;
}

function toObject(value: unknown): object | undefined {
  return typeof value === 'object' && value !== null ? value : undefined;
}

function toMembers(value: unknown): Members {
  return (toObject(value) ?? {}) as Members;
}
