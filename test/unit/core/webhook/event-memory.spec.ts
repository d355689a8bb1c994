// Each handler processes each event once, in one process and in several that share a store.
import { describe, expect, it } from '@jest/globals';
import type { KeyValueStore } from '#lib/core/store/key-value-store.js';
import { EventMemory } from '#lib/core/webhook/event-memory.js';
import { codeLater, createClock, NOW_MS } from '../../../support/tokens.js';

const DAY_MS = 24 * 3_600_000;

// As a server, with the clock of the test.
class SharedStore implements KeyValueStore {
  readonly entries = new Map<string, { readonly value: string; readonly untilMs: number }>();
  constructor(readonly clock: () => number = () => NOW_MS) {}

  get(key: string): Promise<string | undefined> {
    const entry = this.entries.get(key);
    return Promise.resolve(entry !== undefined && entry.untilMs > this.clock() ? entry.value : undefined);
  }

  set(key: string, value: string, ttlMs: number): Promise<void> {
    this.entries.set(key, { value, untilMs: this.clock() + ttlMs });
    return Promise.resolve();
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.entries.delete(key));
  }

  async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    if ((await this.get(key)) !== undefined) return false;
    await this.set(key, value, ttlMs);
    return true;
  }
}

function create(store?: KeyValueStore, clock: () => number = () => NOW_MS) {
  const memory = new EventMemory(clock, store);
  const calls: string[] = [];
  const run = (key: string) => memory.runOnce(key, () => Promise.resolve(void calls.push(key)));
  return { memory, calls, run };
}

function createGate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('EventMemory', () => {
  it('runs once for a key, and for a day', async () => {
    let now = NOW_MS;
    const { calls, run } = create(undefined, () => now);
    for (const key of ['a', 'a', 'b', 'a']) await run(key);
    expect(calls).toEqual(['a', 'b']);
    now += DAY_MS - 1;
    await run('a');
    now += 1;
    await run('a');
    expect(calls).toEqual(['a', 'b', 'a']);
  });

  it('lets those wait who come while it runs, and runs again after a failure', async () => {
    const { memory } = create();
    const { open, opened } = createGate();
    let runs = 0;
    const failing = () =>
      memory.runOnce('a', async () => {
        runs += 1;
        await opened;
        throw new Error('Not yet.');
      });
    const both = Promise.allSettled([failing(), failing()]);
    open();
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(runs).toBe(1);
    await expect(failing()).rejects.toThrow('Not yet.');
    expect(runs).toBe(2);
  });

  it('holds a bounded number of keys', async () => {
    const { calls, run } = create();
    for (let index = 0; index < 20_001; index += 1) await run(String(index));
    await run('20000');
    expect(calls).toHaveLength(20_001);
    await run('0'); // the oldest was forgotten
    expect(calls).toHaveLength(20_002);
  });

  it('runs in one of the processes that share a store', async () => {
    const store = new SharedStore();
    const [one, two] = [create(store), create(store)];
    await one.run('a');
    await two.run('a');
    expect([one.calls, two.calls]).toEqual([['a'], []]);
  });

  it('asks for another delivery while another process runs it, and runs it if that one fails or ends', async () => {
    let now = NOW_MS;
    const clock = () => now;
    const store = new SharedStore(clock);
    const [one, two] = [create(store, clock), create(store, clock)];
    const { open, opened } = createGate();
    const failing = one.memory.runOnce('a', async () => {
      await opened;
      throw new Error('Not yet.');
    });
    const settled = expect(failing).rejects.toThrow('Not yet.');
    await new Promise(setImmediate);
    expect(await codeLater(() => two.run('a'))).toBe('EVENT_IN_PROGRESS');
    open();
    await settled;
    await two.run('a');
    expect(two.calls).toEqual(['a']);
    void one.memory.runOnce('b', () => new Promise<never>(() => undefined)); // this process ends meanwhile
    await new Promise(setImmediate);
    expect(await codeLater(() => two.run('b'))).toBe('EVENT_IN_PROGRESS');
    now += 60_001;
    await two.run('b');
    expect(two.calls).toEqual(['a', 'b']);
  });

  it('runs where the store cannot be reached: twice is better than never', async () => {
    const down = () => Promise.reject(new Error('down'));
    const { calls, run } = create({ get: down, set: down, delete: down, setIfAbsent: down });
    await run('a');
    await run('a');
    expect(calls).toEqual(['a']);
  });

  it('runs in each process where the store cannot say which is the first', async () => {
    const { get, set, delete: remove } = new SharedStore();
    const plain = { get, set, delete: remove };
    const [one, two] = [create(plain), create(plain)];
    await one.run('a');
    await two.run('a');
    expect([one.calls, two.calls]).toEqual([['a'], ['a']]);
  });

  it('shows no id or signature in the store', async () => {
    const store = new SharedStore(createClock());
    await create(store).run('id:A2secret:Accounts.forget');
    expect(store.entries.size).toBe(1);
    expect(JSON.stringify([...store.entries])).not.toMatch(/A2secret|Accounts/);
  });
});
