// A queue that lives longer than the applications that share it.
import { EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { carryCallers } from '#lib/bullmq/carriers.js';
import { CallerStorage, DescopeContext } from '#lib/context/descope.context.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

// What tells a queue of BullMQ from other objects.
class Queue extends EventEmitter {
  readonly added: unknown[] = [];

  add(...values: readonly unknown[]) {
    this.added.push(values[2]);
  }

  addBulk(): void {}
  obliterate(): void {}
}

function createContext(): DescopeContext {
  return Object.assign(new DescopeContext(), { storage: new CallerStorage() });
}

it('keeps no application in memory, and carries the callers of those that live', async () => {
  const queue = new Queue();
  const ended: WeakRef<DescopeContext>[] = [];
  const end = () => {
    const context = createContext();
    carryCallers(queue, context);
    ended.push(new WeakRef(context));
  };
  for (let count = 0; count < 10; count += 1) end();
  const living = createContext();
  carryCallers(queue, living);
  for (let round = 0; round < 20 && ended.some((one) => one.deref() !== undefined); round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collectGarbage();
  }
  expect(ended.filter((one) => one.deref() !== undefined)).toEqual([]);
  carryCallers(queue, living);
  living.runAs({ id: 'U2ann', kind: 'user' }, () => queue.add('report', {}, {}));
  expect(JSON.stringify(queue.added)).toContain('U2ann');
});
