// What is promised is told by its `then`, and what counts as a yes by being `true`.
import { describe, expect, it } from '@jest/globals';
import { attempt, isThenable, isYes, whenReady } from '#lib/core/maybe-promise.js';

const toThenable = (then: unknown): PromiseLike<number> => ({ then }) as PromiseLike<number>;
const double = (value: number) => value * 2;

describe('A promised value', () => {
  it.each<[string, unknown, boolean]>([
    ["the platform's promise", Promise.resolve(1), true],
    ['an object with a then', toThenable(() => undefined), true],
    [
      'a function with a then',
      Object.assign(
        () => 1,
        toThenable(() => undefined),
      ),
      true,
    ],
    ['one that inherits it', Object.create(toThenable(() => undefined)), true],
    ['an object whose then is no function', { then: 'later' }, false],
    ['a function', () => 1, false],
    ['nothing', undefined, false],
    ['null', null, false],
    ['a text', 'then', false],
  ])('is told by its then: %s', (_what, value, expected) => {
    expect(isThenable(value)).toBe(expected);
  });

  it('is waited for, and a value at hand is not', async () => {
    expect(whenReady(1, double)).toBe(2);
    const later = whenReady(
      toThenable((resolve: (value: number) => void) => setImmediate(resolve, 1)),
      double,
    );
    expect(isThenable(later)).toBe(true);
    await expect(later).resolves.toBe(2);
  });

  it('counts once, by its first answer', async () => {
    let calls = 0;
    const twice = toThenable((resolve: (value: number) => void, reject: (error: Error) => void) => {
      resolve(1);
      resolve(2);
      reject(new Error('late'));
    });
    const result = whenReady(twice, (value) => {
      calls += 1;
      return value;
    });
    await expect(result).resolves.toBe(1);
    expect(calls).toBe(1);
  });

  it('whose then throws is one that failed', async () => {
    const broken = toThenable(() => {
      throw new Error('broken');
    });
    await expect(whenReady(broken, double)).rejects.toThrow('broken');
  });

  it('that never comes lets nothing go on', async () => {
    let isCalled = false;
    const result = whenReady(
      toThenable(() => undefined),
      () => (isCalled = true),
    );
    const first = await Promise.race([result, new Promise((resolve) => setTimeout(resolve, 20, 'waiting'))]);
    expect([first, isCalled]).toEqual(['waiting', false]);
  });
});

describe('A failure', () => {
  const recover = (error: unknown) => `recovered from ${(error as Error).message}`;
  const fail = (): string => {
    throw new Error('it');
  };

  it('is recovered from at once, or later', async () => {
    expect(attempt(fail, recover)).toBe('recovered from it');
    await expect(attempt(async () => fail(), recover)).resolves.toBe('recovered from it');
    expect(attempt(() => 'fine', recover)).toBe('fine');
    await expect(attempt(async () => 'fine', recover)).resolves.toBe('fine');
  });
});

describe('A yes', () => {
  it('is true and nothing else', () => {
    const others = [
      false,
      1,
      'true',
      'yes',
      {},
      [],
      new Boolean(true),
      Promise.resolve(true),
      null,
      undefined,
    ];
    expect([isYes(true), ...others.map(isYes)]).toEqual([true, ...others.map(() => false)]);
  });
});
