// Any Authorization header, as Node hands it over: an independent reading says what must come out.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RequestLike } from '#lib/core/http/request.js';
import { readBearer } from '#lib/core/http/request.js';
import { codeOf } from '../support/tokens.js';
import { fuzz, hostileText } from './support/fuzz.js';

const SEPARATORS = new Set([' ', '\t', ',', '"']);

// RFC 6750 §2.1 and RFC 9110 §11.4 without a regular expression: the scheme, blanks, and one text. Which characters may
// stand in that is asked where the token is taken apart.
function oracle(header: string): string | undefined {
  if (header.slice(0, 6).toLowerCase() !== 'bearer' || header[6] !== ' ') return undefined;
  const [...rest] = header.slice(6);
  while (rest[0] === ' ') rest.shift();
  return rest.length > 0 && !rest.some((character) => SEPARATORS.has(character)) ? rest.join('') : undefined;
}

/** What Node makes of header lines: the first Authorization stands, and all of them in `rawHeaders`. */
function toRequest(lines: readonly (readonly [string, string])[]): RequestLike {
  const headers: Record<string, string> = {};
  for (const [name, value] of lines) headers[name.toLowerCase()] ??= value;
  return { headers, rawHeaders: lines.flat() };
}

const text = hostileText(
  'Bearer',
  'bearer',
  'BEARER',
  ' ',
  '  ',
  '\t',
  ',',
  ', ',
  'Basic',
  'a.b.c',
  'eyJ',
  '=',
  '==',
  '"',
  ':',
  '\u00a0',
  '\0',
);
const credential = fc.oneof(
  text,
  text.map((rest) => `Bearer ${rest}`),
  fc.stringMatching(/^[Bb]earer {1,3}[\w.~+/-]{1,40}={0,2}$/),
);
const read = (request: RequestLike) => {
  let token: string | undefined;
  const code = codeOf(() => (token = readBearer(request)));
  return { code, token };
};

describe('An Authorization header', () => {
  it('gives the token that an independent reading finds, or none, or is malformed', () =>
    fuzz(
      4000,
      fc.asyncProperty(credential, async (header) => {
        const { code, token } = read(toRequest([['Authorization', header]]));
        expect(['accepted', 'CREDENTIAL_MALFORMED']).toContain(code);
        expect(token).toBe(oracle(header));
        if (/^bearer[ \t]/i.test(header) && token === undefined) expect(code).toBe('CREDENTIAL_MALFORMED');
      }),
    ));

  it('gives the very token that was written', () =>
    fuzz(
      500,
      fc.asyncProperty(fc.stringMatching(/^[\w.~+/-]{1,200}={0,2}$/), async (token) => {
        expect(read(toRequest([['authorization', `Bearer ${token}`]]))).toEqual({ code: 'accepted', token });
      }),
    ));

  it('that comes twice is malformed, whatever the two say and however they are written', () => {
    const name = fc.constantFrom('Authorization', 'authorization', 'AUTHORIZATION', 'aUtHoRiZaTiOn');
    const others = fc.array(
      fc.tuple(fc.constantFrom('X', 'Cookie', 'Proxy-Authorization', 'Authorization2'), fc.string()),
    );
    return fuzz(
      500,
      fc.asyncProperty(
        fc.tuple(name, credential),
        others,
        fc.tuple(name, credential),
        async (one, between, two) => {
          expect(read(toRequest([one, ...between, two])).code).toBe('CREDENTIAL_MALFORMED');
        },
      ),
    );
  });

  it('is read from nowhere else', () =>
    fuzz(
      500,
      fc.asyncProperty(
        fc.dictionary(
          fc.string().filter((name) => name !== 'authorization'),
          fc.constant('Bearer a.b.c'),
        ),
        async (headers) => {
          expect(read({ headers })).toEqual({ code: 'accepted', token: undefined });
        },
      ),
    ));
});
