// Who acts as the user of a token: read strictly, and never overlooked.
import { describe, expect, it } from '@jest/globals';
import { readActor } from '#lib/core/user/actor.js';

const read = (act: unknown, claim = 'act') =>
  readActor({ iss: 'P', sub: 'U1', exp: 1, ...(act === undefined ? {} : { [claim]: act }) }, claim);
const nest = (depth: number): unknown =>
  JSON.parse(`${'{"act":'.repeat(depth)}{"sub":"A"}${'}'.repeat(depth)}`) as unknown;

describe('The actor of a token', () => {
  it('is nobody where the claim is missing or null', () => {
    expect([read(undefined), read(null)]).toEqual([undefined, undefined]);
    expect(readActor({ iss: 'P', sub: 'U1', exp: 1 }, 'constructor')).toBeUndefined();
  });

  it('has the id of the member `sub`, or of a claim that is a string', () => {
    expect(read({ sub: 'U2', iss: 'P' })).toEqual({ id: 'U2', previous: [] });
    expect(read('U2', 'impersonator')).toEqual({ id: 'U2', previous: [] });
  });

  it('lists who acted before, the latest first', () => {
    const act = { sub: 'A', act: { sub: 'B', act: { act: { sub: 'C' } } } };
    expect(read(act)).toEqual({ id: 'A', previous: ['B', 'C'] });
    expect(read({ sub: 'A', act: null })).toEqual({ id: 'A', previous: [] });
  });

  it.each([
    ...[{}, [], '', 0, 7, false, true, { sub: '' }, { sub: 7 }, { sub: '\ud800' }, ['U2'], { id: 'U2' }],
    ...[' ', { sub: '\t' }, { sub: 'U'.repeat(513) }], // which no job could carry
  ])('is somebody without an id for the claim %j', (act) =>
    expect(read(act)).toEqual({ id: undefined, previous: [] }),
  );

  it('is bounded for a claim that is nested deeply', () => {
    expect(read(nest(2000))).toEqual({ id: undefined, previous: [] });
    const chain = (depth: number): object => (depth === 0 ? {} : { sub: `A${depth}`, act: chain(depth - 1) });
    expect(read(chain(500))?.previous).toHaveLength(16);
  });

  it('is frozen', () => {
    const actor = read({ sub: 'A', act: { sub: 'B' } });
    expect([Object.isFrozen(actor), Object.isFrozen(actor?.previous)]).toEqual([true, true]);
  });
});
