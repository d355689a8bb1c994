// Instances, connections and a server to which anything may happen, by a seed: once all are well, every instance holds what one holds.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import type { ChannelInstance } from '../../../support/channel-instance.js';
import { createInstance } from '../../../support/channel-instance.js';
import type { MemoryConnection } from '../../../support/memory-channel.js';
import { MemoryServer } from '../../../support/memory-channel.js';

const STEPS = 25;
const MAX_INSTANCES = 5;
const PATIENCE_MS = 20_000;

interface Member {
  readonly instance: ChannelInstance;
  readonly line: MemoryConnection;
}

function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

class World {
  readonly #server = new MemoryServer();
  readonly #random: () => number;
  readonly #members: Member[] = [];
  readonly #done: string[] = [];
  #restore: () => void = () => undefined;
  #users = 0;

  constructor(readonly seed: number) {
    this.#random = createRandom(seed);
  }

  async run(): Promise<void> {
    for (let count = 0; count < 3; count += 1) await this.#join();
    for (let step = 0; step < STEPS; step += 1) {
      this.#change();
      await sleep(Math.floor(this.#random() * 60));
    }
    this.#server.isDown = false;
    for (const { line } of this.#members) line.isCut = line.isDeaf = false;
  }

  /** What is still missing where; empty once every instance and the server have what one instance has. */
  findMissing(): readonly string[] {
    const users = Array.from({ length: this.#users }, (_, index) => index + 1);
    const held = users.filter((user) => this.#members.some(({ instance }) => instance.holds(user)));
    const missing = this.#members.flatMap(({ instance }, index) =>
      held.filter((user) => !instance.holds(user)).map((user) => `${index} lacks ${user}`),
    );
    const { size } = new Set(this.#server.living);
    return size === held.length ? missing : [...missing, `the server has ${size} of ${held.length}`];
  }

  describe(): string {
    return [`seed ${this.seed}`, ...this.#done, ...this.findMissing()].join('\n');
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ instance }) => instance.sharing.close()));
  }

  async #join(): Promise<void> {
    const line = this.#server.connect();
    const instance = createInstance(line, { clock: Date.now, maxSilenceMs: 300 });
    this.#members.push({ instance, line });
    await instance.sharing.start();
  }

  #change(): void {
    const server = this.#server;
    const index = Math.floor(this.#random() * this.#members.length);
    const { instance, line } = this.#members[index] as Member;
    const changes: readonly (readonly [share: number, name: string, run: () => void])[] = [
      [0.45, `${index} revokes ${this.#users + 1}`, () => this.#revoke(instance)],
      [0.09, 'the state is saved', () => (this.#restore = server.save())],
      [0.09, 'the state is as it was saved', () => this.#restore()],
      [0.06, 'the server is empty', () => server.empty()],
      [0.06, 'the records are gone', () => server.trim()],
      [0.07, `${index} is cut off, or no longer`, () => (line.isCut = !line.isCut)],
      [0.07, `${index} is deaf, or no longer`, () => (line.isDeaf = !line.isDeaf)],
      [0.06, 'the server is down, or no longer', () => (server.isDown = !server.isDown)],
      [1, 'another instance', () => this.#members.length < MAX_INSTANCES && void this.#join()],
    ];
    let left = this.#random();
    const [, name, run] = changes.find(([share]) => (left -= share) < 0) as (typeof changes)[number];
    this.#done.push(name);
    run();
  }

  #revoke(instance: ChannelInstance): void {
    this.#users += 1;
    void instance.revoke(this.#users).catch(() => undefined); // it is held, and stored later
  }
}

it.each([1, 101, 201])('loses nothing that an instance holds (16 seeds from %d)', async (first) => {
  const worlds = Array.from({ length: 16 }, (_, index) => new World(first + index));
  await Promise.all(worlds.map((world) => world.run()));
  const endAt = performance.now() + PATIENCE_MS;
  const areDone = () => worlds.every((world) => world.findMissing().length === 0);
  while (!areDone() && performance.now() < endAt) await sleep(50);
  const failed = worlds.filter((world) => world.findMissing().length > 0);
  await Promise.all(worlds.map((world) => world.close()));
  expect(failed.map((world) => world.describe())).toEqual([]);
});
