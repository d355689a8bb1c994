// By which name does the application know this caller? Every way to read it, and every way to be rejected.
import { describe, expect, it } from '@jest/globals';
import type { DescopeClaims, TokenKind } from '#lib/core/token/claims.js';
import type { UsernameClaim } from '#lib/core/user/descope-user.js';
import { readUsername, toUsernameClaimName } from '#lib/core/user/descope-user.js';
import { codeOf, sessionClaims } from '../../../support/tokens.js';

const read = (claim: UsernameClaim, members: Record<string, unknown> = {}, kind: TokenKind = 'user') =>
  readUsername({ claims: sessionClaims(members) as DescopeClaims, kind }, claim);
const code = (...args: Parameters<typeof read>) => codeOf(() => read(...args));

describe('readUsername', () => {
  it('reads a claim, a path of claims or what a function answers', () => {
    expect(read('sub')).toBe('U2anna');
    expect(read('email', { email: 'anna@example.com' })).toBe('anna@example.com');
    expect(read(['custom', 'login'], { custom: { login: 'anna' } })).toBe('anna');
    expect(read('custom.login', { 'custom.login': 'anna', custom: { login: 'eve' } })).toBe('anna');
    expect(read(({ sub }) => `x-${sub}`)).toBe('x-U2anna');
    expect(read('name', { name: ' Anna ' })).toBe(' Anna ');
  });

  it.each([undefined, null, '', ' ', '\t\n', 7, true, ['anna'], { a: 1 }, 'anna\ud83d', '\ude00'])(
    'rejects a user whose claim is %j',
    (email) => {
      expect(code('email', { email })).toBe('USERNAME_CLAIM_MISSING');
      expect(code(['custom', 'email'], { custom: { email } })).toBe('USERNAME_CLAIM_MISSING');
      expect(code(() => email)).toBe('USERNAME_CLAIM_MISSING');
    },
  );

  it('takes no other identity in its place', () => {
    expect(code('email', { name: 'anna', dsub: 'U2anna' })).toBe('USERNAME_CLAIM_MISSING');
    expect(read('sub', { sub: 'anna', dsub: 'U2anna' })).toBe('anna');
  });

  it('reads no inherited claim and steps into nothing but objects', () => {
    for (const claim of [
      'constructor',
      'toString',
      '__proto__',
      ['constructor', 'name'],
      ['sub', 'length'],
      ['amr', '0'],
      ['sub', '0'],
      [],
    ]) {
      expect(code(claim)).toBe('USERNAME_CLAIM_MISSING');
    }
    expect(code('email', JSON.parse('{"__proto__":{"email":"eve"}}') as Record<string, unknown>)).toBe(
      'USERNAME_CLAIM_MISSING',
    );
  });

  it('rejects a name that will only be there later', () => {
    expect(code(() => Promise.resolve('anna'))).toBe('USERNAME_CLAIM_MISSING');
  });

  it.each<TokenKind>(['access-key', 'app', 'agent'])(
    'calls an %s by its id, so that its claims impersonate nobody',
    (kind) => {
      expect(read('email', { email: 'anna@example.com', sub: 'K2' }, kind)).toBe('K2');
      expect(read('email', { sub: 'K2' }, kind)).toBe('K2');
      expect(read(() => 'anna', { sub: 'x', dsub: 'K2' }, kind)).toBe('K2');
    },
  );

  it('believes a token of unknown kind its own id, and no other name', () => {
    expect(read('sub', {}, 'unknown')).toBe('U2anna');
    expect(read('dsub', { sub: 'x', dsub: 'U2anna' }, 'unknown')).toBe('U2anna');
    expect(code('email', { email: 'anna@example.com' }, 'unknown')).toBe('USERNAME_KIND_UNPROVEN');
    expect(code('sub', { sub: 'anna', dsub: 'K2' }, 'unknown')).toBe('USERNAME_KIND_UNPROVEN');
    expect(code('email', {}, 'unknown')).toBe('USERNAME_CLAIM_MISSING');
  });

  it('says which claim is missing and what to do, and nothing that the token holds', () => {
    expect(() => read(['custom', 'login'], { email: 'anna@example.com' })).toThrow(
      /"custom → login".*usernameClaim/s,
    );
    expect(() => read('login')).toThrow(expect.objectContaining({ details: { claim: 'login' } }));
    expect(() => read('login', { login: 'anna' }, 'unknown')).toThrow(
      expect.objectContaining({ details: { claim: 'login' } }),
    );
    expect(() => read('login', { login: 7, email: 'anna@example.com' })).not.toThrow(/anna/);
  });

  it('passes on what the application’s own function throws', () => {
    const fail = () => {
      throw new RangeError('mine');
    };
    expect(() => read(fail)).toThrow(RangeError);
  });
});

describe('toUsernameClaimName', () => {
  it('names a claim, a path and a function', () => {
    expect(toUsernameClaimName('email')).toBe('email');
    expect(toUsernameClaimName(['a', 'b'])).toBe('a → b');
    expect(
      toUsernameClaimName(function readLogin() {
        return '';
      }),
    ).toBe('readLogin');
    expect(
      toUsernameClaimName(
        (
          () => () =>
            ''
        )(),
      ),
    ).toBe('usernameClaim()');
  });
});
