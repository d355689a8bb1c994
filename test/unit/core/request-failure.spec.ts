// Why something failed, as one line: the innermost cause with its code, and no credential.
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { DescopeUnavailableError } from '#lib/core/errors.js';
import { RequestFailure, toReason } from '#lib/core/request-failure.js';

const coded = (message: string, code: unknown, cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { code });
const url = 'https://auth.example.com/v2/keys/P2secret?token=secret';

describe('toReason', () => {
  it('names the innermost cause, and its code where its words do not', () => {
    const rejected = coded('connect ECONNREFUSED 127.0.0.1:9', 'ECONNREFUSED');
    expect(toReason(new TypeError('fetch failed', { cause: rejected }))).toBe(
      'connect ECONNREFUSED 127.0.0.1:9',
    );
    const selfSigned = coded('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(toReason(new TypeError('fetch failed', { cause: selfSigned }))).toBe(
      'self-signed certificate [DEPTH_ZERO_SELF_SIGNED_CERT]',
    );
    expect(toReason(new TypeError('fetch failed', { cause: coded('', 'ENOTFOUND') }))).toBe('ENOTFOUND');
    expect(toReason(new Error('The store is down.'))).toBe('The store is down.');
  });

  it('keeps the code of an outer error where the innermost has none', () => {
    const cause = new Error('the words');
    expect(toReason(coded('outer', 'EPIPE', cause))).toBe('the words [EPIPE]');
    expect(toReason(coded('outer', 23, cause))).toBe('the words');
  });

  it('names each address that was tried, once', () => {
    const errors = ['::1', '127.0.0.1', '127.0.0.1'].map((address) =>
      coded(`connect ECONNREFUSED ${address}:9`, 'ECONNREFUSED'),
    );
    const tried = Object.assign(new AggregateError(errors, ''), { code: 'ECONNREFUSED' });
    expect(toReason(new TypeError('fetch failed', { cause: tried }))).toBe(
      'connect ECONNREFUSED ::1:9; connect ECONNREFUSED 127.0.0.1:9',
    );
    const many = new AggregateError([1, 2, 3, 4, 5].map((number) => new Error(`reason ${number}`)));
    expect(toReason(many)).toBe('reason 1; reason 2; reason 3');
    expect(toReason(new AggregateError([], 'none at all'))).toBe('none at all');
  });

  it('reads errors of another realm, texts, and what is no error at all', () => {
    const foreign: unknown = runInNewContext(
      "new Error('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) })",
    );
    expect(toReason(foreign)).toBe('reset [ECONNRESET]');
    expect(toReason('a text')).toBe('a text');
    expect([undefined, null, 7, {}, [], ''].map(toReason)).toEqual(Array(6).fill('unknown reason'));
    expect(toReason(new Error('outer', { cause: 7 }))).toBe('outer');
    expect(toReason(new Error('outer', { cause: {} }))).toBe('outer');
  });

  it('comes to an end where causes go round', () => {
    const error: Error & { cause?: unknown } = new Error('round');
    error.cause = error;
    expect(toReason(error)).toBe('round');
  });

  it('stops at a failed request, which has its host', () => {
    const failure = new RequestFailure({ url, cause: coded('connect ECONNREFUSED ::1:9', 'ECONNREFUSED') });
    const outage = new DescopeUnavailableError('DESCOPE_UNAVAILABLE', 'Not now.', {
      retryAfterSeconds: 1,
      cause: failure,
    });
    expect(toReason(outage)).toBe('auth.example.com: connect ECONNREFUSED ::1:9');
  });

  it.each([
    ['a line break', 'a\r\nERROR forged\u2028line', 'a ERROR forged line'],
    [
      'the way and query of a URL',
      'no https://a.example:1/x/y?token=s#t, sorry',
      'no https://a.example:1 sorry',
    ],
    ['the password of a URL', "redis 'redis://:pass@h:6379/0' down", "redis 'redis://h:6379' down"],
    ['a token', `bad eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJVMiJ9.c2ln there`, 'bad … there'],
    [
      'a bearer credential',
      'Headers.append: "Bearer P2:K2secret" is invalid',
      'Headers.append: "Bearer …" is invalid',
    ],
    ['what is too long', 'x'.repeat(999), 'x'.repeat(200)],
  ])('leaves out %s', (_, message, reason) => expect(toReason(new Error(message))).toBe(reason));
});

describe('RequestFailure', () => {
  it('names host and status, and of the address nothing else', () => {
    expect(new RequestFailure({ url, status: 503 }).message).toBe('auth.example.com, status 503');
    expect(new RequestFailure({ url, status: 401, detail: 'E061005' }).message).toBe(
      'auth.example.com, status 401: E061005',
    );
    const cause = new Error('It is not JSON.');
    expect(new RequestFailure({ url: 'http://[::1]:4400/x', status: 502, cause }).message).toBe(
      '[::1]:4400, status 502: It is not JSON.',
    );
    expect(new RequestFailure({ url, cause })).toMatchObject({ cause });
    expect(new RequestFailure({ url: 'x', cause }).message).toBe('a host without a name: It is not JSON.');
  });

  it('repeats no credential that was sent', () => {
    const cause = new Error('"K2secret-key" is no header, says K2secret-key');
    const { message } = new RequestFailure({ url, cause, secrets: ['K2secret-key', ''] });
    expect(message).toBe('auth.example.com: "…" is no header, says …');
  });
});
