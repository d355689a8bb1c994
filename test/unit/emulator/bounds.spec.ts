// What the emulator keeps is bounded, in number and in size.
import { describe, expect, it } from '@jest/globals';
import { LatestRecords } from '#lib/emulator/latest-records.js';
import { createUser } from '#lib/emulator/management/user-body.js';
import type { UserRecord } from '#lib/emulator/store/project.js';
import { Project } from '#lib/emulator/store/project.js';
import type { SignIn } from '#lib/emulator/store/sign-ins.js';
import { SignIns } from '#lib/emulator/store/sign-ins.js';

const signInOf = (userId: string, claims = {}): SignIn => ({
  userId,
  startedSeconds: 0,
  amr: [],
  callerClaims: claims,
  customClaims: {},
  overrides: {},
  refreshEndsSeconds: 1000,
  refreshToken: '',
  ended: false,
});
const userOf = (userId: string, name = ''): UserRecord => ({ ...createUser(userId, 0), userId, name });
const megabyte = 'x'.repeat(1024 * 1024);

describe('The latest records', () => {
  it('are as many as allowed, without the oldest', () => {
    const latest = new LatestRecords<string, string>({ most: 2 });
    for (const key of ['a', 'b', 'c']) latest.put(key, key);
    expect(latest.all).toEqual(['b', 'c']);
  });

  it('are no larger than allowed, all together', () => {
    const forgotten: string[] = [];
    const limits = { most: 100, mostCharacters: 10, onForget: (value: string) => forgotten.push(value) };
    const latest = new LatestRecords<string, string>(limits);
    for (const key of ['aaa', 'bbb', 'ccc']) latest.put(key, key); // five characters each as JSON
    expect(latest.all).toEqual(['bbb', 'ccc']);
    expect(forgotten).toEqual(['aaa']);
  });

  it('have the room again of what is removed, replaced or cleared', () => {
    const latest = new LatestRecords<string, string>({ most: 100, mostCharacters: 10 });
    for (let round = 0; round < 3; round += 1) {
      latest.put('one', 'aaa');
      latest.put('one', 'bbb');
      latest.put('two', 'ccc');
      expect(latest.all).toEqual(['bbb', 'ccc']);
      if (round === 0) latest.remove('one');
      if (round === 1) latest.clear();
    }
  });

  it('do not keep one that is too large alone', () => {
    const latest = new LatestRecords<string, string>({ most: 100, mostCharacters: 10 });
    latest.put('large', megabyte);
    latest.put('small', 'a');
    expect(latest.all).toEqual(['a']);
  });
});

describe('Sign-ins', () => {
  it('are ended above ten thousand, those first that were not used for longest', () => {
    const signIns = new SignIns(() => 0);
    const [used, idle] = [signIns.add(signInOf('used')), signIns.add(signInOf('idle'))];
    for (const signIn of [used, idle]) signIns.bind(signIn.userId, signIn, { iat: 0, exp: 1000 });
    for (let index = 0; index < 9_998; index += 1) signIns.add(signInOf('other'));
    signIns.bind('a refresh', used, { iat: 0, exp: 1000 });
    signIns.add(signInOf('last'));
    expect(signIns.isEnded('idle', { iat: 0 })).toBe(true);
    expect(signIns.isEnded('used', { iat: 0 })).toBe(false);
    expect(signIns.of('idle')).toEqual([]);
  });

  it('are ended when their claims have more than 32 million characters together', () => {
    const signIns = new SignIns(() => 0);
    const [first, ...others] = Array.from({ length: 33 }, () =>
      signIns.add(signInOf('ada', { large: megabyte })),
    );
    expect(first).toMatchObject({ ended: true, callerClaims: {} });
    expect(others.at(-1)?.ended).toBe(false);
  });

  it('keep their refresh token through a hundred thousand session tokens that have expired', () => {
    let nowSeconds = 0;
    const signIns = new SignIns(() => nowSeconds);
    const signIn = signIns.add(signInOf('ada'));
    signIns.bind('refresh', signIn, { iat: 0, exp: 1_000_000 });
    for (let index = 0; index < 150_000; index += 1) {
      nowSeconds += 1;
      signIns.bind(`session ${index}`, signIn, { iat: nowSeconds, exp: nowSeconds + 600 });
    }
    expect(signIns.find('refresh')).toBe(signIn);
    expect(signIns.find('session 0')).toBeUndefined();
  });

  it('reject tokens that are forgotten before they expire, for they may have been revoked', () => {
    const signIns = new SignIns(() => 5);
    const signIn = signIns.add(signInOf('ada'));
    for (let index = 0; index <= 100_000; index += 1) {
      signIns.bind(`session ${index}`, signIn, { iat: index < 60_000 ? 3 : 5, exp: 1000 });
    }
    expect(signIns.find('session 0')).toBeUndefined();
    expect(signIns.isEnded('session 0', { iat: 3 })).toBe(true);
    expect(signIns.wasEnded('ada', 3)).toBe(true);
    expect(signIns.isEnded('a token of a test', { iat: 5 })).toBe(false);
    signIns.clear();
    expect(signIns.isEnded('a token of a test', { iat: 4.5 })).toBe(false);
  });
});

describe('Users', () => {
  it('are no more than a hundred thousand, and none is forgotten', () => {
    const { users } = new Project();
    for (let index = 0; index < 100_000; index += 1) users.save(userOf(`user ${index}`));
    expect(() => users.save(userOf('one more'))).toThrow('at most 100000 users');
    users.save(userOf('user 0', 'Ada'));
    users.remove('user 1');
    expect(users.save(userOf('one more')).userId).toBe('one more');
  });

  it('have at most 64 million characters of data', () => {
    const { users } = new Project();
    for (let index = 0; index < 63; index += 1) users.save(userOf(`user ${index}`, megabyte));
    expect(() => users.save(userOf('one more', megabyte))).toThrow('delete some, or reset it');
    expect(users.find('one more')).toBeUndefined();
    users.save(userOf('user 0', 'Ada'));
    expect(users.save(userOf('one more', megabyte)).userId).toBe('one more');
  });
});
