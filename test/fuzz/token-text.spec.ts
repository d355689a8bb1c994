// Any text as a token: rejected with an error of ours, or accepted by jose too, with the same claims.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DescopeError } from '#lib/core/errors.js';
import { MAX_TOKEN_LENGTH } from '#lib/core/token/decode.js';
import type { VerifiedToken } from '#lib/core/token/token-verifier.js';
import { createJoseOracle } from '../support/jose-oracle.js';
import {
  createSigningKey,
  createVerifier,
  mint,
  NOW_SECONDS as NOW,
  PROJECT_ID,
  sessionClaims,
  signBytes,
  toPart,
} from '../support/tokens.js';
import { fuzz, hostileJson, hostileText } from './support/fuzz.js';

const keys = [createSigningKey('RS256'), createSigningKey('ES256')];
const algorithms = ['RS256', 'ES256'];
const verifier = createVerifier(
  keys.map(({ jwk }) => jwk),
  { algorithms },
);
const joseSays = await createJoseOracle(keys, { algorithms, requiredClaims: ['exp', 'iss', 'sub'] });

let accepted = 0;

/** Ours may be stricter, never looser; and what both accept says the same to both. */
async function compare(token: string): Promise<void> {
  let ours: VerifiedToken;
  try {
    ours = verifier.verify(token) as VerifiedToken;
  } catch (error) {
    if (error instanceof DescopeError) {
      expect(error.code).toMatch(/^TOKEN_/);
      return;
    }
    throw error;
  }
  accepted += 1;
  expect(ours.claims).toEqual(await joseSays(token));
  expect(ours.claims.exp).toBeGreaterThan(NOW - 5);
  expect(Object.getPrototypeOf(ours.claims)).toBe(Object.prototype);
}

const anyKey = fc.constantFrom(...keys);
const sound = keys.map((key) => mint(key));
const headerNames = [
  'alg',
  'kid',
  'typ',
  'crit',
  'b64',
  'jwk',
  'jku',
  'x5c',
  'x5u',
  'zip',
  'enc',
  'cty',
  'RS256',
  'SK-RS256',
  'JWT',
];
const claimNames = [
  'iss',
  'sub',
  'exp',
  'nbf',
  'iat',
  'aud',
  'drn',
  'cnf',
  'dsub',
  'roles',
  'tenants',
  PROJECT_ID,
  'DS',
  'DSR',
];
const member = (names: readonly string[]) => fc.tuple(fc.constantFrom(...names), hostileJson(...names));
const members = (names: readonly string[]) => fc.array(member(names), { maxLength: 3 });

/** JSON with members added at the end: an equal name stands twice then. */
function withMembers(json: object, added: readonly (readonly [string, unknown])[]): string {
  const more = added.map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value) ?? 'null'}`);
  return `${JSON.stringify(json).slice(0, -1)}${more.join('')}}`;
}

describe('A token', () => {
  it('of any text is rejected in our own words', () =>
    fuzz(
      2000,
      fc.asyncProperty(
        hostileText(
          '.',
          '..',
          'e30',
          'eyJ',
          '=',
          '-_',
          ' ',
          '\n',
          ...sound.flatMap((token) => token.split('.')),
        ),
        compare,
      ),
    ));

  it('of any value that is no text is rejected in our own words', () =>
    fuzz(
      300,
      fc.asyncProperty(fc.anything(), async (value) => {
        if (typeof value !== 'string')
          await expect(async () => verifier.verify(value as string)).rejects.toMatchObject({
            code: 'TOKEN_MALFORMED',
          });
      }),
    ));

  it('with any header, genuinely signed, is accepted only if jose does', () =>
    fuzz(
      400,
      fc.asyncProperty(anyKey, members(headerNames), (key, added) => {
        const header = withMembers({ alg: key.algorithm, kid: key.keyId, typ: 'JWT' }, added);
        return compare(mint(key, { header }));
      }),
    ));

  it('with any claims, genuinely signed, is accepted only if jose does, and says the same', () =>
    fuzz(
      400,
      fc.asyncProperty(anyKey, members(claimNames), (key, added) =>
        compare(mint(key, { claims: withMembers(sessionClaims(), added) })),
      ),
    ));

  it('whose bytes are damaged before signing is accepted only if jose does, and says the same', () => {
    const damage = fc.record({ at: fc.nat(), cut: fc.nat({ max: 4 }), put: fc.uint8Array({ maxLength: 4 }) });
    const spoil = (bytes: Buffer, { at, cut, put }: { at: number; cut: number; put: Uint8Array }) => {
      const place = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]);
    };
    return fuzz(
      600,
      fc.asyncProperty(anyKey, damage, fc.boolean(), (key, one, isHeader) => {
        const header = Buffer.from(JSON.stringify({ alg: key.algorithm, kid: key.keyId, typ: 'JWT' }));
        const claims = Buffer.from(JSON.stringify(sessionClaims()));
        return compare(
          mint(
            key,
            isHeader ? { header: spoil(header, one), claims } : { header, claims: spoil(claims, one) },
          ),
        );
      }),
    );
  });

  it('that is damaged after signing is rejected', () => {
    const character = fc.constantFrom(...'AZaz09-_+/=. \n\0é%');
    return fuzz(
      3000,
      fc.asyncProperty(fc.constantFrom(...sound), fc.nat(), character, async (token, place, put) => {
        const at = place % token.length;
        const damaged = token.slice(0, at) + put + token.slice(at + 1);
        if (damaged !== token) expect(() => verifier.verify(damaged)).toThrow(DescopeError);
      }),
    );
  });

  it('with any signature bytes but the right ones is rejected', () =>
    fuzz(
      500,
      fc.asyncProperty(anyKey, fc.uint8Array({ maxLength: 300 }), async (key, bytes) => {
        const token = `${mint(key).split('.').slice(0, 2).join('.')}.${Buffer.from(bytes).toString('base64url')}`;
        expect(() => verifier.verify(token)).toThrow(
          expect.objectContaining({ code: 'TOKEN_SIGNATURE_INVALID' }),
        );
      }),
    ));

  it('longer than the cap is rejected before it is read, whatever it is', () =>
    fuzz(
      100,
      fc.asyncProperty(hostileText('.', 'e30', 'eyJ'), fc.nat({ max: 100_000 }), async (text, more) => {
        const token = `${text}.`.repeat(Math.ceil((MAX_TOKEN_LENGTH + 1 + more) / (text.length + 1)));
        expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: 'TOKEN_TOO_LARGE' }));
      }),
    ));

  it('was accepted often enough for these comparisons to mean something', () => {
    expect(accepted).toBeGreaterThan(100);
    const input = `${toPart({ alg: 'RS256', kid: 'SK-RS256' })}.${toPart(sessionClaims())}`;
    const key = keys[0];
    if (key)
      expect(
        verifier.verify(`${input}.${signBytes('RS256', key.privateKey, input).toString('base64url')}`),
      ).toBeDefined();
  });
});
