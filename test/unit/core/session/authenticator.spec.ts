// Request → session: absence is a value, badness is an error, an outage is neither.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DescopeError } from '#lib/core/errors.js';
import type { RequestLike } from '#lib/core/http/request.js';
import { CookieTokenStore } from '#lib/core/http/token-store.js';
import type { Notice } from '#lib/core/logging.js';
import { Revocations } from '#lib/core/revocation/revocations.js';
import type { AuthenticationConfig } from '#lib/core/session/authenticator.js';
import { Authenticator } from '#lib/core/session/authenticator.js';
import type { DescopeSession } from '#lib/core/session/session.js';
import type { KeySet } from '#lib/core/token/key-set.js';
import { StaticKeySet, toKeysById } from '#lib/core/token/key-set.js';
import { TokenVerifier } from '#lib/core/token/token-verifier.js';
import { anyText } from '../../../support/any-text.js';
import { AUTHENTICATION, COOKIES, keysAway } from '../../../support/session-world.js';
import {
  codeLater,
  codeOf,
  createSigningKey,
  mint,
  NOW_MS,
  NOW_SECONDS,
  POLICY,
  PROJECT_ID,
} from '../../../support/tokens.js';

const key = createSigningKey();
const keys = toKeysById([key.jwk]);
const later: KeySet = { ...keysAway, find: async (keyId) => new StaticKeySet(keys).find(keyId) };

function create(
  config: Partial<AuthenticationConfig> = {},
  keySet: KeySet = new StaticKeySet(keys),
  sessionName = 'DS',
) {
  const notices: Notice[] = [];
  const verifier = new TokenVerifier({ config: POLICY, keys: keySet, clock: () => NOW_MS });
  return {
    notices,
    road: new Authenticator({
      config: { ...AUTHENTICATION, ...config },
      verifier,
      tokenStore: new CookieTokenStore(
        { ...COOKIES, sessionName },
        () => NOW_MS,
        () => undefined,
      ),
      revocations: new Revocations({ clock: () => NOW_MS, projectId: PROJECT_ID, notify: () => undefined }),
      notify: (notice) => void notices.push(notice),
    }),
  };
}
const good = mint(key);
const bad = mint(key, { claims: { exp: NOW_SECONDS - 60 } });
const bearer = (token: string): RequestLike => ({
  method: 'GET',
  headers: { authorization: `Bearer ${token}` },
});
const cookie = (token: string, headers = {}): RequestLike => ({
  method: 'GET',
  headers: { cookie: `DS=${token}`, ...headers },
});

