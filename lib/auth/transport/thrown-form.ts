// In which form a refusal is thrown where Nest's own filters pass on one class of exceptions only.
import { HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';

/** The exception class of a package that applications may or may not have: `WsException`, `RpcException`. */
export type ThrownClass = new (error: object) => Error;

const classes = new Map<string, ThrownClass>();
let socketFilter: ExceptionFilter | undefined;

/** Learns the class that a kind of context throws; asked for at boot, where an application has such handlers. */
export function learnThrownClass(type: string, thrown: ThrownClass): void {
  classes.set(type, thrown);
}

/** Brings a refusal to that form; as it is where the class is not known, and then Nest's filters say less of it. */
export function toThrown(type: string, refusal: unknown, body?: object): unknown {
  const thrown = classes.get(type);
  if (thrown === undefined || !(refusal instanceof HttpException)) return refusal;
  return Object.defineProperty(new thrown(body ?? toBody(refusal)), 'cause', { value: refusal });
}

/** Learns what answers an exception over a socket: the base of Nest's own filters. */
export function learnSocketFilter(filter: ExceptionFilter): void {
  socketFilter = filter;
}

/** Answers a message of a socket, as Nest does where nothing else catches what was thrown. */
export function answerSocket(thrown: unknown, host: ArgumentsHost): void {
  socketFilter?.catch(thrown, host);
}

/** Reads what a microservice answers in place of what was thrown. */
export function readThrown(thrown: unknown): unknown {
  if (thrown instanceof HttpException) return toBody(thrown);
  const { getError } = thrown as { readonly getError?: () => unknown };
  return typeof getError === 'function' ? getError.call(thrown) : thrown;
}

function toBody(refusal: HttpException): object {
  return { status: 'error', ...(refusal.getResponse() as object) };
}
