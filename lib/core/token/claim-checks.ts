// Checks of the claims of a genuine token: types, times, issuer, and that it is a session of this project.
import type { DescopeCredentialCode } from '../errors.js';
import { DescopeCredentialError } from '../errors.js';
import type { DescopeClaims, IssuerKind, JsonObject } from './claims.js';
import { isJsonObject, isWellFormed, readIssuerKind, readOwn, readText } from './claims.js';

/** The config of the checks of claims. */
export interface ClaimConfig {
  readonly projectId: string;
  /** The allowed difference between clocks in seconds, in both directions. */
  readonly leewaySeconds: number;
  /** The accepted values of `drn` in session tokens. */
  readonly sessionTokenNames: readonly string[];
  /** The accepted values of `drn` in refresh tokens. */
  readonly refreshTokenNames: readonly string[];
  /** Whether a session token whose issuer is a URL may lack `drn`. */
  readonly allowMissingDrn: boolean;
  /** Whether session tokens must be bound to a key of the sender; otherwise they must not. `false` if left out. */
  readonly isBound?: boolean;
}

// OIDC Core §2 and §3.3.2.11, FAPI 1.0 part 2 §5.1.1. An ID token proves a sign-in to another application; it is not
// accepted.
const ID_TOKEN_MARKS = ['nonce', 'at_hash', 'c_hash', 's_hash'];

const LAST_DATE_SECONDS = 8.64e12; // the last moment that a Date can hold (ECMA-262 §21.4.1.1)

/** Asserts the types of the claims that the request pipeline reads. Throws `TOKEN_CLAIM_INVALID`. */
export function assertClaimTypes(payload: JsonObject): asserts payload is DescopeClaims {
  assertIdentity(payload, 'iss');
  assertIdentity(payload, 'sub');
  assertMoment(payload, 'exp');
  if (Object.hasOwn(payload, 'iat')) assertMoment(payload, 'iat');
  if (Object.hasOwn(payload, 'nbf')) assertMoment(payload, 'nbf');
  if (Object.hasOwn(payload, 'drn')) assertIdentity(payload, 'drn');
  if (Object.hasOwn(payload, 'dsub')) assertIdentity(payload, 'dsub');
  if (Object.hasOwn(payload, 'aud') && !isAudience(payload['aud'])) {
    throw invalid('aud', 'a string or a list of strings');
  }
}

/** Asserts that the token is valid now. Throws `TOKEN_EXPIRED`, `TOKEN_NOT_YET_VALID` or `TOKEN_ISSUED_IN_FUTURE`. */
export function assertTime(claims: DescopeClaims, config: ClaimConfig, nowMs: number): void {
  const flaw = findTimeFlaw(claims, config, nowMs);
  if (flaw !== undefined) throw flaw;
}

/** Returns the error that `assertTime` throws, if there is one. */
export function findTimeFlaw(
  claims: DescopeClaims,
  config: ClaimConfig,
  nowMs: number,
): DescopeCredentialError | undefined {
  const now = nowMs / 1000;
  const latest = now + config.leewaySeconds;
  if (claims.nbf !== undefined && claims.nbf > latest) {
    return rejection('TOKEN_NOT_YET_VALID', 'The token is not valid yet.');
  }
  if (claims.iat !== undefined && claims.iat > latest) {
    return rejection('TOKEN_ISSUED_IN_FUTURE', 'The token was issued in the future; check the clocks.');
  }
  // Last, so that an expired token has no other flaw in its times. In this form, a clock that returns NaN rejects every
  // token.
  if (!(claims.exp > now - config.leewaySeconds)) return rejection('TOKEN_EXPIRED', 'The token has expired.');
  return undefined;
}

/** Asserts that this project issued the token, and returns the kind of its client. Throws `TOKEN_ISSUER_MISMATCH`. */
export function assertIssuer(claims: DescopeClaims, config: ClaimConfig): IssuerKind {
  const kind = readIssuerKind(claims.iss, config.projectId);
  if (kind === undefined)
    throw rejection('TOKEN_ISSUER_MISMATCH', 'The token was issued for another project.');
  return kind;
}

/** Asserts that the token has no mark of an OIDC ID token (RFC 8725 §3.11 and §3.12). Throws `TOKEN_IS_ID_TOKEN`. */
export function assertNoIdToken(claims: DescopeClaims): void {
  const mark = ID_TOKEN_MARKS.find((name) => Object.hasOwn(claims, name));
  if (mark === undefined) return;
  const message = `The token has the claim "${mark}", so it is an OIDC ID token. Send the session token instead.`;
  throw new DescopeCredentialError('TOKEN_IS_ID_TOKEN', message, { claim: mark });
}

