// The Cookie header: one exact name, whatever stands around it.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DescopeCredentialError } from '#lib/core/errors.js';
import { ambiguousCookie, readAmbiguousCookie, readCookie, readSetCookies } from '#lib/core/http/cookies.js';
import { anyText } from '../../../support/any-text.js';

const read = (header: string | undefined, name = 'DS') => readCookie(header, name);
const value = (text: string) => ({ kind: 'value', value: text });
const ABSENT = { kind: 'absent' };
const AMBIGUOUS = { kind: 'ambiguous' };

describe('readCookie', () => {
  it.each([
    ['DS=a', 'a'],
    ['x=1; DS=a', 'a'],
    ['DS=a; x=1', 'a'],
    ['x=1;DS=a;y=2', 'a'],
    ['x=1;  DS=a  ; y=2', 'a'],
    ['DS = a', 'a'],
    ['\tDS\t=\ta\t', 'a'],
    ['DS=a=b==', 'a=b=='],
    ['DS="a"', 'a'],
    ['DS="a', '"a'],
    ['DS=a"', 'a"'],
    ['DS="', '"'],
    ['DS=a%20b', 'a%20b'],
    [';;; ;DS=a;;', 'a'],
    ['DS; DS=a', 'a'],
    ['x="y; DS=a; z"', 'a'], // a quote does not hold a cookie together for any browser
  ])('reads %j as %j', (header, expected) => expect(read(header)).toEqual(value(expected)));

  it.each([
    undefined,
    '',
    ';',
    '=',
    '=a',
    'DS',
    'DSx',
    'D',
    'DS=',
    'DS=""',
    'DS= ',
    'ds=a',
    'Ds=a',
    'DSR=a',
    'xDS=a',
    '__Host-DS=a',
    '$DS=a',
    'DS[]=a',
    'D S=a',
    '%44S=a',
    'x=DS=a',
    'x=1, DS=a',
    '"DS"=a',
  ])('finds nothing in %j', (header) => expect(read(header)).toEqual(ABSENT));

  it.each(['\u00a0', '\u000b', '\u000c', '\ufeff', '\u2003', '\u2028', '\r', '\n', '\u0085'])(
    'does not take %j for white space around a name: browsers allow it in one, so another site could plant it',
    (space) => {
      expect(read(`${space}DS=evil`)).toEqual(ABSENT);
      expect(read(`DS${space}=evil`)).toEqual(ABSENT);
      expect(read(`DS=a; ${space}DS=evil`)).toEqual(value('a'));
      expect(read(`DS=a${space}`)).toEqual(value(`a${space}`));
    },
  );

  it('rejects to choose between different values, wherever they stand', () => {
    for (const header of [
      'DS=a; DS=b',
      'DS=a; x=1; DS=b',
      'DS=a; DS=a; DS=b',
      'DS=; DS=a',
      'DS=a; DS=',
      'DS=a; DS=A',
    ]) {
      expect(read(header)).toEqual(AMBIGUOUS);
    }
  });

  it('takes the same value twice for one', () => {
    expect(read('DS=a; DS=a')).toEqual(value('a'));
    expect(read('DS=a; DS="a"')).toEqual(value('a'));
  });

  it.each(['__proto__', 'constructor', 'a.b', 'a+b', 'DS*', '$x', '^DS$'])(
    'reads a cookie that is called %j, literally',
    (name) => {
      expect(read(`${name}=a`, name)).toEqual(value('a'));
      expect(read('DS=a; x=b', name)).toEqual(ABSENT);
    },
  );

  it('finds one among 100, first and last', () => {
    const others = Array.from({ length: 100 }, (_, index) => `name${index}=${'v'.repeat(30)}`).join('; ');
    expect(read(`DS=a; ${others}`)).toEqual(value('a'));
    expect(read(`${others}; DS=a`)).toEqual(value('a'));
    expect(read(others)).toEqual(ABSENT);
  });

  it('reads up to 64 KB, and nothing of what is longer', () => {
    const filler = (length: number) => `x=${'y'.repeat(length - 'x='.length - '; DS=a'.length)}; DS=a`;
    expect(read(filler(65_536))).toEqual(value('a'));
    expect(read(filler(65_537))).toEqual(ABSENT);
  });

  it('finds what was written among any others, whatever they hold', () => {
    const token = fc.stringMatching(/^[A-Za-z0-9_.-]{1,80}$/);
    const other = fc
      .tuple(fc.stringMatching(/^[a-z]{1,6}$/), fc.string())
      .map(([name, text]) => `${name}=${text.replaceAll(';', '')}`);
    fc.assert(
      fc.property(fc.array(other), token, fc.array(other), (before, text, after) => {
        expect(read([...before, `DS=${text}`, ...after].join('; '))).toEqual(value(text));
        expect(read([...before, ...after].join('; '))).toEqual(ABSENT);
      }),
      { seed: 1 },
    );
  });

  it('answers for any text', () => {
    fc.assert(
      fc.property(anyText(), fc.string(), (header, name) => {
        expect(['absent', 'value', 'ambiguous']).toContain(read(header, name).kind);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

describe('A name of one character', () => {
  it('is read like any other', () => {
    expect(read('a=x', 'a')).toEqual(value('x'));
    expect(read('ax; b=y', 'a')).toEqual(ABSENT);
  });
});

describe('readAmbiguousCookie', () => {
  it('reads each of several values once, and none of a cookie that has one', () => {
    expect(readAmbiguousCookie('DS=a; x=1; DS=b; DS="a"; DSR=c; DS', 'DS')).toEqual(['a', 'b']);
    expect(readAmbiguousCookie('DS=; DS=a', 'DS')).toEqual(['a']);
    for (const header of [undefined, '', 'DS=a', 'DS=a; DS=a', 'x=1; x=2'])
      expect(readAmbiguousCookie(header, 'DS')).toEqual([]);
  });

  it('is rejected as a credential that is none', () => {
    expect(ambiguousCookie()).toBeInstanceOf(DescopeCredentialError);
    expect(ambiguousCookie().code).toBe('COOKIE_AMBIGUOUS');
  });
});

describe('readSetCookies', () => {
  it('reads names and values, and nothing of what stands after them', () => {
    const lines = ['DS=a.b.c; Path=/; HttpOnly', ' DSR = d=e ; Max-Age=0', 'x="y"'];
    expect([...readSetCookies(lines)]).toEqual([
      ['DS', 'a.b.c'],
      ['DSR', 'd=e'],
      ['x', '"y"'],
    ]);
    expect(readSetCookies([]).size).toBe(0);
  });

  it('reads nothing from a line without a name or a value', () => {
    expect([...readSetCookies(['', 'DS', '=a', 'DS=', 'DS= ; Path=/', '; DS=a'])]).toEqual([]);
  });

  it('takes the last of two lines with one name', () => {
    expect([...readSetCookies(['DS=a', 'DS=b'])]).toEqual([['DS', 'b']]);
  });
});
