// What an instance writes back to a log that was lost, while others do the same.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { WriteBack } from '#lib/core/channel/write-back.js';
import type { Revocation } from '#lib/core/revocation/revocation.js';
import { encodeRevocation } from '#lib/core/revocation/revocation.js';
import { toRevocation } from '../../../support/channel-instance.js';

const toRevocations = (length: number): Revocation[] =>
  Array.from({ length }, (_, user) => toRevocation(user));

/** Starts to write back; what it added is in `added`. */
function write(held: readonly Revocation[]) {
  const added: string[][] = [];
  const writeBack = new WriteBack({
    clock: Date.now,
    list: () => held,
    add: async (entries) => void added.push(entries.map(({ text }) => text)),
  });
  return { writeBack, added, done: writeBack.run() };
}

describe('WriteBack', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('adds what is missing, and nothing that another instance added while it waited', async () => {
    const held = toRevocations(50);
    const { writeBack, added, done } = write(held);
    writeBack.found(held.slice(0, 20));
    expect(await done).toBe(true);
    expect(added).toEqual([held.slice(20).map(encodeRevocation)]);
  });

  it('adds nothing where another instance has added all', async () => {
    const held = toRevocations(50);
    const { writeBack, added, done } = write(held);
    writeBack.found(held);
    expect([await done, added]).toEqual([true, []]);
  });

  it('waits again as long as another instance adds very much', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.2); // 100 ms
    const held = toRevocations(10_000);
    const { writeBack, added, done } = write(held);
    for (let start = 0; start < held.length; start += 500) {
      writeBack.found(held.slice(start, start + 500));
      await sleep(20);
    }
    expect([await done, added]).toEqual([true, []]);
  });

  it('ends without having stored all where it is stopped', async () => {
    const { writeBack, added, done } = write(toRevocations(50));
    writeBack.stop();
    expect([await done, added]).toEqual([false, []]);
  });
});
