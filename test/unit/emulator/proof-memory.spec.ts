// What the emulator remembers of DPoP proofs: how long a nonce is good, and how many used proofs are kept.
import { describe, expect, it } from '@jest/globals';
import { ProofMemory } from '#lib/emulator/dpop/proof-memory.js';

describe('A nonce', () => {
  it('is the same for a minute, and good for another one', () => {
    const memory = new ProofMemory();
    const first = memory.nonceAt(0);
    expect(memory.nonceAt(59_999)).toBe(first);
    const second = memory.nonceAt(60_000);
    expect(second).not.toBe(first);
    expect([memory.isNonce(first, 119_999), memory.isNonce(second, 119_999)]).toEqual([true, true]);
    memory.nonceAt(120_000);
    expect([memory.isNonce(first, 120_000), memory.isNonce(second, 120_000)]).toEqual([false, true]);
    memory.clear();
    expect(memory.isNonce(second, 120_000)).toBe(false);
  });

  it('ends also where nobody has asked for another one, and with a clock that is set back', () => {
    const memory = new ProofMemory();
    const nonce = memory.nonceAt(1_000_000);
    expect([memory.isNonce(nonce, 1_119_999), memory.isNonce(nonce, 1_120_000)]).toEqual([true, false]);
    expect(memory.isNonce(nonce, 999_999)).toBe(false);
    expect(memory.nonceAt(999_999)).not.toBe(nonce);
  });
});

describe('A used proof', () => {
  it('is forgotten above ten thousand, the oldest first', () => {
    const memory = new ProofMemory();
    const all = Array.from({ length: 10_001 }, (_, index) => memory.use(`proof-${index}`));
    expect(all).not.toContain(false);
    expect([memory.use('proof-1'), memory.use('proof-0')]).toEqual([false, true]);
  });
});
