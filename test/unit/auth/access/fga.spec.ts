// Questions about relations that one request has at a time are one call, and no answer outlives it.
import { describe, expect, it } from '@jest/globals';
import type { Relation } from '#lib/auth/access/fga.js';
import { RelationCheck } from '#lib/auth/access/fga.js';
import { readFgaContext } from '#lib/auth/access/fga-context.js';
import type { Notice } from '#lib/core/logging.js';

const BASE_URL = 'https://api.descope.com';

const OFFICE = { ip: '10.1.2.3' };

const view = (resource: string, target = 'ada'): Relation => {
  return { resourceType: 'doc', resource, relation: 'can_view', targetType: 'user', target };
};

type Answer = (tuple: Relation) => object;

// The vendor's client at the edge of the network: it allows what is called "plan".
const createCheck = (answer: Answer = ({ resource }) => ({ allowed: resource === 'plan' })) => {
  const calls: string[][] = [];
  const contexts: unknown[] = [];
  const notices: Notice[] = [];
  const checkWithContext = async (relations: Relation[], context?: object) => {
    calls.push(relations.map(({ resource }) => resource));
    contexts.push(context);
    await new Promise((resolve) => setImmediate(resolve));
    return { ok: true, data: relations.map((tuple) => ({ ...answer(tuple), tuple })).reverse() };
  };
  const check = (relations: Relation[]) => checkWithContext(relations);
  const client = { management: { fga: { check, checkWithContext } } };
  const notify = (notice: Notice) => void notices.push(notice);
  const relations = new RelationCheck({ client, timeoutMs: 1000, notify, baseUrl: BASE_URL });
  return { calls, contexts, notices, check: relations };
};

