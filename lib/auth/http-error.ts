// Core error → HTTP: status, body and challenge. Nothing else in the package decides them.
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

/** The body of every rejection. The detailed reason is in the exception's `cause` only. */
export interface DescopeErrorBody {
  /** The HTTP status: 400, 401, 403, 413, 415 or 503. */
  readonly statusCode: number;
  /** The name of the status, such as `Unauthorized`. */
  readonly error: string;
  /** A short text for people. It may change between versions. */
  readonly message: string;
  /** The cause, for programs. */
  readonly code: DescopeErrorCode;
}

/** A rejection as an exception and headers. */
export interface HttpError {
  readonly exception: HttpException;
  /** Names and values of the response's headers. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What the challenges of a protected resource name (RFC 9728 §5.1). */
export interface ChallengeResource {
  /** The URL of its metadata. */
  readonly metadataUrl: string;
  /** The scopes that the handler demands. */
  readonly wantedScopes: readonly string[];
}

/** What the challenges of an application that accepts bound tokens name (RFC 9449 §7.1). */
export interface ChallengeProofs {
  /** The algorithms of proofs. */
  readonly algorithms: readonly string[];
  /** Whether every credential must be bound to a key. */
  readonly isRequired: boolean;
  /** Whether the request has the scheme `DPoP`. */
  readonly isSent: boolean;
}

/** What the challenges of a request name beside the error. */
export interface ChallengeFacts {
  /** The protected resource of the request, if it is for one. */
  readonly resource?: ChallengeResource | undefined;
  /** Present if the application accepts bound tokens. */
  readonly proofs?: ChallengeProofs | undefined;
}

const CHALLENGE = 'WWW-Authenticate';
const NO_REFRESH_TOKEN =
  'This route requires a refresh token that this application stores for a browser. A client that stores its own tokens must refresh them at Descope.';

/**
 * Converts a rejection to the exception that applications receive: an `HttpException`, so that the response has the right
 * status and code wherever it is thrown. It is also an `instanceof` the error's class. Its `cause` and `stack` are those of
 * the error. An error without an HTTP status, or not of this package, is returned unchanged.
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

/** Returns the result of a call, and throws its errors as exceptions of Nest. */
export async function inNestForm<T>(call: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toNestError(error);
  }
}

setThrownForm(toNestError);

/** Converts an error of the request pipeline to its HTTP form; `undefined` for any other error. */
export function toHttpError(
  given: unknown,
  { resource, proofs }: ChallengeFacts = {},
): HttpError | undefined {
  const consequence = readConsequence(given);
  const error = given instanceof HttpException ? given.cause : given; // the exception has the core error as its cause
  if (consequence === 'credential') {
    const rejection = toCredentialRejection(error as DescopeCredentialError, resource);
    return withProofs(rejection, error as DescopeCredentialError, proofs);
  }
  if (consequence === 'access') {
    const rejection = toAccessRejection(error as DescopeAccessError, resource);
    return withProofs(rejection, error as DescopeAccessError, proofs);
  }
  if (consequence === 'request') return toRequestRejection(error as DescopeRequestError);
  if (consequence === 'unavailable') return toUnavailableRejection(error as DescopeUnavailableError);
  return undefined;
}

// RFC 6750 §3.1: no credential → a challenge without an error code; a bad one → invalid_token; a malformed request → 400.
function toCredentialRejection(error: DescopeCredentialError, resource?: ChallengeResource): HttpError {
  const options = { cause: error };
  const { code } = error;
  if (code === 'CREDENTIAL_MALFORMED') {
    const body = toBody(400, 'Bad Request', { message: 'The credential is malformed.', code });
    return { exception: new BadRequestException(body, options), headers: challenge('invalid_request') };
  }
  const body = toBody(401, 'Unauthorized', { message: toCredentialMessage(code), code });
  const exception = new UnauthorizedException(body, options);
  return { exception, headers: toCredentialChallenge(error, resource) };
}

function toCredentialMessage(code: DescopeErrorCode): string {
  if (code === 'SESSION_MISSING') return 'A session is required.';
  if (code === 'REFRESH_TOKEN_MISSING') return NO_REFRESH_TOKEN;
  if (isOfWebhook(code)) return 'The signature of the webhook is missing or not valid.';
  if (isOfProof(code)) return 'A token that is bound to a key and a valid DPoP proof are required.';
  return isTooWeak(code) ? 'A stronger or more recent sign-in is required.' : 'The session is not valid.';
}

function toCredentialChallenge(
  { code, details }: DescopeCredentialError,
  resource?: ChallengeResource,
): HttpError['headers'] {
  const found = toResourceParameters(resource);
  // Another token that was sent is valid, so the challenge has no error code.
  if (isOfWebhook(code)) return challenge(undefined);
  if (code === 'SESSION_MISSING' || code === 'REFRESH_TOKEN_MISSING') return challenge(undefined, found);
  if (!isTooWeak(code)) return challenge(toTokenError(code), found);
  const { maxAgeSeconds, acrValues } = details; // RFC 9470 §3
  const parameters = {
    ...(maxAgeSeconds === undefined ? {} : { max_age: String(maxAgeSeconds) }),
    ...(Array.isArray(acrValues) ? { acr_values: acrValues.join(' ') } : {}),
  };
  return challenge('insufficient_user_authentication', { ...parameters, ...found });
}

