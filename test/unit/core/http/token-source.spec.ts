// Request → raw token: the first source that has one decides, alone.
import { describe, expect, it } from '@jest/globals';
import { readCookie } from '#lib/core/http/cookies.js';
import type { RequestLike } from '#lib/core/http/request.js';
import { countHeader, readHeader } from '#lib/core/http/request.js';
import type { TokenSourceOption } from '#lib/core/http/token-source.js';
import { readCredential } from '#lib/core/http/token-source.js';
import { codeOf } from '../../../support/tokens.js';

const read = (
  headers: RequestLike['headers'],
  sources: readonly TokenSourceOption[] = ['bearer', 'cookie'],
  more = {},
) =>
  readCredential({ headers, ...more }, sources, (from) => readCookie(readHeader(from, 'cookie', '; '), 'DS'));

describe('readCredential', () => {
  it('reads a bearer token, which no browser sends by itself, and a cookie, which it does', () => {
    expect(read({ authorization: 'Bearer a' })).toEqual({ token: 'a', sentByBrowser: false });
    expect(read({ cookie: 'DS=a' })).toEqual({ token: 'a', sentByBrowser: true });
    expect(read({})).toBeUndefined();
  });

  it('lets the first source decide, also when what it has is no good', () => {
    const both = { authorization: 'Bearer bad', cookie: 'DS=good' };
    expect(read(both)).toMatchObject({ token: 'bad' });
    expect(read(both, ['cookie', 'bearer'])).toMatchObject({ token: 'good' });
    expect(codeOf(() => read({ authorization: 'Bearer', cookie: 'DS=good' }))).toBe('CREDENTIAL_MALFORMED');
    expect(
      read({ authorization: 'Bearer good', cookie: 'DS=a; DS=b' }, ['cookie', 'bearer'])?.rejection?.code,
    ).toBe('COOKIE_AMBIGUOUS');
  });

  it('takes another scheme for no header, so that the cookie decides', () => {
    expect(read({ authorization: 'Basic YTpi', cookie: 'DS=a' })).toMatchObject({ token: 'a' });
  });

  it('uses no source that is not listed', () => {
    expect(read({ authorization: 'Bearer a' }, ['cookie'])).toBeUndefined();
    expect(read({ cookie: 'DS=a' }, ['bearer'])).toBeUndefined();
  });

  it('rejects ambiguous cookies with a reason and without a token', () => {
    const credential = read({ cookie: 'DS=a; DS=b' });
    expect(credential).toMatchObject({ token: '', sentByBrowser: true });
    expect(credential?.rejection?.code).toBe('COOKIE_AMBIGUOUS');
    expect(JSON.stringify(credential?.rejection)).not.toMatch(/DS=|"a"|"b"/);
  });

  it('joins cookie headers that came apart, and finds that they contradict each other', () => {
    expect(read({ cookie: ['x=1', 'DS=a'] })).toMatchObject({ token: 'a' });
    expect(read({ cookie: ['DS=a', 'DS=b'] })?.rejection?.code).toBe('COOKIE_AMBIGUOUS');
  });

  it('takes no token from anything else that a client can send', () => {
    const names = [
      'x-descope-session',
      'x-auth-token',
      'x-auth-request-user',
      'x-forwarded-user',
      'x-forwarded-authorization',
      'x-original-url',
      'x-http-method-override',
      'proxy-authorization',
      'authentication',
      'set-cookie',
      'cookie2',
      'x-access-token',
    ];
    const headers = Object.fromEntries(names.flatMap((name) => [[name, 'Bearer a']]));
    const more = {
      url: '/?token=a&access_token=a&DS=a',
      query: { token: 'a', access_token: 'a' },
      body: { access_token: 'a' },
      cookies: { DS: 'a' },
      signedCookies: { DS: 'a' },
      session: 'a',
      user: { sub: 'a' },
    };
    expect(read(headers, ['bearer', 'cookie'], more)).toBeUndefined();
  });

  it('asks the application’s own source, and takes it for the browser’s unless it says otherwise', () => {
    const reader = ({ headers }: RequestLike) => headers['x-mine'] as string | undefined;
    expect(read({ 'x-mine': 'a' }, [reader])).toEqual({ token: 'a', sentByBrowser: true });
    expect(read({ 'x-mine': 'a' }, [{ read: reader }])).toEqual({ token: 'a', sentByBrowser: true });
    expect(read({ 'x-mine': 'a' }, [{ read: reader, sentByBrowser: true }])).toEqual({
      token: 'a',
      sentByBrowser: true,
    });
    expect(read({ 'x-mine': 'a' }, [{ read: reader, sentByBrowser: false }])).toEqual({
      token: 'a',
      sentByBrowser: false,
    });
  });

  it.each([undefined, null, '', 7, {}, ['a'], Promise.resolve('a')])(
    'takes %p from a source for nothing, and asks the next',
    (found) => {
      const source = () => found as string;
      expect(read({ authorization: 'Bearer a' }, [source, 'bearer'])).toEqual({
        token: 'a',
        sentByBrowser: false,
      });
    },
  );
});

describe('A request', () => {
  it('has the headers that are its own', () => {
    const headers = Object.create({ cookie: 'DS=a' }) as Record<string, string>;
    expect(readHeader({ headers }, 'cookie')).toBeUndefined();
    expect(readHeader({ headers: {} }, 'constructor')).toBeUndefined();
    expect(readHeader({ headers: { __proto__: null, cookie: 'DS=a' } as never }, 'cookie')).toBe('DS=a');
  });

  it('counts a header by its raw lines, or by what is kept where there are none', () => {
    const rawHeaders = ['Cookie', 'a', 'COOKIE', 'b', 'X-Cookie', 'cookie'];
    expect(countHeader({ headers: { cookie: 'a' }, rawHeaders }, 'cookie')).toBe(2);
    expect(countHeader({ headers: { cookie: 'a' } }, 'cookie')).toBe(1);
    expect(countHeader({ headers: {} }, 'cookie')).toBe(0);
  });
});
