// The small parts that tests turn: clock, faults, request log, outbox.
import { describe, expect, it } from '@jest/globals';
import { EmulatorClock } from '#lib/emulator/controls/clock.js';
import { Faults } from '#lib/emulator/controls/faults.js';
import { isAtOrBelow, Outbox, RequestLog } from '#lib/emulator/controls/recorders.js';

describe('EmulatorClock', () => {
  it('goes on ticking from where it was put', async () => {
    const clock = new EmulatorClock();
    clock.set(1_000_000);
    expect(clock.now()).toBeGreaterThanOrEqual(1_000_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(clock.now()).toBeGreaterThan(1_000_005);
    clock.advance(-500_000);
    expect(clock.nowSeconds()).toBe(500);
    clock.reset();
    const [before, now, after] = [Date.now(), clock.now(), Date.now()];
    expect([before <= now, now <= after]).toEqual([true, true]);
  });

  it('rejects what is no time', () => {
    expect(() => new EmulatorClock().advance(NaN)).toThrow('finite number');
    expect(() => new EmulatorClock().set(new Date('never'))).toThrow('finite number');
  });
});

describe('Faults', () => {
  it('are met in their order, each as often as it was ordered', () => {
    const faults = new Faults();
    faults.add({ path: '/a', status: 500, times: 1 });
    faults.add({ path: '/a', status: 502, method: 'post' });
    expect(faults.take('POST', '/a/b')?.status).toBe(500);
    expect(faults.take('POST', '/a')?.status).toBe(502);
    expect(faults.take('GET', '/a')).toBeUndefined();
    expect(faults.take('POST', '/ab')).toBeUndefined();
  });
});

describe('RequestLog', () => {
  it('counts whole segments', () => {
    expect(isAtOrBelow('/v2/keys/P1', '/v2/keys')).toBe(true);
    expect(isAtOrBelow('/v2/keys', '/v2/keys/')).toBe(true);
    expect(isAtOrBelow('/v2/keyshole', '/v2/keys')).toBe(false);
    expect(isAtOrBelow('/anything', '/')).toBe(true);
  });

  it('keeps at least the latest 10 000 requests, and no more than 20 000', () => {
    const log = new RequestLog();
    for (let index = 0; index < 45_000; index += 1)
      log.add({ method: 'GET', path: `/${index}`, atMs: index });
    expect(log.count()).toBeLessThanOrEqual(20_000);
    expect(log.count()).toBeGreaterThanOrEqual(10_000);
    expect(log.all.at(-1)?.path).toBe('/44999');
    log.clear();
    expect(log.count()).toBe(0);
  });
});

describe('Outbox', () => {
  it('finds the latest message, in all or to somebody, and keeps a thousand', () => {
    const outbox = new Outbox();
    expect(outbox.last()).toBeUndefined();
    for (let index = 0; index < 1200; index += 1) {
      outbox.add({
        loginId: index % 2 ? 'odd' : 'even',
        deliveryMethod: 'email',
        code: `${index}`,
        atMs: index,
      });
    }
    expect([outbox.last()?.code, outbox.last('even')?.code, outbox.all.length]).toEqual([
      '1199',
      '1198',
      1000,
    ]);
  });

  it('calls a listener for each message when it arrives', () => {
    const outbox = new Outbox();
    const seen: string[] = [];
    outbox.onMessage(({ loginId }) => seen.push(loginId));
    outbox.add({ loginId: 'anna', deliveryMethod: 'email', code: '123456', atMs: 0 });
    outbox.add({ loginId: 'bert', deliveryMethod: 'sms', code: '654321', atMs: 1 });
    expect(seen).toEqual(['anna', 'bert']);
  });
});
