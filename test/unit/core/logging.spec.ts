// One line a minute and cause: what a limited notify passes on.
import { describe, expect, it } from '@jest/globals';
import type { Notice } from '#lib/core/logging.js';
import { createLimitedNotify } from '#lib/core/logging.js';
import { createClock } from '../../support/tokens.js';

function create() {
  const clock = createClock();
  const lines: string[] = [];
  const notify = createLimitedNotify(({ code, message }) => void lines.push(`${code}: ${message}`), clock);
  const tell = (code: Notice['code']) => notify({ code, level: 'warn', message: 'said' });
  return { clock, lines, notify, tell };
}

describe('A limited notify', () => {
  it('passes on one notice a minute of each code, and says how many it left out', () => {
    const { clock, lines, tell } = create();
    for (let second = 0; second < 60; second += 1) {
      tell('KEYS_STALE');
      clock.advance(1000);
    }
    tell('SHARED_STORE_FAILED');
    expect(lines).toEqual(['KEYS_STALE: said', 'SHARED_STORE_FAILED: said']);
    tell('KEYS_STALE');
    expect(lines.at(-1)).toBe('KEYS_STALE: said (59 more since this was last logged)');
    clock.advance(60_000);
    tell('KEYS_STALE');
    expect(lines.at(-1)).toBe('KEYS_STALE: said');
  });

  it('passes on one notice a minute of each subject, and remembers no more than fifty', () => {
    const { lines, notify } = create();
    const tell = (subject: string) =>
      notify({ code: 'FGA_UNAVAILABLE', level: 'warn', message: subject, subject });
    for (const subject of ['doc#fly', 'doc#swim', 'doc#fly']) tell(subject);
    expect(lines).toEqual(['FGA_UNAVAILABLE: doc#fly', 'FGA_UNAVAILABLE: doc#swim']);
    for (let index = 0; index < 1000; index += 1) tell(`doc#${index}`);
    expect(lines.length).toBe(51); // the fifty, and one for all others
  });

  it.each(['TOKEN_AUDIENCE_MISMATCH', 'USERNAME_CLAIM_MISSING', 'SESSION_PLUGIN_MISSING'] as const)(
    'passes on %s once, because it stays as it is until the next start',
    (code) => {
      const { clock, lines, tell } = create();
      tell(code);
      clock.advance(3_600_000);
      tell(code);
      expect(lines).toEqual([`${code}: said`]);
    },
  );

  it('logs the end of every outage that it logged, so that the log never ends with one that is over', () => {
    const { clock, lines, tell } = create();
    tell('KEYS_RECOVERED');
    tell('KEYS_STALE');
    tell('KEYS_RECOVERED');
    clock.advance(1000);
    tell('KEYS_STALE'); // left out, and so is its end
    tell('KEYS_RECOVERED');
    clock.advance(60_000);
    tell('KEYS_UNAVAILABLE');
    tell('KEYS_RECOVERED');
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'KEYS_STALE',
      'KEYS_RECOVERED',
      'KEYS_UNAVAILABLE',
      'KEYS_RECOVERED',
    ]);
  });

  it('ends each failure with the recovery of its own', () => {
    const { lines, tell } = create();
    tell('CHANNEL_SILENT');
    tell('KEYS_RECOVERED');
    tell('CHANNEL_RECOVERED');
    tell('CHANNEL_RECOVERED');
    expect(lines).toEqual(['CHANNEL_SILENT: said', 'CHANNEL_RECOVERED: said']);
  });

  it('is not silenced by a clock that is set back', () => {
    const { clock, lines, tell } = create();
    tell('KEYS_STALE');
    clock.advance(-3_600_000);
    tell('KEYS_STALE');
    expect(lines).toHaveLength(2);
  });
});
