// What the claims of a genuine token must say.
import { describe, expect, it } from '@jest/globals';
import {
  assertClaimTypes,
  assertIssuer,
  assertNoIdToken,
  assertRefresh,
  assertSession,
  assertTime,
} from '#lib/core/token/claim-checks.js';
import type { DescopeClaims, JsonObject } from '#lib/core/token/claims.js';
import {
  codeOf,
  NOW_MS,
  NOW_SECONDS as NOW,
  POLICY,
  PROJECT_ID,
  sessionClaims,
} from '../../../support/tokens.js';

const asClaims = (members: Record<string, unknown>) => sessionClaims(members) as DescopeClaims;
const typesOf = (json: string) =>
  codeOf(() =>
    assertClaimTypes(
      JSON.parse(json.replace('…', JSON.stringify(sessionClaims()).slice(1, -1))) as JsonObject,
    ),
  );
const timeOf = (members: Record<string, unknown>, leewaySeconds = 5) =>
  codeOf(() => assertTime(asClaims(members), { ...POLICY, leewaySeconds }, NOW_MS));

describe('assertClaimTypes', () => {
  it('accepts a session’s claims, and those that may be missing', () => {
    expect(typesOf('{…}')).toBe('accepted');
    expect(typesOf('{"iss":"a","sub":"b","exp":1}')).toBe('accepted');
    expect(typesOf('{…,"aud":["a","b"],"nbf":0.5,"dsub":"U2"}')).toBe('accepted');
    expect(typesOf('{…,"aud":"a","iat":0,"nbf":0,"exp":0}')).toBe('accepted');
  });

  it('names the claim that is wrong, and not what it says', () => {
    for (const name of ['iss', 'sub', 'exp', 'iat', 'nbf', 'drn', 'dsub', 'aud']) {
      const run = () => assertClaimTypes(sessionClaims({ [name]: { secret: 1 } }));
      expect(run).toThrow(expect.objectContaining({ details: { claim: name } }));
      expect(run).toThrow(`"${name}"`);
      expect(run).not.toThrow(/secret/);
    }
  });

  it.each(['exp', 'iat', 'nbf'])('rejects %j that is no time', (name) => {
    for (const value of [
      '"1700000600"',
      'null',
      'true',
      '[1700000600]',
      '{}',
      '1e400',
      '-1',
      '8640000000001',
      '""',
    ]) {
      expect(typesOf(`{…,"${name}":${value}}`)).toBe('TOKEN_CLAIM_INVALID');
    }
    expect(typesOf(`{…,"${name}":8640000000000}`)).toBe('accepted');
  });

  it.each(['iss', 'sub', 'dsub', 'drn'])('rejects %j that is no text or empty', (name) => {
    for (const value of ['""', 'null', '7', '["a"]', '{"a":1}', 'false']) {
      expect(typesOf(`{…,"${name}":${value}}`)).toBe('TOKEN_CLAIM_INVALID');
    }
  });

  it.each(['iss', 'sub', 'exp'])('rejects a token without %j, also when it could be inherited', (name) => {
    expect(codeOf(() => assertClaimTypes(sessionClaims({ [name]: undefined })))).toBe('TOKEN_CLAIM_INVALID');
    const rest = JSON.stringify(sessionClaims({ [name]: undefined })).slice(1);
    expect(typesOf(`{"__proto__":{"iss":"a","sub":"b","exp":1},${rest}`)).toBe('TOKEN_CLAIM_INVALID');
  });

  it.each(['null', '7', '{}', '{"0":"a"}', '["a",7]', '[["a"]]', '[null]', 'true'])(
    'rejects the audience %s',
    (aud) => {
      expect(typesOf(`{…,"aud":${aud}}`)).toBe('TOKEN_CLAIM_INVALID');
    },
  );

  it.each(['sub', 'dsub', 'iss'])(
    'rejects %j with half of a surrogate pair, which would become U+FFFD',
    (name) => {
      expect(typesOf(`{…,"${name}":"anna\\ud83d"}`)).toBe('TOKEN_CLAIM_INVALID');
      expect(typesOf(`{…,"${name}":"\\ude00anna"}`)).toBe('TOKEN_CLAIM_INVALID');
      expect(typesOf(`{…,"${name}":"anna\\ud83d\\ude00"}`)).toBe('accepted');
    },
  );
});

describe('assertTime', () => {
  it.each([
    [5, -4, 'accepted'],
    [5, -5, 'TOKEN_EXPIRED'],
    [0, 1, 'accepted'],
    [0, 0, 'TOKEN_EXPIRED'],
    [60, -59, 'accepted'],
    [60, -60, 'TOKEN_EXPIRED'],
    [5, -1e9, 'TOKEN_EXPIRED'],
  ])('with a leeway of %d s, a token that ends %d s from now is %s', (leeway, offset, outcome) => {
    expect(timeOf({ exp: NOW + offset }, leeway)).toBe(outcome);
  });

  it.each([
    ['nbf', 'TOKEN_NOT_YET_VALID'],
    ['iat', 'TOKEN_ISSUED_IN_FUTURE'],
  ])('lets %j be as far ahead as the leeway', (name, rejection) => {
    for (const leeway of [0, 5, 60]) {
      expect(timeOf({ [name]: NOW + leeway }, leeway)).toBe('accepted');
      expect(timeOf({ [name]: NOW + leeway + 1 }, leeway)).toBe(rejection);
    }
  });

  it('says "expired" only where that is all that is wrong with the times', () => {
    expect(timeOf({ exp: NOW - 100, nbf: NOW + 100 })).toBe('TOKEN_NOT_YET_VALID');
    expect(timeOf({ exp: NOW - 100, iat: NOW + 100 })).toBe('TOKEN_ISSUED_IN_FUTURE');
  });

  it('rejects when the clock does not tell the time', () => {
    expect(codeOf(() => assertTime(asClaims({}), POLICY, Number.NaN))).toBe('TOKEN_EXPIRED');
  });
});

