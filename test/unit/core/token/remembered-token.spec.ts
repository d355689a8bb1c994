// A token that was proven before: its signature is not checked again, and everything that can change is.
import { describe, expect, it } from '@jest/globals';
import type { KeySet } from '#lib/core/token/key-set.js';
import { toKeysById, unknownKey } from '#lib/core/token/key-set.js';
import type { VerificationKey } from '#lib/core/token/signature.js';
import type { VerifiedToken } from '#lib/core/token/token-verifier.js';
import { TokenVerifier } from '#lib/core/token/token-verifier.js';
import {
  codeLater,
  codeOf,
  createClock,
  createSigningKey,
  mint,
  NOW_SECONDS,
  POLICY,
} from '../../../support/tokens.js';

const key = createSigningKey();
const token = mint(key, { claims: { tenants: { T1: { roles: ['admin'] } } } });

interface Keys extends KeySet {
  current: ReadonlyMap<string, VerificationKey>;
  asked: number;
}

function createWorld(cache: { maxTokens: number; maxBytes: number } | undefined) {
  const clock = createClock();
  const keys: Keys = {
    current: toKeysById([key.jwk]),
    asked: 0,
    find(keyId) {
      keys.asked += 1;
      const found = keys.current.get(keyId);
      if (found === undefined) throw unknownKey();
      return found;
    },
    checkHealth: () => Promise.resolve({ state: 'usable' as const, keyCount: 1, keyAgeMs: 0 }),
    hydrate: () => Promise.resolve(),
    close: () => undefined,
  };
  return { clock, keys, verifier: new TokenVerifier({ config: POLICY, keys, clock, cache }) };
}

// What is proven twice is remembered.
function remembering() {
  const world = createWorld({ maxTokens: 10, maxBytes: 1_000_000 });
  void world.verifier.verify(token);
  void world.verifier.verify(token);
  return world;
}

