// A session, and who may come in with it: no token shows, and nobody's is nobody's.
import { format, inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { DescopeCredentialError } from '#lib/core/errors.js';
import { acceptOptionalSession, acceptSession, DescopeSession } from '#lib/core/session/session.js';
import type { TokenKind } from '#lib/core/token/claims.js';
import { codeOf, NOW_MS } from '../../../support/tokens.js';
import { userOf } from '../../../support/users.js';

const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl';
const expired = new DescopeCredentialError('TOKEN_EXPIRED', 'The token has expired.');

describe('DescopeSession', () => {
  it('holds token, claims, user and end', () => {
    const session = DescopeSession.of(userOf(), TOKEN);
    expect([session.token, session.claims?.sub, session.user?.id]).toEqual([TOKEN, 'U2anna', 'U2anna']);
    expect([session.expiresAt, session.sentByBrowser, session.rejectedWith]).toEqual([
      new Date(NOW_MS + 600_000),
      false,
      undefined,
    ]);
    expect(session.requireUser()).toBe(session.user);
    expect(DescopeSession.of(userOf(), TOKEN, true).sentByBrowser).toBe(true);
  });

  it('is anonymous without a credential, and has the reason why one that was sent was not accepted', () => {
    const nobody = DescopeSession.anonymous();
    expect([nobody.user, nobody.token, nobody.claims, nobody.expiresAt, nobody.rejectedWith]).toEqual(
      Array(5).fill(undefined),
    );
    expect(codeOf(() => nobody.requireUser())).toBe('SESSION_MISSING');
    const rejected = DescopeSession.anonymous(expired);
    expect([rejected.user, rejected.rejectedWith]).toEqual([undefined, 'TOKEN_EXPIRED']);
    expect(codeOf(() => rejected.requireUser())).toBe('TOKEN_EXPIRED');
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
    const session = DescopeSession.anonymous();
    expect(() => Object.assign(session, { user: userOf() })).toThrow(TypeError);
    const signedIn = DescopeSession.of(userOf(), TOKEN);
    signedIn.expiresAt?.setFullYear(2999);
    expect(signedIn.expiresAt).toEqual(new Date(NOW_MS + 600_000));
  });
});

describe.each([
  ['accept', acceptSession],
  ['admitLeniently', acceptOptionalSession],
])('%s', (name, decide) => {
  const config = { accepts: ['user'] as const, audience: ['api'] };
  const of = (kind: TokenKind, aud: string, sentByBrowser: boolean) =>
    DescopeSession.of(userOf({ aud }, kind), TOKEN, sentByBrowser);

  it('accepts an anonymous session, and one that meets the config', () => {
    const [nobody, anna] = [DescopeSession.anonymous(), of('user', 'api', true)];
    expect([decide(nobody, config), decide(anna, config)]).toEqual([nobody, anna]);
  });

  it('rejects a bearer token of another kind or audience', () => {
    expect(codeOf(() => decide(of('agent', 'api', false), config))).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(codeOf(() => decide(of('user', 'web', false), config))).toBe('TOKEN_AUDIENCE_MISMATCH');
  });

  it(
    name === 'accept' ? 'rejects such a cookie too' : 'takes such a cookie for nobody’s, with the reason',
    () => {
      const cookie = of('agent', 'api', true);
      if (name === 'accept') expect(codeOf(() => decide(cookie, config))).toBe('TOKEN_KIND_NOT_ACCEPTED');
      else
        expect(decide(cookie, config)).toMatchObject({
          user: undefined,
          rejectedWith: 'TOKEN_KIND_NOT_ACCEPTED',
        });
    },
  );
});
