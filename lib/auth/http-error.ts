// Core error → HTTP: status, body and challenge. The one place where that is decided.
import {
  BadRequestException,
  ForbiddenException,
  HttpException,
  PayloadTooLargeException,
  ServiceUnavailableException,
  UnauthorizedException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import type {
  DescopeAccessError,
  DescopeCredentialError,
  DescopeErrorCode,
  DescopeRequestError,
  DescopeUnavailableError,
} from '../core/errors.js';
import { CONSEQUENCE, readConsequence, setThrownForm } from '../core/errors.js';

/** The body of every rejection. It carries the code; the reasoning stays in the error's `cause`. */
export interface DescopeErrorBody {
  readonly statusCode: number;
  readonly error: string;
  readonly message: string;
  readonly code: DescopeErrorCode;
}

/** A rejection ready to be answered. */
export interface HttpError {
  readonly exception: HttpException;
  /** Header names and values that go with it. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const CHALLENGE = 'WWW-Authenticate';
const NO_REFRESH_TOKEN =
  'A refresh token is required, as this application keeps it for a browser; a client that keeps its tokens itself refreshes them at Descope.';

/**
 * Brings a rejection to the form in which applications are thrown it: an exception of Nest's, so that it is answered with its
 * status and code wherever it surfaces, which is `instanceof` our class too. Its `cause` says why, and so does its
 * `stack`. An error that is not ours, or rejects nobody, is left as it is.
 */
export function toNestError<E>(error: E): E | HttpException {
  if (error instanceof HttpException) return error;
  const rejection = toHttpError(error);
  if (rejection === undefined) return error;
  const { code, details, stack, retryAfterSeconds } = error as E & Partial<DescopeUnavailableError>;
  const own = { code, details, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  const hidden = { stack: { value: stack }, [CONSEQUENCE]: { value: readConsequence(error) } };
  return Object.defineProperties(Object.assign(rejection.exception, own), hidden);
}

/** Hands on what a call gives, and throws what it throws in Nest's form. */
export async function inNestForm<T>(call: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toNestError(error);
  }
}

setThrownForm(toNestError);

/** Turns an error of the request pipeline into its HTTP form; an error that is not ours has none. */
export function toHttpError(given: unknown): HttpError | undefined {
  const consequence = readConsequence(given);
  const error = given instanceof HttpException ? given.cause : given; // the form of Nest's keeps ours as its cause
  if (consequence === 'credential') return toCredentialRejection(error as DescopeCredentialError);
  if (consequence === 'access') return toAccessRejection(error as DescopeAccessError);
  if (consequence === 'request') return toRequestRejection(error as DescopeRequestError);
  if (consequence === 'unavailable') return toUnavailableRejection(error as DescopeUnavailableError);
  return undefined;
}

// RFC 6750 §3.1: no credential → a challenge without an error code; a bad one → invalid_token; a malformed request → 400.
function toCredentialRejection(error: DescopeCredentialError): HttpError {
  const options = { cause: error };
  const { code } = error;
  if (code === 'CREDENTIAL_MALFORMED') {
    const body = toBody(400, 'Bad Request', { message: 'The credential is malformed.', code });
    return { exception: new BadRequestException(body, options), headers: challenge('invalid_request') };
  }
  const body = toBody(401, 'Unauthorized', { message: toCredentialMessage(code), code });
  return { exception: new UnauthorizedException(body, options), headers: toCredentialChallenge(error) };
}

function toCredentialMessage(code: DescopeErrorCode): string {
  if (code === 'SESSION_MISSING') return 'A session is required.';
  if (code === 'REFRESH_TOKEN_MISSING') return NO_REFRESH_TOKEN;
  return isTooWeak(code) ? 'A stronger or fresher sign-in is required.' : 'The session is not valid.';
}

function toCredentialChallenge({ code, details }: DescopeCredentialError): HttpError['headers'] {
  // A token that was sent beside what is missing is good.
  if (code === 'SESSION_MISSING' || code === 'REFRESH_TOKEN_MISSING') return challenge(undefined);
  if (!isTooWeak(code)) return challenge('invalid_token');
  const { maxAgeSeconds } = details; // RFC 9470 §3
  const parameters = maxAgeSeconds === undefined ? {} : { max_age: String(maxAgeSeconds) };
  return challenge('insufficient_user_authentication', parameters);
}

function isTooWeak(code: DescopeErrorCode): boolean {
  return code.startsWith('AUTH_');
}

const GRANT_CODES: readonly DescopeErrorCode[] = [
  'ACCESS_ROLE_MISSING',
  'ACCESS_PERMISSION_MISSING',
  'ACCESS_SCOPE_MISSING',
];

function toAccessRejection(error: DescopeAccessError): HttpError {
  const { code, details } = error;
  const body = toBody(403, 'Forbidden', { message: 'This is not allowed.', code });
  const exception = new ForbiddenException(body, { cause: error });
  if (!GRANT_CODES.includes(code)) return { exception, headers: [] };
  const { wanted } = details; // only scopes have a place in the challenge (RFC 6750 §3)
  const isScope = code === 'ACCESS_SCOPE_MISSING' && Array.isArray(wanted);
  return { exception, headers: challenge('insufficient_scope', isScope ? { scope: wanted.join(' ') } : {}) };
}

function toRequestRejection(error: DescopeRequestError): HttpError {
  const { code, message } = error; // it speaks of the request's form only
  const options = { cause: error };
  if (code === 'REQUEST_BODY_UNSUPPORTED') {
    const body = toBody(415, 'Unsupported Media Type', { message, code });
    return { exception: new UnsupportedMediaTypeException(body, options), headers: [] };
  }
  if (code === 'SESSION_TOO_LARGE') {
    const body = toBody(413, 'Payload Too Large', { message, code });
    return { exception: new PayloadTooLargeException(body, options), headers: [] };
  }
  return {
    exception: new BadRequestException(toBody(400, 'Bad Request', { message, code }), options),
    headers: [],
  };
}

// Also where it was not asked about a session: a call of the application's own, or one of its rules.
const UNAVAILABLE: Partial<Record<DescopeErrorCode, string>> = {
  FGA_UNAVAILABLE: 'Access cannot be checked at present.',
  DESCOPE_UNAVAILABLE: 'Descope cannot be reached at present.',
};

function toUnavailableRejection(error: DescopeUnavailableError): HttpError {
  const message = UNAVAILABLE[error.code] ?? 'The session cannot be checked at present.';
  const body = toBody(503, 'Service Unavailable', { message, code: error.code });
  const exception = new ServiceUnavailableException(body, { cause: error });
  return { exception, headers: [['Retry-After', String(error.retryAfterSeconds)]] };
}

// Built by hand: Nest 11 and 12 make different bodies of the same exception options.
function toBody(
  statusCode: number,
  error: string,
  detail: Pick<DescopeErrorBody, 'message' | 'code'>,
): DescopeErrorBody {
  return { statusCode, error, ...detail };
}

function challenge(
  error: string | undefined,
  parameters: Readonly<Record<string, string>> = {},
): HttpError['headers'] {
  const all = Object.entries({ realm: 'descope', ...(error === undefined ? {} : { error }), ...parameters });
  const text = all.map(([name, value]) => `${name}="${value}"`).join(', '); // RFC 6750 §3 asks for at least one
  return [[CHALLENGE, `Bearer ${text}`]];
}
