// Token text → parts: the compact form of RFC 7515 §7.1, and nothing looser.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DescopeError } from '#lib/core/errors.js';
import { decodeToken, HeaderMemory, MAX_TOKEN_LENGTH, readEndMs, readOwner } from '#lib/core/token/decode.js';
import { codeOf, toPart } from '../../../support/tokens.js';

const HEADER = { alg: 'RS256', kid: 'SK1', typ: 'JWT' };
const PAYLOAD = { sub: 'U2anna' };

const token = (parts: { header?: object | string | Buffer; payload?: object | string | Buffer } = {}) =>
  [toPart(parts.header ?? HEADER), toPart(parts.payload ?? PAYLOAD), 'c2ln'].join('.');
const code = (text: string) => codeOf(() => decodeToken(text));

describe('decodeToken', () => {
  it('takes a token apart', () => {
    const decoded = decodeToken(token());
    expect(decoded).toMatchObject({ algorithm: 'RS256', keyId: 'SK1', payload: PAYLOAD });
    expect(decoded.signature.toString()).toBe('sig');
    expect(decoded.signingInput).toBe(token().slice(0, -5));
  });

  it.each(['plain', 'Zoë Ωmega', '😀 and \ud83d\ude00', '\u2028'])(
    'reads claims of any script: %j',
    (name) => {
      expect(decodeToken(token({ payload: { sub: 'U2anna', name } })).payload).toEqual({
        sub: 'U2anna',
        name,
      });
    },
  );

  it.each(['', '.', '..', 'a', 'a.b', '.e30.c2ln', `${token()}.`, `${token()}.e30`, `.${token()}`])(
    'rejects %j, which does not have three parts',
    (text) => {
      expect(code(text)).toBe('TOKEN_MALFORMED');
      expect(() => decodeToken(text)).toThrow('three parts');
    },
  );

  it('rejects three parts that are no base64url', () => expect(code('é.é.é')).toBe('TOKEN_MALFORMED'));

  it.each([null, undefined, 42, {}, [token()], Buffer.from(token())])(
    'rejects %p, which is no text',
    (value) => {
      expect(code(value as string)).toBe('TOKEN_MALFORMED');
    },
  );

  it('rejects a JWE, both JSON serialisations and a nested JWT', () => {
    const jwe = [toPart({ ...HEADER, enc: 'A256GCM' }), 'e30', 'e30', 'e30', 'e30'].join('.');
    const [protectedPart, payload, signature] = token().split('.');
    const flat = JSON.stringify({ payload, protected: protectedPart, signature });
    const general = JSON.stringify({ payload, signatures: [{ protected: protectedPart, signature }] });
    const nested = token({ header: { ...HEADER, cty: 'JWT' }, payload: token() });
    expect([jwe, flat, general, nested].map(code)).toEqual(Array(4).fill('TOKEN_MALFORMED'));
  });

  it('rejects what a lenient base64 decoder forgives, in each part', () => {
    const [header = '', payload = '', signature = ''] = token().split('.');
    const loosen = [
      (part: string) => `${part}=`,
      (part: string) => `${part}\n`,
      (part: string) => ` ${part}`,
      (part: string) => `${part.slice(0, 2)}\r\n${part.slice(2)}`,
      (part: string) => `${part.slice(0, 2)}!${part.slice(2)}`,
      (part: string) => `${part}A`,
      (part: string) => `${part.slice(0, 2)}\u0000${part.slice(2)}`,
      (part: string) => `${part.slice(0, 2)}\u0141${part.slice(2)}`,
    ];
    for (const change of loosen) {
      const variants = [
        [change(header), payload, signature],
        [header, change(payload), signature],
        [header, payload, change(signature)],
      ];
      for (const parts of variants) expect(code(parts.join('.'))).toBe('TOKEN_MALFORMED');
    }
  });

  it('rejects wider characters whose low byte is the one that was signed, in each part', () => {
    const text = token();
    const respelled = [...text].flatMap((character, at) =>
      character === '.'
        ? []
        : [0x100, 0xff00].map((high) => {
            const wider = String.fromCharCode(character.charCodeAt(0) + high);
            return text.slice(0, at) + wider + text.slice(at + 1);
          }),
    );
    expect(respelled.map(code).filter((verdict) => verdict !== 'TOKEN_MALFORMED')).toEqual([]);
    expect(respelled.length).toBeGreaterThan(100);
  });

  it('rejects the alphabet of plain base64, and trailing bits that mean nothing', () => {
    const input = token().slice(0, -4);
    expect(code(`${input}-_-_`)).toBe('accepted');
    expect(code(`${input}+/+/`)).toBe('TOKEN_MALFORMED');
    expect(code(`${input}YQ`)).toBe('accepted');
    for (const last of ['YR', 'YS', 'Yf', 'YWJ']) expect(code(input + last)).toBe('TOKEN_MALFORMED');
  });

  it.each([
    ['[]', '[]'],
    ['null', 'null'],
    ['a number', '42'],
    ['a text', '"x"'],
    ['nothing', ''],
    ['half an object', '{"alg":'],
    ['two objects', '{}{}'],
    ['a comment', '{/**/}'],
    ['a byte order mark', `\ufeff${JSON.stringify(HEADER)}`],
    ['UTF-16', Buffer.from(JSON.stringify(HEADER), 'utf16le')],
    [
      'bytes that are not UTF-8',
      Buffer.concat([Buffer.from('{"alg":"RS256","kid":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    ],
    [
      'an overlong form',
      Buffer.concat([Buffer.from('{"alg":"RS256","kid":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    ],
  ])('rejects a part that holds %s', (_, part) => {
    expect(code(token({ header: part }))).toBe('TOKEN_MALFORMED');
    expect(code(token({ payload: part }))).toBe('TOKEN_MALFORMED');
  });

  it.each(['crit', 'b64', 'zip', 'enc'])('rejects a header with %j, whatever it says', (name) => {
    for (const value of [[], ['exp'], true, false, null, 'DEF']) {
      expect(code(token({ header: { ...HEADER, [name]: value } }))).toBe('TOKEN_HEADER_UNSUPPORTED');
    }
  });

  it.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt', undefined])('accepts the type %j', (typ) => {
    expect(code(token({ header: { ...HEADER, typ } }))).toBe('accepted');
  });

  it.each(['', 'JWS', 'dpop+jwt', 'logout+jwt', 'JWT ', 1, null, ['JWT']])('rejects the type %j', (typ) => {
    expect(code(token({ header: { ...HEADER, typ } }))).toBe('TOKEN_HEADER_UNSUPPORTED');
  });

  it.each(['alg', 'kid'])(
    'rejects a header whose %j is missing or not a text of 1 to 256 characters',
    (name) => {
      for (const value of [undefined, null, '', 1, true, ['RS256'], { a: 1 }, 'k'.repeat(257)]) {
        expect(code(token({ header: { ...HEADER, [name]: value } }))).toBe('TOKEN_MALFORMED');
      }
      expect(code(token({ header: { ...HEADER, [name]: 'k'.repeat(256) } }))).toBe('accepted');
    },
  );

  it('reads no header member that is inherited', () => {
    expect(code(token({ header: '{"__proto__":{"alg":"RS256","kid":"SK1"}}' }))).toBe('TOKEN_MALFORMED');
    const decoded = decodeToken(token({ payload: '{"__proto__":{"sub":"U2eve"}}' }));
    expect(Object.getPrototypeOf(decoded.payload)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['sub']).toBeUndefined();
  });

  it('takes the last of two members with one name', () => {
    expect(decodeToken(token({ header: '{"alg":"none","kid":"a","alg":"RS256","kid":"b"}' }))).toMatchObject({
      algorithm: 'RS256',
      keyId: 'b',
    });
    expect(decodeToken(token({ payload: '{"sub":"a","sub":"b"}' })).payload).toEqual({ sub: 'b' });
  });

  it('works for 8 KB and for the limit, and rejects what is longer before reading it', () => {
    const ofLength = (length: number) => token() + 'A'.repeat(Math.floor((length - token().length) / 4) * 4);
    expect(code(ofLength(8192))).toBe('accepted');
    expect(code(ofLength(MAX_TOKEN_LENGTH))).toBe('accepted');
    expect(code('!'.repeat(MAX_TOKEN_LENGTH))).toBe('TOKEN_MALFORMED');
    for (const length of [MAX_TOKEN_LENGTH + 1, 10_000_000]) {
      const run = () => decodeToken('!'.repeat(length));
      expect(run).toThrow(
        expect.objectContaining({ code: 'TOKEN_TOO_LARGE', details: { limit: MAX_TOKEN_LENGTH } }),
      );
    }
  });

  it('takes apart what nests as deep as a token can, without an overflow', () => {
    const depth = 6000;
    const payload = `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(code(token({ payload }))).toBe('accepted');
  });

  it('throws nothing but its own rejections, and none of them repeats the token', () => {
    const part = fc.oneof(fc.string({ minLength: 9 }), fc.json().map(toPart), fc.constant(toPart(HEADER)));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        try {
          decodeToken(parts.join('.'));
        } catch (error) {
          if (!(error instanceof DescopeError)) throw error;
          expect(error.code).toMatch(/^TOKEN_(MALFORMED|HEADER_UNSUPPORTED)$/);
          const said = `${error.message} ${JSON.stringify(error)}`;
          for (const text of parts.filter(({ length }) => length > 8))
            expect(said.includes(text)).toBe(false);
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

describe('A part of a token', () => {
  // Decoding and encoding again finds whatever a lenient decoder forgives; that is how this one is measured.
  const isStrict = (part: string) => Buffer.from(part, 'base64url').toString('base64url') === part;
  const isTaken = (part: string) =>
    codeOf(() => decodeToken(`${toPart({ alg: 'RS256', kid: 'k' })}.${toPart({})}.${part}`)) === 'accepted';

  it('counts as base64url exactly where encoding it again gives it back: every one of up to three characters', () => {
    const characters = [
      ...Array.from({ length: 96 }, (_, code) => String.fromCharCode(code + 32)),
      'é',
      '\u00a0',
      '\u2028',
      'Ａ',
      '\u0141', // its low byte is that of "A"
    ].filter((character) => character !== '.');
    const parts = characters.flatMap((one) =>
      ['', ...characters].flatMap((two) => ['', 'A', 'B'].map((end) => one + two + end)),
    );
    expect(parts.filter((part) => isTaken(part) !== isStrict(part))).toEqual([]);
    expect(parts.filter(isTaken).length).toBeGreaterThan(1000);
  });

  it('counts as base64url exactly where encoding it again gives it back: whatever its length and flaw', () => {
    const text = fc
      .tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(), fc.string({ maxLength: 3 }), fc.nat(2))
      .map(([bytes, at, flaw, cut]) => {
        const part = Buffer.from(bytes).toString('base64url');
        const place = at % (part.length + 1);
        return part.slice(0, place) + flaw + part.slice(place + cut);
      })
      .filter((part) => !part.includes('.'));
    fc.assert(
      fc.property(text, (part) => expect(isTaken(part)).toBe(isStrict(part))),
      { seed: 1, numRuns: 5000 },
    );
  });
});

describe('A header that was read before', () => {
  it('is told by its text, whole, and any other is read for itself', () => {
    const headers = new HeaderMemory();
    const one = toPart({ alg: 'RS256', kid: 'one' });
    expect(headers.read(one)).toBe(headers.read(one));
    expect(headers.read(toPart({ alg: 'RS256', kid: 'two' }))).toEqual({ algorithm: 'RS256', keyId: 'two' });
    for (const bad of [
      toPart({ alg: 'RS256' }),
      toPart({ alg: 'RS256', kid: 'one', crit: ['exp'] }),
      `${one}=`,
      one.slice(1),
    ])
      for (let round = 0; round < 2; round += 1) expect(codeOf(() => headers.read(bad))).toMatch(/^TOKEN_/);
  });

  it('makes room for others without end, sixteen at a time, and is read again then', () => {
    const headers = new HeaderMemory();
    const toHeader = (index: number) => toPart({ alg: 'RS256', kid: `k${index}` });
    const before = headers.read(toHeader(0));
    for (let index = 1; index < 16; index += 1) headers.read(toHeader(index));
    expect(headers.read(toHeader(0))).toBe(before);
    headers.read(toHeader(16));
    expect(headers.read(toHeader(0))).not.toBe(before);
    expect(headers.read(toHeader(0))).toEqual(before);
  });

  it('is not remembered when it is longer than 512 characters', () => {
    const headers = new HeaderMemory();
    const toHeader = (bytes: number) => {
      const members = { alg: 'RS256', kid: 'k', x: '' };
      return toPart({ ...members, x: 'x'.repeat(bytes - JSON.stringify(members).length) });
    };
    const [longest, long] = [toHeader(384), toHeader(385)];
    expect([longest.length, long.length]).toEqual([512, 514]);
    expect(headers.read(longest)).toBe(headers.read(longest));
    expect(headers.read(long)).not.toBe(headers.read(long));
  });
});

describe('readEndMs', () => {
  it('reads when a token says that it ends, in milliseconds, and nothing that is no number', () => {
    expect(readEndMs(token({ payload: { exp: 1_700_000_600 } }))).toBe(1_700_000_600_000);
    expect(readEndMs(token({ payload: { exp: 0 } }))).toBe(0);
    for (const payload of [{}, { exp: '1700000600' }, { exp: null }, '{"__proto__":{"exp":1}}'])
      expect(readEndMs(token({ payload }))).toBeUndefined();
  });

  it('reads nothing from what is no token', () => {
    for (const text of ['', 'opaque', 'a.b.c', token({ header: '{}' })])
      expect(readEndMs(text)).toBeUndefined();
  });
});

describe('readOwner', () => {
  it('reads whose a token is: by `dsub`, else by `sub`', () => {
    expect(readOwner(token({ payload: { sub: 'U2anna' } }))).toBe('U2anna');
    expect(readOwner(token({ payload: { sub: 'other', dsub: 'U2anna' } }))).toBe('U2anna');
    expect(readOwner(token({ payload: { dsub: 'U2anna' } }))).toBe('U2anna');
  });

  it('takes a token that names nobody, and what is no token, for its own owner', () => {
    const unnamed = [{}, { sub: 7 }, { sub: 'U2anna', dsub: ['U2eve'] }, '{"__proto__":{"sub":"U2eve"}}'];
    const texts = [...unnamed.map((payload) => token({ payload })), '', 'opaque', 'a.b.c'];
    expect(texts.map(readOwner)).toEqual(texts);
  });
});
