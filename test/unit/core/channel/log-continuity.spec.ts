// Whether the records of a log follow each other: what happens to the log between two of them.
import { describe, expect, it } from '@jest/globals';
import type { LogPosition, LogRecord } from '#lib/core/channel/channel.js';
import { LogContinuity } from '#lib/core/channel/log-continuity.js';

const EMPTY: LogPosition = { epoch: '', number: 0, cursor: '0-0' };

const at = (epoch: string, number: number, cursor = `${number}-0`): LogPosition => ({
  epoch,
  number,
  cursor,
});
const record = (position: LogPosition, previous: string, texts: readonly string[] = []): LogRecord => ({
  position,
  previous,
  texts,
});
const begin = (position: LogPosition) => {
  const continuity = new LogContinuity();
  continuity.beginAt(position);
  return continuity;
};

describe('LogContinuity', () => {
  it('follows the records of one epoch, and of a log that was empty', () => {
    const continuity = begin(EMPTY);
    expect(continuity.follow(record(at('A', 1), ''))).toBe('next');
    expect(continuity.follow(record(at('A', 2), '1-0'))).toBe('next');
    expect(continuity.follow(record(at('A', 4), '3-0'))).toBe('gap');
    expect(continuity.follow(record(at('B', 3), '2-0'))).toBe('lost');
    expect(continuity.follow(record(at('A', 2), '1-0'))).toBe('older');
    expect(continuity.position).toEqual(at('A', 2));
  });

  it('notices a log that came back in an earlier state and went on to the next number', () => {
    const continuity = begin(at('A', 7));
    expect(continuity.follow(record(at('A', 8, '8-5'), '7-5'))).toBe('older');
    expect(continuity.follow(record(at('A', 8, '8-5'), '7-0'))).toBe('next');
  });

  it('does not take a log that was renewed for the beginning of the one that was empty', () => {
    expect(begin(EMPTY).follow(record(at('B', 1, '9-0'), '8-0'))).toBe('gap'); // it may have living entries
    expect(begin(EMPTY).follow(record(at('B', 2, '9-0'), '8-0'))).toBe('gap');
  });

  it('notices that what it appended to an empty log was lost before it read anything', () => {
    const append = () => {
      const continuity = begin(EMPTY);
      continuity.sending(['one']);
      expect(continuity.sent(['one'], at('A', 1), EMPTY)).toBe('next');
      return continuity;
    };
    expect(append().follow(record(at('A', 1), '', ['one']))).toBe('next');
    expect(append().follow(record(at('B', 1), ''))).toBe('lost');
    expect(append().sent(['two'], at('B', 1), EMPTY)).toBe('lost');
    expect(append().sent(['two'], at('A', 2), EMPTY)).toBe('next');
    expect(append().follow(record(at('A', 1), '', ['other']))).toBe('older');
    const late = begin(EMPTY);
    expect(late.follow(record(at('B', 1), ''))).toBe('next');
    expect(late.sent(['one'], at('A', 1), EMPTY)).toBe('lost');
  });
});
