// One value for each object: like a weak map, for any object that a request can be.
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { createObjectMemory } from '#lib/auth/request-state.js';

const FORMS: readonly (readonly [string, () => object])[] = [
  ['a plain object', () => ({ headers: {} })],
  ['an object without a prototype', () => Object.create(null) as object],
  ['a frozen object', () => Object.freeze({ headers: {} })],
  ['a sealed object', () => Object.seal({ headers: {} })],
  ['a function', () => () => undefined],
  ['a proxy', () => new Proxy({ headers: {} }, {})],
];

describe.each(FORMS)('The memory of %s', (_form, create) => {
  it('gives what was kept last, and nothing once it was forgotten', () => {
    const memory = createObjectMemory<string>();
    const object = create();
    expect(memory.get(object)).toBeUndefined();
    memory.set(object, 'one');
    memory.set(object, 'two');
    expect([memory.get(object), memory.get(create())]).toEqual(['two', undefined]);
    memory.set(object, undefined);
    expect(memory.get(object)).toBeUndefined();
  });

  it('is apart from every other memory', () => {
    const [memory, other] = [createObjectMemory<string>(), createObjectMemory<string>()];
    const object = create();
    memory.set(object, 'ours');
    expect(other.get(object)).toBeUndefined();
  });

  it('shows nowhere', () => {
    const memory = createObjectMemory<string>();
    const object = create();
    const before = [Reflect.ownKeys(object), inspect(object, { showHidden: true, showProxy: true })];
    memory.set(object, 'hush');
    expect([Reflect.ownKeys(object), inspect(object, { showHidden: true, showProxy: true })]).toEqual(before);
  });
});

describe('An object memory', () => {
  it('does not follow an object into its copies, heirs and proxies', () => {
    const memory = createObjectMemory<string>();
    const object = { headers: {} };
    memory.set(object, 'one');
    const others = [
      { ...object },
      Object.create(object) as object,
      new Proxy(object, {}),
      structuredClone(object),
    ];
    expect(others.map((other) => memory.get(other))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('keeps a value when its object is frozen afterwards', () => {
    const memory = createObjectMemory<string>();
    const object = { headers: {} };
    memory.set(object, 'one');
    Object.freeze(object);
    expect(memory.get(object)).toBe('one');
    memory.set(object, 'two');
    expect(memory.get(object)).toBe('two');
  });
});