// RFC 9449 §7.1 and §9.
function toTokenError(code: DescopeErrorCode): string {
  if (code === 'DPOP_NONCE_REQUIRED') return 'use_dpop_nonce';
  return code.startsWith('DPOP_PROOF_') ? 'invalid_dpop_proof' : 'invalid_token';
}

function isOfProof(code: DescopeErrorCode): boolean {
  return code.startsWith('DPOP_');
}

// RFC 9449 §7.2: the scheme that the client has used says what is wrong, and the other one that it is accepted.
function withProofs(
  { exception, headers }: HttpError,
  { code, details }: DescopeCredentialError | DescopeAccessError,
  proofs: ChallengeProofs | undefined,
): HttpError {
  if (proofs === undefined || isOfWebhook(code)) return { exception, headers };
  const algs = `algs="${proofs.algorithms.join(' ')}"`;
  const isAlone = proofs.isRequired || proofs.isSent || isOfProof(code);
  const toValue = (bearer: string): string =>
    isAlone ? `${bearer.replace(/^Bearer/, 'DPoP')}, ${algs}` : `${bearer}, DPoP ${algs}`;
  const challenges = headers.map(([name, value]) => [name, toValue(value)] as const);
  const { nonce } = details;
  const isAsked = code === 'DPOP_NONCE_REQUIRED' && typeof nonce === 'string';
  return { exception, headers: [...challenges, ...(isAsked ? [['DPoP-Nonce', nonce] as const] : [])] };
}

// RFC 9728 §5.1. All scopes at once: a client that obtains them needs no second step.
function toResourceParameters(resource: ChallengeResource | undefined): Record<string, string> {
  if (resource === undefined) return {};
  const { metadataUrl, wantedScopes } = resource;
  const scope = wantedScopes.length === 0 ? {} : { scope: wantedScopes.join(' ') };
  return { ...scope, resource_metadata: metadataUrl };
}

// No token was sent, and none is wanted; RFC 9110 §15.5.2 wants a challenge with every 401.
function isOfWebhook(code: DescopeErrorCode): boolean {
  return code.startsWith('WEBHOOK_');
}

function isTooWeak(code: DescopeErrorCode): boolean {
  return code.startsWith('AUTH_');
}

const GRANT_CODES: readonly DescopeErrorCode[] = [
  'ACCESS_ROLE_MISSING',
  'ACCESS_PERMISSION_MISSING',
  'ACCESS_SCOPE_MISSING',
];

function toAccessRejection(error: DescopeAccessError, resource?: ChallengeResource): HttpError {
  const { code, details } = error;
  const body = toBody(403, 'Forbidden', { message: 'This is not allowed.', code });
  const exception = new ForbiddenException(body, { cause: error });
  if (!GRANT_CODES.includes(code)) return { exception, headers: [] };
  const { wanted } = details; // the challenge can name scopes only (RFC 6750 §3)
  const isScope = code === 'ACCESS_SCOPE_MISSING' && Array.isArray(wanted);
  const missing = isScope ? { scope: toChallengedScopes(details, resource).join(' ') } : {};
  const { scope: _demanded, ...found } = toResourceParameters(resource);
  return { exception, headers: challenge('insufficient_scope', { ...missing, ...found }) };
}

// An application that throws this error for a part of a request, such as a tool, may want more than the handler demands.
function toChallengedScopes(
  { wanted, match }: DescopeAccessError['details'],
  resource: ChallengeResource | undefined,
): readonly unknown[] {
  const missing: readonly unknown[] = Array.isArray(wanted) ? wanted : [];
  if (resource === undefined) return missing;
  return [...new Set([...resource.wantedScopes, ...(match === 'any' ? missing.slice(0, 1) : missing)])];
}

function toRequestRejection(error: DescopeRequestError): HttpError {
  const { code, message } = error; // the message describes only the form of the request
  const options = { cause: error };
  if (code === 'REQUEST_BODY_UNSUPPORTED') {
    const body = toBody(415, 'Unsupported Media Type', { message, code });
    return { exception: new UnsupportedMediaTypeException(body, options), headers: [] };
  }
  if (code === 'SESSION_TOO_LARGE' || code === 'REQUEST_BODY_TOO_LARGE') {
    const body = toBody(413, 'Payload Too Large', { message, code });
    return { exception: new PayloadTooLargeException(body, options), headers: [] };
  }
  return {
    exception: new BadRequestException(toBody(400, 'Bad Request', { message, code }), options),
    headers: [],
  };
}

// For an outage that is not about the session: a call by the application itself, or a rule.
const UNAVAILABLE: Partial<Record<DescopeErrorCode, string>> = {
  FGA_UNAVAILABLE: 'Access cannot be checked at present.',
  DESCOPE_UNAVAILABLE: 'Descope cannot be reached at present.',
  EVENT_IN_PROGRESS: 'The event is being processed.',
};

function toUnavailableRejection(error: DescopeUnavailableError): HttpError {
  const message = UNAVAILABLE[error.code] ?? 'The session cannot be checked at present.';
  const body = toBody(503, 'Service Unavailable', { message, code: error.code });
  const exception = new ServiceUnavailableException(body, { cause: error });
  return { exception, headers: [['Retry-After', String(error.retryAfterSeconds)]] };
}

// Built explicitly: Nest 11 and 12 create different bodies from the same exception options.
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
  const text = all.map(([name, value]) => `${name}="${value}"`).join(', '); // RFC 6750 §3 requires at least one
  return [[CHALLENGE, `Bearer ${text}`]];
}
