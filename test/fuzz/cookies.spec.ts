// Any Cookie header: read as a plain splitting says, and as the library `cookie` does where the two mean the same.
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readCookie } from '#lib/core/http/cookies.js';
import { fuzz, hostileText } from './support/fuzz.js';

// What express-session reads with; the tests need no other copy of it.
const { parse } = createRequire(createRequire(import.meta.url).resolve('express-session'))('cookie') as {
  parse(header: string, options: object): Record<string, string | undefined>;
};

const BLANKS = /^[ \t]+|[ \t]+$/g; // RFC 6265 §5.2 strips these two

/** Every value of the name, by RFC 6265 §5.2 as far as it is about one line: split at `;`, at the first `=`, strip. */
function oracle(header: string, name: string): string[] {
  return header.split(';').flatMap((pair) => {
    const [left = '', ...right] = pair.split('=');
    if (right.length === 0 || left.replace(BLANKS, '') !== name) return [];
    return [
      right
        .join('=')
        .replace(BLANKS, '')
        .replace(/^"(.*)"$/s, '$1'),
    ];
  });
}

const name = fc.oneof(
  { weight: 4, arbitrary: fc.constant('DS') },
  fc.constantFrom('DSR', '__proto__', 'a.b', '$'),
);
const header = hostileText(
  'DS=',
  'DS',
  '=',
  ';',
  '; ',
  ' ',
  '\t',
  '"',
  'DSR=',
  'ds=',
  'DS=a',
  'DS=b',
  'DS="a"',
  '%44',
  ',',
  '\u00a0',
  'a=b',
  '\0',
  '\n',
);

describe('A Cookie header', () => {
  it('gives the one value that a plain splitting finds, nothing, or says that there are several', () =>
    fuzz(
      5000,
      fc.asyncProperty(header, name, async (text, wanted) => {
        const values = new Set(oracle(text, wanted));
        const [value = ''] = values;
        const one = value === '' ? { kind: 'absent' } : { kind: 'value', value };
        expect(readCookie(text, wanted)).toEqual(values.size > 1 ? { kind: 'ambiguous' } : one);
      }),
    ));

  it('gives what the library gives, which takes the first of several, trims more and decodes', () =>
    fuzz(
      5000,
      fc.asyncProperty(header, async (text) => {
        const reading = readCookie(text, 'DS');
        const theirs = parse(text, { decode: (value: string) => value })['DS'];
        // White space that only `trim` knows is part of a name or value here, and one quote alone is no pair.
        const isTrimmed = /[^\S \t]/.test(text);
        if (reading.kind === 'value' && reading.value !== '"' && !isTrimmed)
          expect(theirs).toBe(reading.value);
        if (reading.kind === 'absent' && !isTrimmed) expect(theirs ?? '').toBe('');
      }),
    ));

  it('changes nothing for a name by what stands around it', () => {
    const other = fc
      .tuple(fc.stringMatching(/^[a-z]{1,5}$/), hostileText('=', ' ', '"', 'DS', ','))
      .map(([left, right]) => `${left}=${right.replaceAll(';', '')}`);
    return fuzz(
      1000,
      fc.asyncProperty(
        fc.array(other),
        fc.stringMatching(/^[\w.-]{1,60}$/),
        fc.array(other),
        async (before, value, after) => {
          expect(readCookie([...before, `DS=${value}`, ...after].join(';'), 'DS')).toEqual({
            kind: 'value',
            value,
          });
        },
      ),
    );
  });
});
