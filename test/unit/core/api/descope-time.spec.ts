// What time it is at Descope, as its answers tell.
import { describe, expect, it } from '@jest/globals';
import { DescopeTime } from '#lib/core/api/descope-time.js';
import { createClock, NOW_MS, NOW_SECONDS } from '../../../support/tokens.js';

const dated = (ms: number) => new Headers({ date: new Date(ms).toUTCString() });

describe('DescopeTime', () => {
  it('is our own time, and its second lasts until it is over, where Descope never answered', () => {
    const clock = createClock();
    clock.advance(300 - (NOW_MS % 1000));
    const time = new DescopeTime(clock);
    expect(time.read(clock())).toEqual({ seconds: Math.floor(clock() / 1000), lastsMs: 700 });
  });

  it.each([-4_000, 0, 4_000])('is the very second of an answer that came since (%d ms)', (skewMs) => {
    const clock = createClock();
    const time = new DescopeTime(clock);
    time.observe(dated(NOW_MS + skewMs));
    const seconds = Math.floor((NOW_MS + skewMs) / 1000);
    expect(time.read(NOW_MS)).toEqual({ seconds, lastsMs: 1_000 });
  });

  it.each([-4_000, 4_000])('is in doubt the later second, by an answer from before (%d ms)', (skewMs) => {
    const clock = createClock();
    const time = new DescopeTime(clock);
    time.observe(dated(NOW_MS + skewMs));
    clock.advance(60_000);
    const { seconds, lastsMs } = time.read(clock());
    const least = Math.floor((NOW_MS + skewMs) / 1000) + 60;
    expect(seconds - least).toBeGreaterThanOrEqual(0);
    expect(seconds - least).toBeLessThanOrEqual(1);
    expect(lastsMs).toBeGreaterThanOrEqual(1_000 * (seconds - least));
    expect(lastsMs).toBeLessThanOrEqual(2_000);
  });

  it('adds the age of an answer that a cache gave', () => {
    const time = new DescopeTime(createClock());
    const date = new Date(NOW_MS - 30_000).toUTCString();
    time.observe(new Headers({ date, age: '34' }));
    expect(time.read(NOW_MS).seconds).toBe(Math.floor(NOW_MS / 1000) + 4);
  });

  it.each([-4_000, 4_000])(
    'is certainly past the second of the last answer, and the time since (%d ms)',
    (skewMs) => {
      const clock = createClock();
      const time = new DescopeTime(clock);
      expect(time.readEarliest()).toBe(Math.floor((NOW_MS - 60_000) / 1000));
      time.observe(dated(NOW_MS + skewMs));
      clock.advance(10_000);
      expect(time.readEarliest()).toBe(Math.floor((NOW_MS + skewMs) / 1000) + 10);
    },
  );

  it('learns nothing from an answer without a date, or with one that no clock shows', () => {
    const clock = createClock();
    const time = new DescopeTime(clock);
    for (const headers of [new Headers(), new Headers({ date: 'soon' }), dated(NOW_MS + 3_600_000)])
      time.observe(headers);
    expect(time.read(NOW_MS).seconds).toBe(NOW_SECONDS);
  });
});
