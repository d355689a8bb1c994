// In which form a refusal is thrown where Nest's own filters pass on one class of exceptions only.
import { HttpException } from '@nestjs/common';

/** The exception class of a package that applications may or may not have: `WsException`, `RpcException`. */
export type ThrownClass = new (error: object) => Error;

const classes = new Map<string, ThrownClass>();

/** Learns the class that a kind of context throws; asked for at boot, where an application has such handlers. */
export function learnThrownClass(type: string, thrown: ThrownClass): void {
  classes.set(type, thrown);
}

/** Brings a refusal to that form; as it is where the class is not known, and then Nest's filters say less of it. */
export function toThrown(type: string, refusal: unknown, body?: object): unknown {
  const thrown = classes.get(type);
  if (thrown === undefined || !(refusal instanceof HttpException)) return refusal;
  const answer = body ?? { status: 'error', ...(refusal.getResponse() as object) };
  return Object.defineProperty(new thrown(answer), 'cause', { value: refusal });
}