describe('RelationCheck', () => {
  it('asks once for what a request wants to know at a time, each thing once', async () => {
    const { calls, check } = createCheck();
    const request = {};
    const answers = await Promise.all([
      check.ask(request, [view('plan'), view('note')]),
      check.ask(request, [view('note'), view('plan')]),
      Promise.resolve().then(() => check.ask(request, [view('other')])),
    ]);
    expect(answers).toEqual([[true, false], [false, true], [false]]);
    expect(calls).toEqual([['plan', 'note', 'other']]);
  });

  it('asks for each request apart, and anew the next time', async () => {
    const { calls, check } = createCheck();
    const [one, other] = [{}, {}];
    await Promise.all([check.ask(one, [view('plan')]), check.ask(other, [view('plan')])]);
    await check.ask(one, [view('plan')]);
    expect(calls).toEqual([['plan'], ['plan'], ['plan']]);
  });

  it('calls Descope for no relation if there is none to check', async () => {
    const { calls, check } = createCheck();
    expect(await check.ask({}, [])).toEqual([]);
    expect(calls).toEqual([]);
  });

  it('asks nothing about half of a surrogate pair, and is not put out of action by it', async () => {
    const { calls, check } = createCheck();
    const asked = [view('plan\ud800'), view('plan'), view('plan', 'ada\udfff')];
    expect(await check.ask({}, asked)).toEqual([false, true, false]);
    expect(calls).toEqual([['plan']]);
    expect(await check.ask({}, [view('\ud800')])).toEqual([false]);
    expect(calls).toHaveLength(1);
  });

  it('fails for all waiting requests, and for no later request', async () => {
    let isDown = true;
    const { check: relations } = createCheck(() => {
      if (isDown) throw new Error('down');
      return { allowed: true };
    });
    const request = {};
    const settled = await Promise.allSettled([1, 2].map(() => relations.ask(request, [view('plan')])));
    expect(settled).toMatchObject([1, 2].map(() => ({ reason: { code: 'FGA_UNAVAILABLE' } })));
    isDown = false;
    expect(await relations.ask(request, [view('plan')])).toEqual([true]);
  });

  it('asks once for each context, whatever the order of its names', async () => {
    const { calls, contexts, check } = createCheck();
    const request = {};
    const read = (given: object) => readFgaContext(given, 'here');
    await Promise.all([
      check.ask(request, [view('plan')], read({ ...OFFICE, hour: 9 })),
      check.ask(request, [view('note')], read({ hour: 9, late: undefined, ...OFFICE })),
      check.ask(request, [view('note')], read(OFFICE)),
      check.ask(request, [view('note')]),
    ]);
    expect(calls).toEqual([['plan', 'note'], ['note'], ['note']]);
    expect(contexts).toEqual([{ hour: 9, ...OFFICE }, OFFICE, undefined]);
  });

  it('asks in calls of 500, and keeps every answer', async () => {
    const { calls, check } = createCheck(({ resource }) => ({ allowed: Number(resource) % 3 === 0 }));
    const names = Array.from({ length: 2750 }, (_, index) => String(index));
    const answers = await check.ask(
      {},
      names.map((name) => view(name)),
    );
    expect(answers).toEqual(names.map((name) => Number(name) % 3 === 0));
    expect(calls.map(({ length }) => length)).toEqual([500, 500, 500, 500, 500, 250]);
  });

  it('names the relations that it could not check, three at most, and no resource', async () => {
    const { notices, check } = createCheck(() => {
      throw new Error('down');
    });
    const asked = ['a', 'b', 'a', 'c', 'd'].map((relation) => ({ ...view('plan'), relation }));
    await expect(check.ask({}, asked)).rejects.toMatchObject({ code: 'FGA_UNAVAILABLE' });
    const message = notices[0]?.message;
    expect(message).toContain('This check was of doc#a, doc#b, doc#c and others.');
    expect(message).not.toContain('plan');
  });

  it('starts no further call after one has failed', async () => {
    const { calls, check } = createCheck(({ resource }) => {
      if (resource === '0') throw new Error('down');
      return { allowed: true };
    });
    const names = Array.from({ length: 5000 }, (_, index) => String(index));
    await expect(
      check.ask(
        {},
        names.map((name) => view(name)),
      ),
    ).rejects.toMatchObject({ code: 'FGA_UNAVAILABLE' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toHaveLength(4);
  });

  it.each([
    [{ missingContext: ['ip', 'hour'] }, 'doc#can_view, which needs ip, hour.'],
    [{ missingContext: ['a secret value'], conditionalErr: 'no such overload: 7' }, 'denied doc#can_view.'],
  ])('reports a condition that Descope could not evaluate, by names alone (%j)', async (info, text) => {
    const { notices, check } = createCheck(() => ({ allowed: false, info }));
    expect(await check.ask({}, [view('plan')], OFFICE)).toEqual([false]);
    expect(notices).toEqual([
      { code: 'FGA_CONTEXT_MISSING', level: 'warn', message: expect.stringContaining(text) },
    ]);
    expect(JSON.stringify(notices)).not.toMatch(/secret|overload|10\.1/);
  });

  it('reports nothing where Descope allows without the value', async () => {
    const { notices, check } = createCheck(() => ({ allowed: true, info: { missingContext: ['ip'] } }));
    expect(await check.ask({}, [view('plan')], OFFICE)).toEqual([true]);
    expect(notices).toEqual([]);
  });
});

describe('readFgaContext', () => {
  it.each([
    [undefined, undefined],
    [null, undefined],
    [{}, undefined],
    [{ ip: undefined, hour: null }, undefined],
    [
      { b: true, a: 'x', n: 0, l: ['DE', 7, false] },
      { a: 'x', b: true, l: ['DE', 7, false], n: 0 },
    ],
    [Object.assign(Object.create(null) as object, { a: '' }), { a: '' }],
  ])('reads %j', (given, context) => {
    expect(readFgaContext(given, 'here')).toEqual(context);
  });

  it('keeps a name such as __proto__ as a name', () => {
    const context = readFgaContext(JSON.parse('{"__proto__":"x"}'), 'here');
    expect(Object.entries(context ?? {})).toEqual([['__proto__', 'x']]);
  });

  it.each([['text'], [7], [[]], [new Map()], [new Date(0)], [() => ({})]])(
    'rejects %p, which is no plain object',
    (given) => {
      expect(() => readFgaContext(given, 'here')).toThrow(
        new TypeError('here expects the context as a plain object, such as { ip }.'),
      );
    },
  );

  it.each([
    [{ secret: 'x' }],
    [Number.NaN],
    [1n],
    [Symbol('x')],
    [() => 'x'],
    [[['x']]],
    [[null]],
    [new Date(0)],
  ])('rejects the value %p by the name of its member', (value) => {
    expect(() => readFgaContext({ hour: value }, 'here')).toThrow(
      new TypeError(
        'here: "hour" of the context is not a string, a finite number, a boolean or a list of these.',
      ),
    );
  });
});
