// Questions about relations that one request has at a time are one call, and no answer outlives it.
import { describe, expect, it } from '@jest/globals';
import type { Relation } from '#lib/auth/access/fga.js';
import { RelationCheck } from '#lib/auth/access/fga.js';

const BASE_URL = 'https://api.descope.com';

const view = (resource: string, target = 'ada'): Relation => {
  return { resourceType: 'doc', resource, relation: 'can_view', targetType: 'user', target };
};

// The vendor's client at the edge of the network: it allows what is called "plan".
const createCheck = () => {
  const calls: string[][] = [];
  const check = async (relations: Relation[]) => {
    calls.push(relations.map(({ resource }) => resource));
    const data = relations.map((tuple) => ({ allowed: tuple.resource === 'plan', tuple }));
    return { ok: true, data: data.reverse() };
  };
  const client = { management: { fga: { check } } };
  return {
    calls,
    check: new RelationCheck({ client, timeoutMs: 1000, notify: () => undefined, baseUrl: BASE_URL }),
  };
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

  it('fails for all waiting requests, and for no later request', async () => {
    let isDown = true;
    const check = async (relations: Relation[]) => {
      if (isDown) throw new Error('down');
      return { ok: true, data: relations.map((tuple) => ({ allowed: true, tuple })) };
    };
    const client = { management: { fga: { check } } };
    const relations = new RelationCheck({
      client,
      timeoutMs: 1000,
      notify: () => undefined,
      baseUrl: BASE_URL,
    });
    const request = {};
    const settled = await Promise.allSettled([1, 2].map(() => relations.ask(request, [view('plan')])));
    expect(settled).toMatchObject([1, 2].map(() => ({ reason: { code: 'FGA_UNAVAILABLE' } })));
    isDown = false;
    expect(await relations.ask(request, [view('plan')])).toEqual([true]);
  });
});