describe('A token that was proven before', () => {
  it('is told by the same frozen claims, where tokens are remembered', () => {
    const { verifier } = remembering();
    const remembered = verifier.verify(token);
    expect(verifier.verify(token)).toBe(remembered);
    expect(Object.isFrozen((verifier.verify(token) as VerifiedToken).claims)).toBe(true);
    const forgetful = createWorld(undefined).verifier;
    expect(forgetful.verify(token)).not.toBe(forgetful.verify(token));
  });

  it('is proven twice before it is remembered, so that one which comes once costs no memory', () => {
    const { verifier } = createWorld({ maxTokens: 10, maxBytes: 1_000_000 });
    const [first, second, third] = [1, 2, 3].map(() => verifier.verify(token));
    expect(second).not.toBe(first);
    expect(third).toBe(second);
    expect(second).toEqual(first);
  });

  it('is rejected once it has expired, and is good again for a clock that was set back', () => {
    const { verifier, clock } = remembering();
    expect(codeOf(() => verifier.verify(token))).toBe('accepted');
    clock.advance(604_999);
    expect(codeOf(() => verifier.verify(token))).toBe('accepted');
    clock.advance(1);
    expect(codeOf(() => verifier.verify(token))).toBe('TOKEN_EXPIRED');
    clock.advance(-1);
    expect(codeOf(() => verifier.verify(token))).toBe('accepted');
  });

  it('leaves memory after its end as others come, and no sooner', () => {
    const { verifier, clock } = remembering();
    const before = verifier.verify(token);
    const remember = (sub: string) => {
      const other = mint(key, { claims: { sub, exp: NOW_SECONDS + 9_000 } });
      for (let times = 0; times < 2; times += 1) void verifier.verify(other);
    };
    clock.advance(604_999); // five seconds of leeway, less a moment
    for (const sub of ['U2a', 'U2b', 'U2c']) remember(sub);
    expect(verifier.verify(token)).toBe(before);
    clock.advance(1);
    for (const sub of ['U2d', 'U2e', 'U2f']) remember(sub);
    clock.advance(-1);
    expect(verifier.verify(token)).not.toBe(before);
  });

  it('takes the room that its claims take', () => {
    const { verifier } = createWorld({ maxTokens: 10, maxBytes: 40_000 });
    const [first, second] = ['U2a', 'U2b'].map((sub) =>
      mint(key, { claims: { sub, note: 'x'.repeat(8_000) } }),
    ) as [string, string];
    const tell = (text: string) => [1, 2].map(() => verifier.verify(text)).at(-1);
    const before = tell(first);
    expect(verifier.verify(first)).toBe(before);
    void tell(second);
    expect(verifier.verify(first)).not.toBe(before); // 16 KB of claims and 11 KB of token each
  });

  it('is rejected while a clock that was set back says that it is not valid yet', () => {
    const { verifier, clock } = remembering();
    const early = mint(key, { claims: { nbf: NOW_SECONDS } });
    for (const [text, code] of [
      [token, 'TOKEN_ISSUED_IN_FUTURE'],
      [early, 'TOKEN_NOT_YET_VALID'],
    ] as const) {
      for (let round = 0; round < 3; round += 1) expect(codeOf(() => verifier.verify(text))).toBe('accepted');
      clock.advance(-6_000);
      expect(codeOf(() => verifier.verify(text))).toBe(code);
      clock.advance(6_000);
    }
  });

  it('is rejected as soon as its key has left the set', () => {
    const { verifier, keys } = remembering();
    keys.current = new Map();
    expect(codeOf(() => verifier.verify(token))).toBe('TOKEN_KEY_UNKNOWN');
  });

  it('is rejected as soon as its key id means another key', () => {
    const { verifier, keys } = remembering();
    keys.current = toKeysById([createSigningKey('RS256', key.keyId).jwk], keys.current);
    expect(codeOf(() => verifier.verify(token))).toBe('TOKEN_SIGNATURE_INVALID');
    expect(codeOf(() => verifier.verify(token))).toBe('TOKEN_SIGNATURE_INVALID');
  });

  it('stays remembered when its key is fetched again', () => {
    const { verifier, keys } = remembering();
    const before = verifier.verify(token);
    keys.current = toKeysById([createSigningKey('RS256', 'SK-new').jwk, { ...key.jwk }], keys.current);
    expect(verifier.verify(token)).toBe(before);
  });

  it('asks for its key each time, and waits where the key set must look', async () => {
    const { verifier, keys } = remembering();
    const { find } = keys;
    keys.find = (keyId) => Promise.resolve(find(keyId));
    const asked = keys.asked;
    expect(verifier.verify(token)).toBeInstanceOf(Promise);
    expect(keys.asked).toBe(asked + 1);
    keys.find = () => Promise.reject(unknownKey());
    expect(await codeLater(() => verifier.verify(token))).toBe('TOKEN_KEY_UNKNOWN');
  });

  it('counts as a session only: as a refresh token it is judged anew', () => {
    const { verifier } = remembering();
    expect(codeOf(() => verifier.verifyRefresh(token))).toBe('TOKEN_NOT_A_REFRESH');
    const refresh = mint(key, { claims: { drn: 'DSR' } });
    expect(codeOf(() => verifier.verifyRefresh(refresh))).toBe('accepted');
    expect(codeOf(() => verifier.verify(refresh))).toBe('TOKEN_NOT_A_SESSION');
  });

  it('accepts no altered copy of a remembered token', () => {
    const { verifier } = remembering();
    const [header = '', payload = '', signature = ''] = token.split('.');
    const other = mint(key, { claims: { sub: 'U2bob' } }).split('.');
    for (const near of [
      `${header}.${other[1]}.${signature}`,
      `${other[0]}.${other[1]}.${signature}`,
      `${header}.${payload}.${other[2]?.slice(0, -12)}${signature.slice(-12)}`,
      `${header}.${payload}.${signature.slice(1)}`,
      signature.slice(-12),
      `${token} `,
    ])
      expect(codeOf(() => verifier.verify(near))).toMatch(/^TOKEN_(SIGNATURE_INVALID|MALFORMED)$/);
    expect(codeOf(() => verifier.verify(token))).toBe('accepted');
  });

  it('is not remembered when it was rejected', () => {
    const { verifier, keys } = remembering();
    const forged = mint(createSigningKey('RS256', key.keyId));
    for (let round = 0; round < 2; round += 1)
      expect(codeOf(() => verifier.verify(forged))).toBe('TOKEN_SIGNATURE_INVALID');
    keys.current = new Map();
    expect(codeOf(() => verifier.verify(forged))).toBe('TOKEN_KEY_UNKNOWN');
  });

  it.each([undefined, null, 7, {}, ['x']])('rejects %j, which is no text', (value) => {
    const { verifier } = remembering();
    expect(codeOf(() => verifier.verify(value as string))).toBe('TOKEN_MALFORMED');
  });
});
