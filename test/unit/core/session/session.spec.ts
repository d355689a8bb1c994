// A session, and who may come in with it: no token shows, and nobody's is nobody's.
import { describe, expect, it } from '@jest/globals';
import { format, inspect } from 'node:util';
import { DescopeCredentialError } from '#lib/core/errors.js';
import { admit, admitLeniently, DescopeSession } from '#lib/core/session/session.js';
import type { TokenKind } from '#lib/core/token/claims.js';
import { NOW_MS, codeOf } from '../../../support/tokens.js';
import { userOf } from '../../../support/users.js';

const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl';
const expired = new DescopeCredentialError('TOKEN_EXPIRED', 'The token has expired.');

describe('DescopeSession', () => {
  it('holds token, claims, user and end', () => {
    const session = DescopeSession.of(userOf(), TOKEN);
    expect([session.token, session.claims?.sub, session.user?.id]).toEqual([TOKEN, 'U2anna', 'U2anna']);
    expect([session.expiresAt, session.isAmbient, session.refusedWith]).toEqual([
      new Date(NOW_MS + 600_000),
      false,
      undefined,
    ]);
    expect(session.requireUser()).toBe(session.user);
    expect(DescopeSession.of(userOf(), TOKEN, true).isAmbient).toBe(true);
  });

  it('is nobody’s without a credential, and says why one that was sent does not count', () => {
    const nobody = DescopeSession.nobody();
    expect([nobody.user, nobody.token, nobody.claims, nobody.expiresAt, nobody.refusedWith]).toEqual(
      Array(5).fill(undefined),
    );
    expect(codeOf(() => nobody.requireUser())).toBe('SESSION_MISSING');
    const refused = DescopeSession.nobody(expired);
    expect([refused.user, refused.refusedWith]).toEqual([undefined, 'TOKEN_EXPIRED']);
    expect(codeOf(() => refused.requireUser())).toBe('TOKEN_EXPIRED');
  });

  it('shows its token in no JSON, log, text or copy', () => {
    const session = DescopeSession.of(userOf(), TOKEN);
    const shown = [
      JSON.stringify(session),
      JSON.stringify({ level: 30, session, list: [session] }),
      inspect(session, { depth: 9, showHidden: true, getters: true }),
      inspect({ session }),
      format('%s %o %O %j', session, session, session, session),
      String(session),
      JSON.stringify({ ...session }),
      JSON.stringify(Object.entries(session)),
      JSON.stringify(structuredClone(session)),
    ];
    for (const text of shown)
      for (const part of [TOKEN, ...TOKEN.split('.')]) expect(text).not.toContain(part);
  });

  it('cannot be changed, nor its end through the date it gave', () => {
    const session = DescopeSession.nobody();
    expect(() => Object.assign(session, { user: userOf() })).toThrow(TypeError);
    const signedIn = DescopeSession.of(userOf(), TOKEN);
    signedIn.expiresAt?.setFullYear(2999);
    expect(signedIn.expiresAt).toEqual(new Date(NOW_MS + 600_000));
  });
});

describe.each([
  ['admit', admit],
  ['admitLeniently', admitLeniently],
])('%s', (name, decide) => {
  const policy = { accepts: ['user'] as const, audience: ['api'] };
  const of = (kind: TokenKind, aud: string, isAmbient: boolean) =>
    DescopeSession.of(userOf({ aud }, kind), TOKEN, isAmbient);

  it('lets in nobody, and whoever meets the policy', () => {
    const [nobody, anna] = [DescopeSession.nobody(), of('user', 'api', true)];
    expect([decide(nobody, policy), decide(anna, policy)]).toEqual([nobody, anna]);
  });

  it('refuses a bearer token of another kind or audience', () => {
    expect(codeOf(() => decide(of('agent', 'api', false), policy))).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(codeOf(() => decide(of('user', 'web', false), policy))).toBe('TOKEN_AUDIENCE_MISMATCH');
  });

  it(
    name === 'admit' ? 'refuses such a cookie too' : 'takes such a cookie for nobody’s, with the reason',
    () => {
      const cookie = of('agent', 'api', true);
      if (name === 'admit') expect(codeOf(() => decide(cookie, policy))).toBe('TOKEN_KIND_NOT_ACCEPTED');
      else
        expect(decide(cookie, policy)).toMatchObject({
          user: undefined,
          refusedWith: 'TOKEN_KIND_NOT_ACCEPTED',
        });
    },
  );
});
