// What is known of a request: kept for any object that a request can be, and for each application of the process apart.
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import {
  isForeignUser,
  recallAccepted,
  recallAnyUser,
  recallSession,
  recallUser,
  rememberAccepted,
  rememberSession,
  rememberUser,
} from '#lib/auth/request-state.js';
import { DescopeSession } from '#lib/core/session/session.js';
import { userOf } from '../../support/users.js';

const FORMS: readonly (readonly [string, () => object])[] = [
  ['a plain object', () => ({ headers: {} })],
  ['an object without a prototype', () => Object.create(null) as object],
  ['a frozen object', () => Object.freeze({ headers: {} })],
  ['a sealed object', () => Object.seal({ headers: {} })],
  ['a function', () => () => undefined],
  ['a proxy', () => new Proxy({ headers: {} }, {})],
];

const [one, other, third] = [{}, {}, {}].map((authenticator) => ({ authenticator })) as [
  { authenticator: object },
  { authenticator: object },
  { authenticator: object },
];
const toSession = (sub: string) => DescopeSession.of(userOf({ sub }), `token of ${sub}`);
const remember = (key: object, { authenticator }: { authenticator: object }, user: unknown) =>
  rememberUser(key, { authenticator, user });
const recall = (key: object, { authenticator }: { authenticator: object }) =>
  recallUser(key, authenticator)?.user;

describe.each(FORMS)('The memory of %s', (_form, create) => {
  it('gives what was kept last', () => {
    const key = create();
    expect(recall(key, one)).toBeUndefined();
    remember(key, one, 'first');
    remember(key, one, 'second');
    expect([recall(key, one), recall(create(), one)]).toEqual(['second', undefined]);
  });

  it('is apart from every other memory', () => {
    const key = create();
    remember(key, one, 'ours');
    expect([recall(key, one), recall(key, other)]).toEqual(['ours', undefined]);
    remember(key, other, 'theirs');
    expect([recall(key, one), recall(key, other)]).toEqual(['ours', 'theirs']);
  });

  it('shows nowhere', () => {
    const key = create();
    const before = [Reflect.ownKeys(key), inspect(key, { showHidden: true, showProxy: true })];
    remember(key, one, 'hush');
    expect([Reflect.ownKeys(key), inspect(key, { showHidden: true, showProxy: true })]).toEqual(before);
  });
});

describe('An object memory', () => {
  it('does not follow an object into its copies, heirs and proxies', () => {
    const object = { headers: {} };
    remember(object, one, 'kept');
    const others = [
      { ...object },
      Object.create(object) as object,
      new Proxy(object, {}),
      structuredClone(object),
    ];
    expect(others.map((copy) => recall(copy, one))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('keeps a value when its object is frozen afterwards', () => {
    const object = { headers: {} };
    remember(object, one, 'first');
    Object.freeze(object);
    expect(recall(object, one)).toBe('first');
    remember(object, one, 'second');
    expect(recall(object, one)).toBe('second');
  });
});

describe('What several applications know of one request', () => {
  it('stays with each of them, and the one that was told last is asked first', () => {
    const key = {};
    const sessions = ['U2one', 'U2other', 'U2third'].map(toSession);
    for (const [index, { authenticator }] of [one, other, third].entries())
      rememberSession(key, { authenticator, session: sessions[index] as DescopeSession, isAccepted: true });
    expect(recallAccepted(key, [one, other, third])?.user?.id).toBe('U2third');
    const again = toSession('U2again');
    rememberSession(key, { authenticator: other.authenticator, session: again, isAccepted: true });
    expect(recallAccepted(key, [one, other, third])?.user?.id).toBe('U2again');
    expect(recallAccepted(key, [one, third])?.user?.id).toBe('U2third');
    expect([one, other, third].map(({ authenticator }) => recallSession(key, authenticator))).toEqual([
      sessions[0],
      again,
      sessions[2],
    ]);
    expect(recallAccepted(key, [])).toBeUndefined();
  });

  it('gives no handler what a guard has not accepted, also where another application has', () => {
    const key = {};
    const [theirs, ours] = ['U2theirs', 'U2ours'].map(toSession) as [DescopeSession, DescopeSession];
    rememberSession(key, { authenticator: other.authenticator, session: theirs, isAccepted: true });
    rememberSession(key, { authenticator: one.authenticator, session: ours });
    expect(recallAccepted(key, [one])).toBeUndefined();
    expect(recallAccepted(key, [one, other])).toBeUndefined();
    rememberAccepted(key, { authenticator: one.authenticator, session: ours, isWhole: false });
    expect(recallAccepted(key, [one])).toBeUndefined();
    rememberSession(key, {
      authenticator: one.authenticator,
      session: Promise.resolve(ours),
      isAccepted: true,
    });
    expect(recallAccepted(key, [one])).toBeUndefined(); // nobody waits for it here
  });

  it('keeps a session accepted that a later call accepts in part', () => {
    const key = {};
    const [session, other] = ['U2ours', 'U2other'].map(toSession) as [DescopeSession, DescopeSession];
    const { authenticator } = one;
    rememberAccepted(key, { authenticator, session, isWhole: true });
    rememberAccepted(key, { authenticator, session, isWhole: false });
    expect(recallAccepted(key, [one])).toBe(session);
    rememberAccepted(key, { authenticator, session: other, isWhole: false });
    expect([recallSession(key, authenticator), recallAccepted(key, [one])]).toEqual([other, undefined]);
  });

  it('distinguishes the user of another application from its own user', () => {
    const key = {};
    const theirs = toSession('U2theirs');
    rememberSession(key, { authenticator: other.authenticator, session: theirs });
    remember(key, other, 'their own user');
    remember(key, one, 'our own user');
    const foreign = [theirs.user, 'their own user', 'our own user', undefined].map((user) =>
      isForeignUser(key, user, one.authenticator),
    );
    expect(foreign).toEqual([true, true, false, false]);
    expect(recallAnyUser(key, [one, other])?.user).toBe('our own user');
    expect(recallAnyUser(key, [other])?.user).toBe('their own user');
  });
});
