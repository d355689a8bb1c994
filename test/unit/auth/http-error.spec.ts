// Core error → HTTP: the status, the whole body and the headers of every kind of rejection.
import { describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  ForbiddenException,
  PayloadTooLargeException,
  ServiceUnavailableException,
  UnauthorizedException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { inNestForm, toHttpError, toNestError } from '#lib/auth/http-error.js';
import {
  DescopeAccessError,
  DescopeConfigError,
  DescopeCredentialError,
  DescopeRequestError,
  DescopeUnavailableError,
} from '#lib/core/errors.js';

const challenge = (text: string) => [['WWW-Authenticate', `Bearer realm="descope"${text}`]];
const unauthorized = (code: string, message: unknown) => ({
  statusCode: 401,
  error: 'Unauthorized',
  message,
  code,
});
const forbidden = (code: string) => ({
  statusCode: 403,
  error: 'Forbidden',
  message: 'This is not allowed.',
  code,
});
const unavailable = (code: string, message: unknown) => ({
  statusCode: 503,
  error: 'Service Unavailable',
  message,
  code,
});
const TOO_WEAK = 'A stronger or more recent sign-in is required.';
const WEAK = ', error="insufficient_user_authentication"';

describe('toHttpError', () => {
  it.each([
    [
      'no credential: a challenge without an error (RFC 6750 §3.1)',
      new DescopeCredentialError('SESSION_MISSING', 'm'),
      UnauthorizedException,
      unauthorized('SESSION_MISSING', 'A session is required.'),
      challenge(''),
    ],
    [
      'a bad credential',
      new DescopeCredentialError('TOKEN_EXPIRED', 'm'),
      UnauthorizedException,
      unauthorized('TOKEN_EXPIRED', 'The session is not valid.'),
      challenge(', error="invalid_token"'),
    ],
    [
      'no refresh token, beside a session that may be good',
      new DescopeCredentialError('REFRESH_TOKEN_MISSING', 'm'),
      UnauthorizedException,
      unauthorized('REFRESH_TOKEN_MISSING', expect.stringContaining('refresh token')),
      challenge(''),
    ],
    [
      'a malformed credential',
      new DescopeCredentialError('CREDENTIAL_MALFORMED', 'm'),
      BadRequestException,
      {
        statusCode: 400,
        error: 'Bad Request',
        message: 'The credential is malformed.',
        code: 'CREDENTIAL_MALFORMED',
      },
      challenge(', error="invalid_request"'),
    ],
    [
      'a step-up of any age (RFC 9470 §3)',
      new DescopeCredentialError('AUTH_STEP_UP_REQUIRED', 'm', { maxAgeSeconds: undefined }),
      UnauthorizedException,
      unauthorized('AUTH_STEP_UP_REQUIRED', TOO_WEAK),
      challenge(WEAK),
    ],
    [
      'a recent step-up',
      new DescopeCredentialError('AUTH_STEP_UP_REQUIRED', 'm', { maxAgeSeconds: 60 }),
      UnauthorizedException,
      unauthorized('AUTH_STEP_UP_REQUIRED', TOO_WEAK),
      challenge(`${WEAK}, max_age="60"`),
    ],
    [
      'missing scopes',
      new DescopeAccessError('ACCESS_SCOPE_MISSING', 'm', { wanted: ['read', 'write'] }),
      ForbiddenException,
      forbidden('ACCESS_SCOPE_MISSING'),
      challenge(', error="insufficient_scope", scope="read write"'),
    ],
    [
      'missing scopes that are not told',
      new DescopeAccessError('ACCESS_SCOPE_MISSING', 'm'),
      ForbiddenException,
      forbidden('ACCESS_SCOPE_MISSING'),
      challenge(', error="insufficient_scope"'),
    ],
    [
      'a missing role, which is no scope',
      new DescopeAccessError('ACCESS_ROLE_MISSING', 'm', { wanted: ['admin'] }),
      ForbiddenException,
      forbidden('ACCESS_ROLE_MISSING'),
      challenge(', error="insufficient_scope"'),
    ],
    [
      'a missing permission',
      new DescopeAccessError('ACCESS_PERMISSION_MISSING', 'm', { wanted: ['read'] }),
      ForbiddenException,
      forbidden('ACCESS_PERMISSION_MISSING'),
      challenge(', error="insufficient_scope"'),
    ],
    [
      'what no other token would change',
      new DescopeAccessError('REQUEST_CROSS_SITE', 'm', { wanted: ['x'] }),
      ForbiddenException,
      forbidden('REQUEST_CROSS_SITE'),
      [],
    ],
    [
      'a body of another kind',
      new DescopeRequestError('REQUEST_BODY_UNSUPPORTED', 'Send JSON.'),
      UnsupportedMediaTypeException,
      {
        statusCode: 415,
        error: 'Unsupported Media Type',
        message: 'Send JSON.',
        code: 'REQUEST_BODY_UNSUPPORTED',
      },
      [],
    ],
    [
      'a body that is wrong',
      new DescopeRequestError('REQUEST_BODY_INVALID', 'Send an object.'),
      BadRequestException,
      { statusCode: 400, error: 'Bad Request', message: 'Send an object.', code: 'REQUEST_BODY_INVALID' },
      [],
    ],
    [
      'a session that is larger than can be kept',
      new DescopeRequestError('SESSION_TOO_LARGE', 'Make it smaller.'),
      PayloadTooLargeException,
      { statusCode: 413, error: 'Payload Too Large', message: 'Make it smaller.', code: 'SESSION_TOO_LARGE' },
      [],
    ],
    [
      'an outage that keeps a relation from being checked',
      new DescopeUnavailableError('FGA_UNAVAILABLE', 'm', { retryAfterSeconds: 7 }),
      ServiceUnavailableException,
      unavailable('FGA_UNAVAILABLE', expect.stringContaining('Access cannot')),
      [['Retry-After', '7']],
    ],
    [
      'an outage of Descope in a call of the application’s own',
      new DescopeUnavailableError('DESCOPE_UNAVAILABLE', 'm', { retryAfterSeconds: 7 }),
      ServiceUnavailableException,
      unavailable('DESCOPE_UNAVAILABLE', expect.stringContaining('Descope cannot')),
      [['Retry-After', '7']],
    ],
    [
      'an outage',
      new DescopeUnavailableError('KEYS_UNAVAILABLE', 'm', { retryAfterSeconds: 7 }),
      ServiceUnavailableException,
      unavailable('KEYS_UNAVAILABLE', 'The session cannot be checked at present.'),
      [['Retry-After', '7']],
    ],
  ])('answers %s', (_what, error, type, body, headers) => {
    const rejection = toHttpError(error);
    expect(rejection?.exception).toBeInstanceOf(type);
    expect(rejection?.exception.getStatus()).toBe(body.statusCode);
    expect(rejection?.exception.getResponse()).toEqual(body);
    expect(rejection?.exception.cause).toBe(error);
    expect(rejection?.headers).toEqual(headers);
  });

  const ALGS = 'algs="ES256 RS256"';
  const PROOF = 'A token that is bound to a key and a valid DPoP proof are required.';
  const nonce = { nonce: 'n1' };

  it.each([
    ['no proof', 'DPOP_PROOF_MISSING', {}, 'invalid_dpop_proof', []],
    ['a proof that is not valid', 'DPOP_PROOF_INVALID', {}, 'invalid_dpop_proof', []],
    ['a proof that was used', 'DPOP_PROOF_REPLAYED', {}, 'invalid_dpop_proof', []],
    ['a proof of another key', 'DPOP_KEY_MISMATCH', {}, 'invalid_token', []],
    ['a token that is not bound', 'DPOP_TOKEN_UNBOUND', {}, 'invalid_token', []],
    ['a token that is not bound, where one must be', 'DPOP_REQUIRED', {}, 'invalid_token', []],
    ['no nonce, with the next one', 'DPOP_NONCE_REQUIRED', nonce, 'use_dpop_nonce', [['DPoP-Nonce', 'n1']]],
  ] as const)('answers %s (RFC 9449 §7.1 and §9)', (_what, code, details, error, more) => {
    for (const isSent of [true, false]) {
      const proofs = { algorithms: ['ES256', 'RS256'], isRequired: false, isSent };
      const rejection = toHttpError(new DescopeCredentialError(code, 'm', details), { proofs });
      expect(rejection?.exception.getResponse()).toEqual(unauthorized(code, PROOF));
      expect(rejection?.headers).toEqual([
        ['WWW-Authenticate', `DPoP realm="descope", error="${error}", ${ALGS}`],
        ...more,
      ]);
    }
  });

  it('answers that it is not known whether a proof is new', () => {
    const error = new DescopeUnavailableError('DPOP_REPLAY_UNAVAILABLE', 'm', { retryAfterSeconds: 1 });
    const proofs = { algorithms: ['ES256'], isRequired: true, isSent: true };
    const rejection = toHttpError(error, { proofs });
    const body = unavailable('DPOP_REPLAY_UNAVAILABLE', 'The session cannot be checked at present.');
    expect(rejection?.exception.getResponse()).toEqual(body);
    expect(rejection?.headers).toEqual([['Retry-After', '1']]);
  });

  it.each([
    ['SESSION_MISSING', { isRequired: false, isSent: false }, `Bearer realm="descope", DPoP ${ALGS}`],
    ['SESSION_MISSING', { isRequired: true, isSent: false }, `DPoP realm="descope", ${ALGS}`],
    [
      'TOKEN_EXPIRED',
      { isRequired: false, isSent: false },
      `Bearer realm="descope", error="invalid_token", DPoP ${ALGS}`,
    ],
    [
      'TOKEN_EXPIRED',
      { isRequired: false, isSent: true },
      `DPoP realm="descope", error="invalid_token", ${ALGS}`,
    ],
    [
      'CREDENTIAL_MALFORMED',
      { isRequired: false, isSent: true },
      `DPoP realm="descope", error="invalid_request", ${ALGS}`,
    ],
    ['WEBHOOK_SIGNATURE_INVALID', { isRequired: true, isSent: false }, 'Bearer realm="descope"'],
  ] as const)('names the schemes that are accepted beside %s, with %j', (code, facts, expected) => {
    const proofs = { algorithms: ['ES256', 'RS256'], ...facts };
    const rejection = toHttpError(new DescopeCredentialError(code, 'm'), { proofs });
    expect(rejection?.headers).toEqual([['WWW-Authenticate', expected]]);
  });

  it('adds the algorithms behind what a missing scope names, and no challenge where there is none', () => {
    const proofs = { algorithms: ['ES256', 'RS256'], isRequired: false, isSent: true };
    const missing = new DescopeAccessError('ACCESS_SCOPE_MISSING', 'm', { wanted: ['read'] });
    expect(toHttpError(missing, { proofs })?.headers).toEqual([
      ['WWW-Authenticate', `DPoP realm="descope", error="insufficient_scope", scope="read", ${ALGS}`],
    ]);
    expect(toHttpError(new DescopeAccessError('REQUEST_CROSS_SITE', 'm'), { proofs })?.headers).toEqual([]);
  });

  it('leaves what is not ours to others', () => {
    for (const error of [new Error('x'), null, undefined, 'x', {}])
      expect(toHttpError(error)).toBeUndefined();
  });
});

describe('toNestError', () => {
  it('gives a rejection the form of an exception of Nest that is our class too, with code, details and stack', () => {
    const error = new DescopeAccessError('ACCESS_ROLE_MISSING', 'm', { wanted: ['admin'] });
    const thrown = toNestError(error);
    expect(thrown).toBeInstanceOf(ForbiddenException);
    expect(thrown).toBeInstanceOf(DescopeAccessError);
    expect(thrown).not.toBeInstanceOf(DescopeCredentialError);
    expect(thrown).toMatchObject({
      code: 'ACCESS_ROLE_MISSING',
      details: { wanted: ['admin'] },
      cause: error,
    });
    expect(thrown.stack).toBe(error.stack);
    expect(thrown).not.toHaveProperty('retryAfterSeconds');
    expect(toHttpError(thrown)?.exception.getResponse()).toEqual(forbidden('ACCESS_ROLE_MISSING'));
  });

  it('keeps for how long an outage may last', () => {
    const error = new DescopeUnavailableError('KEYS_UNAVAILABLE', 'm', { retryAfterSeconds: 7 });
    expect(toNestError(error)).toMatchObject({ code: 'KEYS_UNAVAILABLE', retryAfterSeconds: 7 });
  });

  it('returns an exception of Nest, and an error that rejects no request, unchanged', () => {
    const given = [
      new ForbiddenException(),
      toNestError(new DescopeCredentialError('TOKEN_EXPIRED', 'm')),
      new DescopeConfigError('CONFIG_INVALID', 'm'),
      new RangeError('x'),
      'x',
      undefined,
    ];
    for (const error of given) expect(toNestError(error)).toBe(error);
  });
});

describe('inNestForm', () => {
  it('hands on what a call gives, at once or later', async () => {
    expect(await inNestForm(() => 'now')).toBe('now');
    expect(await inNestForm(() => Promise.resolve('later'))).toBe('later');
  });

  it('throws what a call throws in the form of an exception of Nest', async () => {
    const error = new DescopeCredentialError('TOKEN_EXPIRED', 'm');
    const fail = () => {
      throw error;
    };
    for (const call of [fail, () => Promise.reject(error)])
      await expect(inNestForm(call)).rejects.toThrow(UnauthorizedException);
    await expect(inNestForm(() => Promise.reject(new RangeError('x')))).rejects.toThrow(RangeError);
  });
});
