// A carried caller comes from a queue, so it is read strictly: nobody, or exactly what carry() returns.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import type { CallerReference } from 'nestjs-descope/context';
import { CallerStorage, DescopeContext } from '#lib/context/descope.context.js';

let context: DescopeContext;

beforeAll(async () => {
  const module = await Test.createTestingModule({ providers: [CallerStorage, DescopeContext] }).compile();
  context = module.get(DescopeContext);
});

const ANN = { id: 'U2ann', kind: 'user', tenant: 'acme', actor: 'U2support' } as const;

describe('runAs()', () => {
  it('runs a function as the caller, without a user or roles, through awaits', async () => {
    const seen = await context.runAs(ANN, async () => {
      await Promise.resolve();
      return [context.current(), context.carry()];
    });
    expect(seen).toEqual([{ isVerified: false, ...ANN }, ANN]);
    expect(Object.isFrozen(seen[0])).toBe(true);
    expect(context.current()).toBeUndefined();
  });

  it('takes what JSON made of carry(), of anonymous callers too', () => {
    const parsed = JSON.parse(JSON.stringify(ANN)) as CallerReference;
    expect(context.runAs(parsed, () => context.carry())).toEqual(ANN);
    context.runAs(ANN, () => {
      expect(context.runAs(null, () => context.current())).toBeUndefined();
      expect(context.runAs(undefined, () => context.carry())).toBeUndefined();
      expect(context.carry()).toEqual(ANN);
    });
  });

  it('returns what the function returns, and throws what it throws', () => {
    expect(context.runAs(ANN, () => 7)).toBe(7);
    expect(() =>
      context.runAs(ANN, () => {
        throw new Error('own');
      }),
    ).toThrow('own');
  });

  it.each<[string, unknown]>([
    ['a string', 'U2ann'],
    ['an empty string', ''],
    ['false', false],
    ['a list', [ANN]],
    ['an instance of a class', Object.assign(new (class Caller {})(), ANN)],
    ['no members', {}],
    ['no kind', { id: 'U2ann' }],
    ['an unknown kind', { ...ANN, kind: 'admin' }],
    ['a kind that objects inherit', { ...ANN, kind: 'constructor' }],
    ['no id', { kind: 'user' }],
    ['an inherited id', Object.assign(Object.create({ id: 'U2ann' }) as object, { kind: 'user' })],
    ['an empty id', { ...ANN, id: ' ' }],
    ['a long id', { ...ANN, id: 'x'.repeat(513) }],
    ['half a character', { ...ANN, id: '\ud800' }],
    ['a tenant of another type', { ...ANN, tenant: null }],
    ['an actor of another type', { ...ANN, actor: { sub: 'U2support' } }],
    ['roles', { ...ANN, roles: ['admin'] }],
    ['a word that it is verified', { ...ANN, isVerified: true }],
    ['a member that JSON may have', JSON.parse('{"id":"a","kind":"user","__proto__":{}}')],
    ['a symbol', { ...ANN, [Symbol('more')]: 1 }],
  ])('rejects %s, without calling the function or repeating the value', (_what, given) => {
    let isCalled = false;
    const run = () => context.runAs(given as CallerReference, () => (isCalled = true));
    expect(run).toThrow(
      expect.objectContaining({
        code: 'CALLER_INVALID',
        message: expect.stringContaining('carry()') as unknown,
      }),
    );
    expect(run).not.toThrow(/U2ann|admin/);
    expect(isCalled).toBe(false);
  });
});