describe('Authenticator', () => {
  it('finds out who calls, at once when the key is at hand', () => {
    expect(create().road.authenticate(bearer(good))).toMatchObject({
      sentByBrowser: false,
      user: { id: 'U2anna' },
    });
    expect(create().road.authenticate(cookie(good))).toMatchObject({
      sentByBrowser: true,
      user: { id: 'U2anna' },
    });
    expect(create().road.authenticate({ headers: {} })).toMatchObject({
      user: undefined,
      rejectedWith: undefined,
    });
  });

  it('throws for a bad bearer token, and takes a bad cookie for nobody, with the reason', async () => {
    for (const keySet of [new StaticKeySet(keys), later]) {
      const { road } = create({}, keySet);
      expect(await codeLater(() => road.authenticate(bearer(bad)))).toBe('TOKEN_EXPIRED');
      expect(await road.authenticate(cookie(bad))).toMatchObject({
        user: undefined,
        rejectedWith: 'TOKEN_EXPIRED',
      });
      expect(await codeLater(() => road.authenticate(bearer('garbage')))).toBe('TOKEN_MALFORMED');
      expect(await road.authenticate(cookie('garbage'))).toMatchObject({ rejectedWith: 'TOKEN_MALFORMED' });
    }
  });

  it('takes ambiguous cookies for nobody, with the reason', () => {
    const session = create().road.authenticate(cookie(`${good}; DS=${bad}`)) as DescopeSession;
    expect([session.user, session.rejectedWith]).toEqual([undefined, 'COOKIE_AMBIGUOUS']);
    expect(codeOf(() => session.requireUser())).toBe('COOKIE_AMBIGUOUS');
  });

  it('throws in an outage, for a cookie too', async () => {
    const { road } = create({}, keysAway);
    expect(await codeLater(() => road.authenticate(bearer(good)))).toBe('KEYS_UNAVAILABLE');
    expect(await codeLater(() => road.authenticate(cookie(good)))).toBe('KEYS_UNAVAILABLE');
    expect(await codeLater(() => road.authenticate({ headers: {} }))).toBe('accepted');
  });

  it('lets the bearer token decide alone, also when it is bad and the cookie good', () => {
    const both = { headers: { authorization: `Bearer ${bad}`, cookie: `DS=${good}` } };
    expect(codeOf(() => create().road.authenticate(both))).toBe('TOKEN_EXPIRED');
    expect(
      create({ sources: ['cookie', 'bearer'] }).road.authenticate({ ...both, method: 'GET' }),
    ).toMatchObject({ user: { id: 'U2anna' } });
  });

  it('throws for a cookie that another site may have sent, good or bad, and never asks that of a bearer token', () => {
    const foreign = { origin: 'https://evil.example', host: 'app.example.com' };
    const { road } = create();
    for (const token of [good, bad]) {
      expect(codeOf(() => road.authenticate({ ...cookie(token, foreign), method: 'POST' }))).toBe(
        'REQUEST_CROSS_SITE',
      );
    }
    const headers = { authorization: `Bearer ${good}`, ...foreign };
    expect(codeOf(() => road.authenticate({ method: 'POST', headers }))).toBe('accepted');
  });

  it('reads the cookie by its configured name only', () => {
    const { road } = create({}, new StaticKeySet(keys), 'mine');
    expect(road.authenticate(cookie(good))).toMatchObject({ user: undefined });
    expect(road.authenticate({ method: 'GET', headers: { cookie: `mine=${good}` } })).toMatchObject({
      user: { id: 'U2anna' },
    });
  });

  it('takes the username and the staff role from the configured places', () => {
    const { road } = create({ usernameClaim: 'email', staffRole: 'crew' });
    const token = mint(key, { claims: { email: 'anna@example.com', roles: ['crew'] } });
    expect(road.authenticate(bearer(token))).toMatchObject({
      user: { username: 'anna@example.com', isStaff: true },
    });
  });

  it('rejects a user without a username, and tells the operator which claim is missing', () => {
    const { road, notices } = create({ usernameClaim: 'email' });
    expect(codeOf(() => road.authenticate(bearer(good)))).toBe('USERNAME_CLAIM_MISSING');
    const session = road.authenticate(cookie(good)) as DescopeSession;
    expect(codeOf(() => session.requireUser())).toBe('USERNAME_CLAIM_MISSING');
    expect(notices.map(({ code }) => code)).toEqual(['USERNAME_CLAIM_MISSING', 'USERNAME_CLAIM_MISSING']);
    expect(notices[0]?.message).toMatch(/"email"/);
  });

  it('sends no refresh token, app or stranger in as a session', () => {
    const judge = (claims: Record<string, unknown>) =>
      codeOf(() => create().road.authenticate(bearer(mint(key, { claims }))));
    expect(judge({ drn: 'DSR' })).toBe('TOKEN_NOT_A_SESSION');
    expect(judge({ iss: 'P2otherotherotherotherother12' })).toBe('TOKEN_ISSUER_MISMATCH');
  });

  it('passes on what the application’s own source throws', () => {
    const fail = () => {
      throw new RangeError('mine');
    };
    expect(() => create({ sources: [fail] }).road.authenticate({ headers: {} })).toThrow(RangeError);
  });

  it('answers any headers with a session or one of its own rejections, and with a user for our token only', () => {
    const text = fc.oneof(
      anyText(),
      fc.constantFrom(`Bearer ${bad}`, `DS=${bad}`, `Bearer ${good}x`, `DS=x; DS=${good}`),
    );
    const headers = fc.dictionary(
      fc.constantFrom('authorization', 'cookie', 'origin', 'host', 'referer', 'sec-fetch-site'),
      text,
    );
    const { road } = create();
    fc.assert(
      fc.property(headers, fc.constantFrom('GET', 'POST', undefined), (values, method) => {
        try {
          expect((road.authenticate({ method, headers: values }) as DescopeSession).user).toBeUndefined();
        } catch (error) {
          if (!(error instanceof DescopeError)) throw error;
        }
      }),
      { seed: 1, numRuns: 3000 },
    );
  });
});
