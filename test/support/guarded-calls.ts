// Very many calls of the guard without a server: each a request of its own, as Nest hands it to a guard.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExecutionContext, INestApplicationContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { AuthGuard } from 'nestjs-descope';

const TURN = 10_000; // calls between which a process hears of what others do

/** What the guard returned. */
export interface GuardedCalls {
  /** Calls to which it returned `true` and no promise. */
  readonly accepted: number;
  /** Calls to which it returned a promise. */
  readonly waiting: number;
}

export class CalledController {
  read(): void {}
}

/** Calls the guard with these tokens in turn. `onCall` is called before each. */
export async function callGuard(
  app: INestApplicationContext,
  tokens: readonly string[],
  { count, onCall = () => undefined }: { count: number; onCall?: (index: number) => void },
): Promise<GuardedCalls> {
  const guard = app.get(AuthGuard);
  let [accepted, waiting] = [0, 0];
  for (let index = 0; index < count; index += 1) {
    if (index % TURN === 0) await nextTurn();
    onCall(index);
    const result = guard.canActivate(toContext(tokens[index % tokens.length] as string));
    if (result === true) accepted += 1;
    else {
      waiting += 1;
      if (!(await result)) throw new Error('The guard must accept the token.');
    }
  }
  return { accepted, waiting };
}

function toContext(token: string): ExecutionContext {
  const authorization = `Bearer ${token}`;
  const request = {
    method: 'GET',
    url: '/orders',
    originalUrl: '/orders',
    headers: { host: 'orders.example.com', authorization },
    rawHeaders: ['Host', 'orders.example.com', 'Authorization', authorization],
  };
  const response = { setHeader: () => undefined, appendHeader: () => undefined };
  const { read } = CalledController.prototype;
  const context = new ExecutionContextHost([request, response], CalledController, read);
  context.setType('http');
  return context;
}
