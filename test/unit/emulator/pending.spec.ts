// Sign-ins that wait for a code or a link: how many of them are kept.
import { describe, expect, it } from '@jest/globals';
import { EnchantedLinks, PendingSignIns } from '#lib/emulator/store/pending.js';
import { NO_LOGIN_OPTIONS } from '#lib/emulator/store/sign-ins.js';

const pendingOf = (loginId: string) => ({
  loginId,
  deliveryMethod: 'email',
  options: NO_LOGIN_OPTIONS,
  expiresMs: 1000,
});
const MOST = 10_000;

describe('Sign-ins that wait', () => {
  it('are forgotten above ten thousand, the oldest first', () => {
    const [waiting, enchanted] = [new PendingSignIns(), new EnchantedLinks()];
    const issued = Array.from({ length: MOST + 1 }, (_, index) => {
      const pending = pendingOf(`user-${index}`);
      return { code: waiting.issueCode(pending), ...enchanted.issue(pending) };
    });
    const [first, second] = issued;
    const codeOf = (index: number) => ({
      deliveryMethod: 'email',
      loginId: `user-${index}`,
      code: issued[index]?.code ?? '',
    });
    expect(() => waiting.takeCode(codeOf(0), 0)).toThrow('wrong or has expired');
    expect(waiting.takeCode(codeOf(1), 0).loginId).toBe('user-1');
    expect(() => enchanted.take(first?.pendingRef ?? '', 0)).toThrow('unknown or has expired');
    expect(() => enchanted.take(second?.pendingRef ?? '', 0)).toThrow('not been opened yet');
  });

  it('lose the oldest link', () => {
    const waiting = new PendingSignIns();
    const tokens = Array.from({ length: MOST + 1 }, (_, index) =>
      waiting.issueLink(pendingOf(`user-${index}`)),
    );
    expect(() => waiting.takeLink(tokens[0] ?? '', 0)).toThrow('wrong or has expired');
    expect(waiting.takeLink(tokens[1] ?? '', 0).loginId).toBe('user-1');
  });

  it('count once for each login id', () => {
    const waiting = new PendingSignIns();
    const code = waiting.issueCode(pendingOf('first'));
    for (let index = 0; index < MOST * 2; index += 1) waiting.issueCode(pendingOf('second'));
    expect(waiting.takeCode({ deliveryMethod: 'email', loginId: 'first', code }, 0).loginId).toBe('first');
  });
});