/**
 * Asserts that the token is a session token: not a refresh token, not a possible ID token, and bound to a key of the sender
 * (RFC 7800) only where that is asked for. Throws `TOKEN_NOT_A_SESSION`, `TOKEN_DRN_MISSING`, `TOKEN_SENDER_CONSTRAINED` or
 * `DPOP_TOKEN_UNBOUND`.
 */
export function assertSession(claims: DescopeClaims, config: ClaimConfig): void {
  assertSessionName(claims, config);
  if (config.isBound === true) assertBound(claims);
  else assertUnbound(claims);
}

function assertSessionName(claims: DescopeClaims, config: ClaimConfig): void {
  const { drn, iss } = claims;
  if (drn !== undefined) {
    if (config.sessionTokenNames.includes(drn)) return;
    const message =
      'The token is not a session token (claim "drn"). A refresh token is not accepted as a credential.';
    throw rejection('TOKEN_NOT_A_SESSION', message);
  }
  // An ID token of the project's federated applications has this issuer, perhaps the same audience, and after the code flow
  // no other mark: only `drn` distinguishes a session token from it.
  if (iss === config.projectId || config.allowMissingDrn) return;
  if (readIssuerKind(iss, config.projectId) !== 'session') return; // the token of an app or agent: see `accepts`
  throw rejection(
    'TOKEN_DRN_MISSING',
    'The issuer of the token is a URL and the token has no "drn", like an OIDC ID token. If it is a session token, and the project\'s JWT template removes "drn", change the template to keep "drn", or set allowMissingDrn: true and an audience.',
  );
}

/** Asserts that the token is a refresh token by its `drn`. Throws `TOKEN_NOT_A_REFRESH` or `TOKEN_SENDER_CONSTRAINED`. */
export function assertRefresh(claims: DescopeClaims, config: ClaimConfig): void {
  if (claims.drn === undefined || !config.refreshTokenNames.includes(claims.drn)) {
    throw rejection('TOKEN_NOT_A_REFRESH', 'The token is not a refresh token (claim "drn").');
  }
  assertUnbound(claims);
}

function assertUnbound(claims: DescopeClaims): void {
  if (Object.hasOwn(claims, 'cnf')) {
    throw rejection(
      'TOKEN_SENDER_CONSTRAINED',
      'The token is bound to a key (claim "cnf"), so it is accepted only with "Authorization: DPoP", a proof, and the option dpop.',
    );
  }
}

// RFC 9449 §6.1. Another member would be another condition, which would not be checked.
function assertBound(claims: DescopeClaims): void {
  const confirmation = readOwn(claims, 'cnf');
  const members = isJsonObject(confirmation) ? Object.entries(confirmation) : [];
  const [[name, value] = []] = members;
  if (members.length === 1 && name === 'jkt' && typeof value === 'string' && value !== '') return;
  if (confirmation === undefined)
    throw rejection(
      'DPOP_TOKEN_UNBOUND',
      'The token is not bound to a key (claim "cnf"): send it as a bearer token, or obtain one with a DPoP proof.',
    );
  throw rejection(
    'TOKEN_SENDER_CONSTRAINED',
    'The token is bound by something other than the thumbprint of a key (cnf.jkt), which this package does not verify.',
  );
}

function assertIdentity(payload: JsonObject, name: string): void {
  const text = readText(payload, name);
  if (text === undefined || !isWellFormed(text)) throw invalid(name, 'a non-empty string');
}

function assertMoment(payload: JsonObject, name: string): void {
  const value = readOwn(payload, name);
  // NaN and 1e400 compare false.
  if (typeof value === 'number' && value >= 0 && value <= LAST_DATE_SECONDS) return;
  throw invalid(name, 'a time in epoch seconds');
}

function isAudience(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string');
  return typeof value === 'string';
}

function invalid(claim: string, expected: string): DescopeCredentialError {
  return new DescopeCredentialError(
    'TOKEN_CLAIM_INVALID',
    `The token's claim "${claim}" is not ${expected}.`,
    { claim },
  );
}

function rejection(code: DescopeCredentialCode, message: string): DescopeCredentialError {
  return new DescopeCredentialError(code, message);
}
