// Who calls with this token, and who may come in.
import { describe, expect, it } from '@jest/globals';
import type { DescopeClaims } from '#lib/core/token/claims.js';
import { isKindAccepted, readSubjectId, readTokenKind } from '#lib/core/token/claims.js';
import { sessionClaims } from '../../../support/tokens.js';

const claims = (members: Record<string, unknown>) => sessionClaims(members) as DescopeClaims;
const KEY_ID = `K${'2'.repeat(27)}`;

describe('readSubjectId', () => {
  it('is `dsub`, where a template moved the id there, else `sub`', () => {
    expect(readSubjectId(claims({ sub: 'U2anna' }))).toBe('U2anna');
    expect(readSubjectId(claims({ sub: 'anna@example.com', dsub: 'U2anna' }))).toBe('U2anna');
  });
});

describe('readTokenKind', () => {
  it.each([
    ['a user', { sub: 'U2anna' }, 'user'],
    ['a user whose subject looks a little like a key’s', { sub: 'Kim' }, 'user'],
    ['a user whose subject ends like a key’s id', { sub: `U${KEY_ID}` }, 'user'],
    ['a user whose subject begins with a key’s id', { sub: `${KEY_ID}@example.com` }, 'user'],
    ['a user whose subject is too long for a key’s id', { sub: `K${'2'.repeat(32)}` }, 'user'],
    ['an access key with the longest id', { sub: `K${'2'.repeat(31)}` }, 'access-key'],
    ['an access key', { sub: KEY_ID, drn: undefined, amr: undefined }, 'access-key'],
    ['an access key that claims to be a user', { sub: KEY_ID, amr: ['pwd'], drn: 'DS' }, 'access-key'],
    ['an access key behind a custom subject', { sub: 'anna', dsub: KEY_ID }, 'access-key'],
    [
      'an id that begins like a key’s, without evidence of a user',
      { sub: 'K2', amr: undefined },
      'access-key',
    ],
    ['a token without `drn`', { drn: undefined }, 'unknown'],
    ['a token without `amr`', { amr: undefined }, 'unknown'],
    ['a token whose `amr` is empty', { amr: [] }, 'unknown'],
    ['a token whose `amr` is a text', { amr: 'email' }, 'unknown'],
    ['a token whose `amr` holds something else', { amr: ['email', 1] }, 'unknown'],
  ])('reads %s', (_, members, kind) => expect(readTokenKind(claims(members), 'session')).toBe(kind));

  it('leaves the last word to the issuer, whatever the claims say', () => {
    expect(readTokenKind(claims({}), 'app')).toBe('app');
    expect(readTokenKind(claims({ sub: KEY_ID }), 'agent')).toBe('agent');
  });
});

describe('isKindAccepted', () => {
  it('accepts the kinds that are listed and no other', () => {
    expect(isKindAccepted('user', ['user'])).toBe(true);
    expect(isKindAccepted('access-key', ['user'])).toBe(false);
    expect(isKindAccepted('app', ['user', 'access-key'])).toBe(false);
    expect(isKindAccepted('agent', ['app'])).toBe(false);
    expect(isKindAccepted('agent', ['agent'])).toBe(true);
    expect(isKindAccepted('user', [])).toBe(false);
  });

  it('accepts what may be a user or an access key only where both are', () => {
    expect(isKindAccepted('unknown', ['user', 'access-key'])).toBe(true);
    expect(isKindAccepted('unknown', ['user'])).toBe(false);
    expect(isKindAccepted('unknown', ['access-key'])).toBe(false);
  });
});
