// Core error → HTTP: the status, the whole body and the headers of every kind of rejection.
import { describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  ForbiddenException,
  ServiceUnavailableException,
  UnauthorizedException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { toHttpError } from '#lib/auth/http-error.js';
import {
  DescopeAccessError,
  DescopeCredentialError,
  DescopeRequestError,
  DescopeUnavailableError,
} from '#lib/core/errors.js';

const challenge = (text: string) => [['WWW-Authenticate', `Bearer realm="descope"${text}`]];
const unauthorized = (code: string, message: string) => ({
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
const TOO_WEAK = 'A stronger or fresher sign-in is required.';
const WEAK = ', error="insufficient_user_authentication"';

describe('toHttpRejection', () => {
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
      'an outage',
      new DescopeUnavailableError('KEYS_UNAVAILABLE', 'm', { retryAfterSeconds: 7 }),
      ServiceUnavailableException,
      {
        statusCode: 503,
        error: 'Service Unavailable',
        message: 'The session cannot be checked at present.',
        code: 'KEYS_UNAVAILABLE',
      },
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

  it('leaves what is not ours to others', () => {
    for (const error of [new Error('x'), null, undefined, 'x', {}])
      expect(toHttpError(error)).toBeUndefined();
  });
});