describe('assertIssuer', () => {
  it('answers for whom the project issued, and rejects another project', () => {
    expect(assertIssuer(asClaims({}), POLICY)).toBe('session');
    expect(assertIssuer(asClaims({ iss: `https://x/v1/apps/${PROJECT_ID}` }), POLICY)).toBe('app');
    const other = asClaims({ iss: `https://api.descope.com/P2otherotherotherotherother12` });
    expect(codeOf(() => assertIssuer(other, POLICY))).toBe('TOKEN_ISSUER_MISMATCH');
  });
});

describe('assertNoIdToken', () => {
  const of = (members: Record<string, unknown>) => codeOf(() => assertNoIdToken(asClaims(members)));

  it.each(['nonce', 'at_hash', 'c_hash', 's_hash'])('rejects whatever bears %j of its own', (mark) => {
    for (const value of ['x', '', null, 0, false, {}, []]) {
      expect(of({ [mark]: value })).toBe('TOKEN_IS_ID_TOKEN');
    }
  });

  it('names the mark by which it knows an ID token, and not what it says', () => {
    const run = () => assertNoIdToken(asClaims({ at_hash: 'secret' }));
    expect(run).toThrow(expect.objectContaining({ details: { claim: 'at_hash' } }));
    expect(run).not.toThrow(/secret/);
  });

  it('leaves a session be, also one whose caller supplied a claim of such a name', () => {
    expect(of({})).toBe('accepted');
    expect(of({ nsec: { nonce: 'x' }, Nonce: 'x', nonces: 'x', tenants: { nonce: {} } })).toBe('accepted');
    const inherited = JSON.parse('{"__proto__":{"nonce":"x"}}') as Record<string, unknown>;
    expect(of(inherited)).toBe('accepted');
  });
});

describe('assertSession', () => {
  const of = (members: Record<string, unknown>, sessionTokenNames = ['DS']) =>
    codeOf(() => assertSession(asClaims(members), { ...POLICY, sessionTokenNames }));
  const withoutName = (iss: string, allowMissingDrn: boolean) =>
    codeOf(() =>
      assertSession(asClaims({ iss, drn: undefined, sub: `K${'2'.repeat(27)}` }), {
        ...POLICY,
        allowMissingDrn,
      }),
    );

  it('accepts a session by Descope’s name, by the configured one, and without a name', () => {
    expect(of({})).toBe('accepted');
    expect(of({ drn: 'my_session' }, ['DS', 'my_session'])).toBe('accepted');
    expect(of({ drn: undefined })).toBe('accepted');
  });

  it.each(['DSR', 'ds', 'DS ', 'my_session', '__proto__'])('rejects a token that is called %j', (drn) => {
    expect(of({ drn })).toBe('TOKEN_NOT_A_SESSION');
  });

  it('asks a token whose issuer is a URL for a name, unless that is allowed to be missing', () => {
    const issuer = `https://api.descope.com/${PROJECT_ID}`;
    expect(withoutName(issuer, false)).toBe('TOKEN_DRN_MISSING');
    expect(withoutName(issuer, true)).toBe('accepted');
    expect(of({ iss: issuer })).toBe('accepted');
  });

  it('asks no name of the project’s own issuer, of an app’s or of an agent’s', () => {
    expect(withoutName(PROJECT_ID, false)).toBe('accepted');
    expect(withoutName(`https://api.descope.com/v1/apps/${PROJECT_ID}`, false)).toBe('accepted');
    expect(withoutName(`https://api.descope.com/v1/apps/agentic/${PROJECT_ID}/s1`, false)).toBe('accepted');
  });

  it.each([{ jkt: 'abc' }, { jwk: {} }, {}, null, ''])('rejects a token bound to a key: %j', (cnf) => {
    expect(of({ cnf })).toBe('TOKEN_SENDER_CONSTRAINED');
  });
});

describe('assertRefresh', () => {
  const of = (members: Record<string, unknown>, refreshTokenNames = ['DSR']) =>
    codeOf(() => assertRefresh(asClaims(members), { ...POLICY, refreshTokenNames }));

  it('accepts a refresh token by Descope’s name and by the configured one', () => {
    expect(of({ drn: 'DSR' })).toBe('accepted');
    expect(of({ drn: 'my_refresh' }, ['DSR', 'my_refresh'])).toBe('accepted');
  });

  it.each(['DS', 'dsr', 'DSR ', 'my_refresh', '__proto__', undefined])(
    'rejects a token that is called %j',
    (drn) => expect(of({ drn })).toBe('TOKEN_NOT_A_REFRESH'),
  );

  it('rejects one without a name also where the list of names holds none', () => {
    expect(of({ drn: undefined }, [undefined as unknown as string])).toBe('TOKEN_NOT_A_REFRESH');
  });

  it.each([{ jkt: 'abc' }, {}, null, ''])('rejects a token bound to a key: %j', (cnf) => {
    expect(of({ drn: 'DSR', cnf })).toBe('TOKEN_SENDER_CONSTRAINED');
  });
});
