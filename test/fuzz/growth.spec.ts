// Work grows with the length of what is read, and no faster: counted in characters that are looked at, not in time.
import { describe, expect, it, jest } from '@jest/globals';
import { readCookie } from '#lib/core/http/cookies.js';
import { readRedirectTarget } from '#lib/core/http/redirect-target.js';
import { readVerificationKey } from '#lib/core/token/signature.js';
import { codeOf, createSigningKey, createVerifier, mint, toPart } from '../support/tokens.js';

type Method = 'slice' | 'indexOf' | 'includes' | 'startsWith' | 'endsWith' | 'split' | 'replace';
const METHODS: readonly Method[] = [
  'slice',
  'indexOf',
  'includes',
  'startsWith',
  'endsWith',
  'split',
  'replace',
];

/** Counts the characters that the methods of texts went over during a call. */
function countCharacters(run: () => unknown): number {
  let count = 0;
  const text = String.prototype as unknown as Record<string, (this: string, ...given: unknown[]) => unknown>;
  const originals = METHODS.map((name) => [name, text[name]] as const);
  for (const [name, original] of originals) {
    text[name] = function (this: string, ...given: unknown[]) {
      const result = original?.apply(this, given);
      count += toCost(this, given, result);
      return result;
    };
  }
  try {
    run();
  } finally {
    for (const [name, original] of originals) if (original) text[name] = original;
  }
  return count;
}

// What it made, or how far it had to look.
function toCost(text: string, given: readonly unknown[], result: unknown): number {
  if (typeof result === 'string') return result.length + 1;
  if (typeof result === 'number')
    return (result === -1 ? text.length : result) - (typeof given[1] === 'number' ? given[1] : 0) + 1;
  return text.length + 1;
}

/** Counts the characters of the JSON that was parsed during a call. */
function countParsed(run: () => unknown): number {
  const parse = jest.spyOn(JSON, 'parse');
  try {
    run();
    return parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
  } finally {
    parse.mockRestore();
  }
}

const COOKIES: Readonly<Record<string, (length: number) => string>> = {
  semicolons: (length) => ';'.repeat(length),
  'pairs without a value': (length) => 'DS;'.repeat(length / 3),
  'the same cookie again and again': (length) => 'DS=a;'.repeat(length / 5),
  'other cookies': (length) => 'a=b; '.repeat(length / 5),
  blanks: (length) => ' '.repeat(length),
  'blanks around one name': (length) => `${' '.repeat(length / 2)}DS=${' '.repeat(length / 2 - 3)}`,
  quotes: (length) => `DS=${'"'.repeat(length - 3)}`,
  'equals signs': (length) => '='.repeat(length),
};

describe('The work', () => {
  it.each(Object.entries(COOKIES))('for a Cookie header of %s doubles with its length', (_name, make) => {
    const [one, two] = [
      countCharacters(() => readCookie(make(15_000), 'DS')),
      countCharacters(() => readCookie(make(30_000), 'DS')),
    ];
    expect(one).toBeGreaterThan(10_000);
    expect(two).toBeLessThan(one * 2.2);
  });

  it('for a Cookie header above 64 KB is none', () => {
    for (const make of Object.values(COOKIES))
      expect(countCharacters(() => readCookie(make(90_000), 'DS'))).toBe(0);
  });

  it('for a token above 16 KB is none, and a kid above 256 characters finds no key', () => {
    const key = createSigningKey();
    const verifier = createVerifier([key.jwk]);
    for (const text of ['.', 'a.', 'e30.', toPart({ alg: 'RS256' })]) {
      const token = text.repeat(Math.ceil(16_385 / text.length));
      // Its end is looked up among the remembered ones; nothing more of it is read.
      expect(countCharacters(() => codeOf(() => verifier.verify(token)))).toBeLessThan(20);
    }
    expect(codeOf(() => verifier.verify(mint(key, { header: { kid: 'k'.repeat(257) } })))).toBe(
      'TOKEN_MALFORMED',
    );
    expect(readVerificationKey({ ...key.jwk, kid: 'k'.repeat(257) })).toEqual(expect.any(String));
  });

  it('for the JSON of a forged token is that of its header, and of a header above 1024 characters none', () => {
    const key = createSigningKey();
    const forger = createSigningKey('RS256', key.keyId);
    const verifier = createVerifier([key.jwk]);
    const nested = `"nested":${'['.repeat(5800)}${']'.repeat(5800)}`;
    const judge = (token: string) => codeOf(() => verifier.verify(token));
    const plain = mint(forger, { claims: `{${nested}}` });
    const headed = mint(key, { header: `{"alg":"RS256","kid":"${key.keyId}",${nested}}` });
    expect([plain.length, headed.length].filter((length) => length < 15_000 || length > 16_384)).toEqual([]);
    expect(countParsed(() => expect(judge(plain)).toBe('TOKEN_SIGNATURE_INVALID'))).toBeLessThan(100);
    expect(countParsed(() => expect(judge(headed)).toBe('TOKEN_MALFORMED'))).toBe(0);
  });

  it('for a redirect target above 2 KB is none', () => {
    for (const text of ['/', '%', '%2', '../', '/..'])
      expect(countCharacters(() => readRedirectTarget(text.repeat(2049)))).toBe(0);
  });
});
