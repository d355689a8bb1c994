// Token text → proven claims: the four steps in one, as an attacker meets them.
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { DescopeError } from '#lib/core/errors.js';
import { StaticKeySet, toKeysById } from '#lib/core/token/key-set.js';
import type { VerifiedToken } from '#lib/core/token/token-verifier.js';
import { TokenVerifier } from '#lib/core/token/token-verifier.js';
import { processorMsOf } from '../../../support/processor-time.js';
import type { TokenParts } from '../../../support/tokens.js';
import {
  codeLater,
  codeOf,
  createClock,
  createSigningKey,
  createVerifier,
  mint,
  NOW_SECONDS,
  POLICY,
  PROJECT_ID,
  toPart,
} from '../../../support/tokens.js';

const key = createSigningKey();
const ps256 = createSigningKey('PS256', 'SK-PS');
const verifier = createVerifier([key.jwk, ps256.jwk]);
const judge = (parts: TokenParts) => codeOf(() => verifier.verify(mint(key, parts)));

describe('TokenVerifier', () => {
  it('proves a session at once when the key is at hand', () => {
    const verified = verifier.verify(mint(key, { claims: { email: 'anna@example.com' } }));
    expect(verified).not.toBeInstanceOf(Promise);
    expect(verified).toMatchObject({ kind: 'user', claims: { sub: 'U2anna', email: 'anna@example.com' } });
  });

  it('proves a session later when the key is on its way, and rejects then', async () => {
    const found = toKeysById([key.jwk]).get(key.keyId);
    if (found === undefined) throw new Error('The key is usable.');
    const keys = {
      find: () => Promise.resolve(found),
      hydrate: async () => {},
      checkHealth: () => new StaticKeySet(new Map()).checkHealth(),
      close: () => {},
    };
    const slow = new TokenVerifier({ config: POLICY, keys, clock: () => NOW_SECONDS * 1000 });
    expect(await codeLater(() => slow.verify(mint(key)))).toBe('accepted');
    expect(await codeLater(() => slow.verify(mint(key, { claims: { exp: 1 } })))).toBe('TOKEN_EXPIRED');
  });

  it('rejects an algorithm off the list without asking for the key', () => {
    expect(codeOf(() => verifier.verify(mint(ps256)))).toBe('TOKEN_ALGORITHM_NOT_ALLOWED');
    const keys = new StaticKeySet(new Map());
    const find = () => {
      throw new Error('The key was asked for.');
    };
    const strict = new TokenVerifier({
      config: POLICY,
      keys: Object.assign(keys, { find }),
      clock: () => NOW_SECONDS * 1000,
    });
    expect(codeOf(() => strict.verify(mint(ps256)))).toBe('TOKEN_ALGORITHM_NOT_ALLOWED');
    expect(codeOf(() => strict.verify('garbage'))).toBe('TOKEN_MALFORMED');
  });

  it.each([
    ['TOKEN_EXPIRED', { claims: { exp: NOW_SECONDS - 5 } }],
    ['TOKEN_NOT_YET_VALID', { claims: { nbf: NOW_SECONDS + 6 } }],
    ['TOKEN_ISSUED_IN_FUTURE', { claims: { iat: NOW_SECONDS + 6 } }],
    ['TOKEN_CLAIM_INVALID', { claims: { exp: undefined } }],
    ['TOKEN_CLAIM_INVALID', { claims: { sub: '' } }],
    ['TOKEN_CLAIM_INVALID', { claims: '{"iss":"x","sub":"U2anna","exp":1e400}' }],
    ['TOKEN_ISSUER_MISMATCH', { claims: { iss: 'https://evil.example' } }],
    ['TOKEN_NOT_A_SESSION', { claims: { drn: 'DSR' } }],
    ['TOKEN_SENDER_CONSTRAINED', { claims: { cnf: { jkt: 'x' } } }],
    ['TOKEN_DRN_MISSING', { claims: { iss: `https://api.descope.com/${PROJECT_ID}`, drn: undefined } }],
    ['TOKEN_IS_ID_TOKEN', { claims: { nonce: 'x' } }],
    ['TOKEN_IS_ID_TOKEN', { claims: { iss: `https://api.descope.com/${PROJECT_ID}`, at_hash: 'x' } }],
    ['TOKEN_IS_ID_TOKEN', { claims: { iss: `https://x/v1/apps/${PROJECT_ID}`, c_hash: 'x' } }],
    ['TOKEN_KEY_UNKNOWN', { header: { kid: 'SK-other' } }],
    ['TOKEN_KEY_UNKNOWN', { header: { kid: '__proto__' } }],
    ['TOKEN_KEY_UNKNOWN', { header: { kid: 'https://evil.example/jwks.json' } }],
    ['TOKEN_MALFORMED', { header: { kid: undefined } }],
    ['TOKEN_TOO_LARGE', { header: { kid: 'k'.repeat(1_000_000) } }],
    ['TOKEN_HEADER_UNSUPPORTED', { header: { crit: ['exp'] } }],
    ['TOKEN_HEADER_UNSUPPORTED', { header: { b64: false, crit: ['b64'] } }],
  ])(
    'rejects with %s what is signed by our key and is wrong in one thing (%#)',
    (code, parts: TokenParts) => {
      expect(judge(parts)).toBe(code);
    },
  );

  it('checks the signature before it reads the payload', () => {
    const theirs = createSigningKey('RS256', key.keyId);
    for (const claims of ['no JSON', '[]', Buffer.from([0xc3, 0x28])]) {
      expect(codeOf(() => verifier.verify(mint(theirs, { claims })))).toBe('TOKEN_SIGNATURE_INVALID');
      expect(judge({ claims })).toBe('TOKEN_MALFORMED');
    }
  });

  it('accepts a token of a user with many tenants, and a header of 1024 characters but none longer', () => {
    const grants = { roles: ['admin', 'editor'], permissions: ['orders:read', 'orders:write'] };
    const tenants = Object.fromEntries(
      Array.from({ length: 90 }, (_, index) => [`T2tenant${index}`, grants]),
    );
    expect(judge({ claims: { tenants } })).toBe('accepted');
    const withHeader = (bytes: number) => {
      const members = { alg: 'RS256', kid: key.keyId, x: '' };
      return {
        header: JSON.stringify({ ...members, x: 'x'.repeat(bytes - JSON.stringify(members).length) }),
      };
    };
    expect(mint(key, withHeader(768)).indexOf('.')).toBe(1024);
    expect([768, 769].map((bytes) => judge(withHeader(bytes)))).toEqual(['accepted', 'TOKEN_MALFORMED']);
  });

  it('takes no key from the token: their key in the header, under our id or another', () => {
    const theirs = createSigningKey('RS256', 'SK-theirs');
    const hints = {
      jwk: theirs.jwk,
      jku: 'https://evil.example/jwks',
      x5u: 'https://evil.example/x',
      x5c: ['MIIB'],
    };
    expect(codeOf(() => verifier.verify(mint(theirs, { header: hints })))).toBe('TOKEN_KEY_UNKNOWN');
    const ours = mint(theirs, { header: { ...hints, kid: key.keyId } });
    expect(codeOf(() => verifier.verify(ours))).toBe('TOKEN_SIGNATURE_INVALID');
    expect(judge({ header: hints })).toBe('accepted'); // ignored, not obeyed
  });

  it('rejects our key with their issuer, and our issuer with their key', () => {
    expect(judge({ claims: { iss: 'P2otherotherotherotherother12' } })).toBe('TOKEN_ISSUER_MISMATCH');
    const theirs = createSigningKey('RS256', key.keyId);
    expect(codeOf(() => verifier.verify(mint(theirs)))).toBe('TOKEN_SIGNATURE_INVALID');
  });

  it('checks every issuer independently of earlier tokens', () => {
    const app = `https://api.descope.com/v1/apps/${PROJECT_ID}` as const;
    const kinds = { [PROJECT_ID]: 'user', [app]: 'app' } as const;
    for (const iss of [PROJECT_ID, app, app, PROJECT_ID, PROJECT_ID, app] as const) {
      expect(verifier.verify(mint(key, { claims: { iss } }))).toMatchObject({ kind: kinds[iss] });
      expect(judge({ claims: { iss: 'P2otherotherotherotherother12' } })).toBe('TOKEN_ISSUER_MISMATCH');
    }
  });

  it('takes the last of two members with one name, for every check alike', () => {
    const end = `"drn":"DS","iat":1,"exp":${NOW_SECONDS + 9}`;
    expect(judge({ claims: `{"iss":"x","sub":"a","sub":"U2anna","iss":"${PROJECT_ID}",${end}}` })).toBe(
      'accepted',
    );
    expect(judge({ claims: `{"iss":"${PROJECT_ID}","sub":"a","iss":"x",${end}}` })).toBe(
      'TOKEN_ISSUER_MISMATCH',
    );
  });

  it('distinguishes the token of an app or agent from a session token, and leaves the decision to the route', () => {
    const kindOf = (iss: string) => (verifier.verify(mint(key, { claims: { iss } })) as VerifiedToken).kind;
    expect(kindOf(`https://api.descope.com/v1/apps/${PROJECT_ID}`)).toBe('app');
    expect(kindOf(`https://api.descope.com/v1/apps/agentic/${PROJECT_ID}/s1`)).toBe('agent');
  });

  it('accepts a configured session name and leeway, and rejects a token as its clock moves on', () => {
    const clock = createClock();
    const config = { ...POLICY, leewaySeconds: 0, sessionTokenNames: ['DS', 'mine'] };
    const moving = new TokenVerifier({ config, keys: new StaticKeySet(toKeysById([key.jwk])), clock });
    const token = mint(key, { claims: { drn: 'mine', exp: NOW_SECONDS + 60 } });
    expect(codeOf(() => moving.verify(token))).toBe('accepted');
    clock.advance(60_000);
    expect(codeOf(() => moving.verify(token))).toBe('TOKEN_EXPIRED');
  });

  it('proves a refresh token, and takes no session for one', () => {
    const claims = { drn: 'DSR', sub: 'U2anna' };
    expect(verifier.verifyRefresh(mint(key, { claims }))).toMatchObject({ kind: 'user', claims });
    const rejected = (members: Record<string, unknown>) =>
      codeOf(() => verifier.verifyRefresh(mint(key, { claims: { ...claims, ...members } })));
    expect(rejected({ drn: 'DS' })).toBe('TOKEN_NOT_A_REFRESH');
    expect(rejected({ exp: NOW_SECONDS - 5 })).toBe('TOKEN_EXPIRED');
    expect(rejected({ nbf: NOW_SECONDS + 6 })).toBe('TOKEN_NOT_YET_VALID');
    expect(rejected({ at_hash: 'x' })).toBe('TOKEN_IS_ID_TOKEN');
  });

  it('proves of a session that has expired that it was good, and of nothing else', () => {
    const lapsed = (members: Record<string, unknown>) =>
      verifier.verifyLapsed(mint(key, { claims: { exp: NOW_SECONDS - 9999, ...members } }));
    expect(lapsed({})).toMatchObject({ kind: 'user', claims: { sub: 'U2anna', exp: NOW_SECONDS - 9999 } });
    expect(lapsed({ exp: NOW_SECONDS + 60 })).toMatchObject({ kind: 'user' });
    expect(codeOf(() => lapsed({ nbf: NOW_SECONDS + 6 }))).toBe('TOKEN_NOT_YET_VALID');
    expect(codeOf(() => lapsed({ iat: NOW_SECONDS + 6 }))).toBe('TOKEN_ISSUED_IN_FUTURE');
    expect(codeOf(() => lapsed({ drn: 'DSR' }))).toBe('TOKEN_NOT_A_SESSION');
    expect(codeOf(() => lapsed({ cnf: {} }))).toBe('TOKEN_SENDER_CONSTRAINED');
    expect(codeOf(() => lapsed({ nonce: 'x' }))).toBe('TOKEN_IS_ID_TOKEN');
    const issuer = `https://api.descope.com/${PROJECT_ID}`;
    expect(codeOf(() => lapsed({ iss: issuer, drn: undefined }))).toBe('TOKEN_DRN_MISSING');
    expect(codeOf(() => lapsed({ iss: 'https://evil.example' }))).toBe('TOKEN_ISSUER_MISMATCH');
    const forged = mint(createSigningKey('RS256', key.keyId), { claims: { exp: 1 } });
    expect(codeOf(() => verifier.verifyLapsed(forged))).toBe('TOKEN_SIGNATURE_INVALID');
  });

  it('returns claims that are frozen at every depth', () => {
    const tenants = { T1: { roles: ['admin'] } };
    const { claims } = verifier.verify(
      mint(key, { claims: { tenants, roles: [], custom: [{ a: 1 }] } }),
    ) as VerifiedToken;
    const values: unknown[] = [claims];
    for (const value of values) {
      if (typeof value !== 'object' || value === null) continue;
      expect(Object.isFrozen(value)).toBe(true);
      values.push(...Object.values(value));
    }
    expect(values.length).toBeGreaterThan(10);
  });

  it('freezes claims that nest as deep as a token can', () => {
    const deep = `{"iss":"${PROJECT_ID}","sub":"U2","exp":${NOW_SECONDS + 9},"a":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    expect(judge({ claims: deep })).toBe('accepted');
  });

  it.each([
    ['dots', '.'.repeat(16_384)],
    ['one part', 'A'.repeat(16_384)],
    ['a header that nests', `${toPart('['.repeat(11_000))}.e30.e30`],
    ['a payload that nests', `${mint(key).split('.')[0]}.${toPart('{"a":'.repeat(2400))}.e30`],
    ['an issuer like a long path', mint(key, { claims: { iss: `https://h${'/a'.repeat(5000)}/` } })],
    ['a long signature', `${mint(key)}${'A'.repeat(15_000)}`],
  ])('rejects %s in far less than a second', (_, token) => {
    const workMs = processorMsOf(() => {
      for (let round = 0; round < 20; round += 1)
        expect(codeOf(() => verifier.verify(token))).toMatch(/^TOKEN_/);
    });
    expect(workMs).toBeLessThan(1000); // twenty of them
  });

  it('says nothing of a rejected token, its claims or its key in the error', () => {
    const parts: TokenParts[] = [
      { claims: { exp: 1, email: 'anna@secret.example' } },
      { claims: { iss: 'https://secret.example' } },
      { header: { kid: 'secret-kid' } },
      { header: { typ: 'secret-typ' } },
      { claims: { drn: 'secret-drn' } },
    ];
    for (const token of parts.map((part) => mint(key, part))) {
      try {
        void verifier.verify(token);
        throw new TypeError('It was accepted.');
      } catch (error) {
        if (!(error instanceof DescopeError)) throw error;
        const said = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + String(error);
        expect(said).not.toMatch(/secret/);
        for (const part of token.split('.')) expect(said).not.toContain(part);
      }
    }
  });
});
