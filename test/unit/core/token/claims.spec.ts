// Claims are read as own properties, by their exact type, and frozen with everything in them.
import { describe, expect, it } from '@jest/globals';
import {
  estimateBytes,
  freezeDeep,
  isJsonObject,
  isWellFormed,
  readNames,
  readOwn,
  readText,
} from '#lib/core/token/claims.js';

const inherited = Object.create({ sub: 'U2eve', roles: ['admin'] }) as Record<string, unknown>;

describe('A claim', () => {
  it('is what the object itself has, also when a prototype was polluted', () => {
    expect([readOwn(inherited, 'sub'), readText(inherited, 'sub'), readNames(inherited, 'roles')]).toEqual([
      undefined,
      undefined,
      [],
    ]);
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(readOwn({}, name)).toBeUndefined();
    expect(readOwn(JSON.parse('{"__proto__":7}') as Record<string, unknown>, '__proto__')).toBe(7);
    expect(readOwn({ hasOwnProperty: () => true }, 'sub')).toBeUndefined();
  });

  it('is text only where it is text, and names only where all of it is', () => {
    for (const value of [7, '', null, ['a'], { a: 1 }, true])
      expect(readText({ value }, 'value')).toBeUndefined();
    for (const value of ['a', ['a', 7], { 0: 'a', length: 1 }, null])
      expect(readNames({ value }, 'value')).toEqual([]);
    expect([readText({ value: ' a' }, 'value'), readNames({ value: ['a', ''] }, 'value')]).toEqual([
      ' a',
      ['a', ''],
    ]);
  });
});

describe('isJsonObject', () => {
  it('takes neither null nor a list nor a text for one', () => {
    expect([{}, inherited].map(isJsonObject)).toEqual([true, true]);
    expect([null, [], 'x', 7, undefined, () => 1].some(isJsonObject)).toBe(false);
  });
});

describe('isWellFormed', () => {
  it('finds half a surrogate pair anywhere, and lets whole ones be', () => {
    for (const text of ['\ud800', 'a\udfff', '\udc00\ud800', 'a\ud83da'])
      expect(isWellFormed(text)).toBe(false);
    for (const text of ['', 'a', 'é', '\u{1f600}', '\ufffd', '\uffff']) expect(isWellFormed(text)).toBe(true);
  });
});

describe('freezeDeep', () => {
  it('freezes every object and list', () => {
    const value = { a: [{ b: null }], c: { d: [] as unknown[] } };
    freezeDeep(value);
    for (const part of [value, value.a, value.a[0], value.c, value.c.d])
      expect(Object.isFrozen(part)).toBe(true);
  });
});

describe('estimateBytes', () => {
  it('tells what a value takes: more for longer texts, more members and deeper nesting', () => {
    const sizes = [{}, { a: 1 }, { a: 'xy' }, { a: 'x'.repeat(100) }, { a: [['x'.repeat(100)]] }].map(
      (value) => estimateBytes(value),
    );
    expect(sizes).toEqual([...sizes].sort((one, other) => one - other));
    expect(new Set(sizes).size).toBe(sizes.length);
    expect(estimateBytes(JSON.parse(`{"a":[${'[],'.repeat(1000)}1]}`) as object)).toBeGreaterThan(60_000);
  });
});
