// Access tokens that are bound to a key: who may show them, and the challenge to everybody else (RFC 9449 section 7).
import type { JWTPayload } from 'jose';
import { isObject } from '../http/fields.js';
import type { Call, RouteResponse } from '../http/message.js';
import type { OAuthErrorCode } from '../http/oauth-error.js';
import { NO_STORE, OAuthError } from '../http/oauth-error.js';
import type { ProjectState } from '../project-state.js';
import { PROOF_ALGORITHMS, readProof, toNonceHeader } from './proof.js';

/** An access token in an Authorization header, and its scheme in lower case. */
export interface ShownToken {
  readonly scheme: string;
  readonly token: string;
}

/** Reads an access token of either scheme. */
export function readShownToken({ headers }: Call): ShownToken | undefined {
  const [, scheme = '', token] = SHOWN.exec(headers.authorization ?? '') ?? [];
  return token === undefined ? undefined : { scheme: scheme.toLowerCase(), token };
}

const SHOWN = /^(Bearer|DPoP) ([A-Za-z0-9._~+/-]+=*)$/i;

/** The claim that binds a token to a key (RFC 9449 section 6.1). */
export function toBinding(thumbprint: string | undefined): { readonly cnf?: { readonly jkt: string } } {
  return thumbprint === undefined ? {} : { cnf: { jkt: thumbprint } };
}

/** Whether the sender may use a verified token: a bound one with a proof by its key, any other one as a bearer. */
export async function isOfSender(
  call: Call,
  state: ProjectState,
  { scheme, token, claims: { cnf } }: ShownToken & { readonly claims: JWTPayload },
): Promise<boolean> {
  const bound = isObject(cnf) ? cnf['jkt'] : undefined;
  if (scheme === 'bearer') return cnf === undefined;
  const thumbprint = await readProof(call, state, { endpoint: 'userinfo', token });
  if (thumbprint === undefined) throw new OAuthError('invalid_dpop_proof', 'The DPoP header is missing');
  return thumbprint === bound;
}

/** The response to a token that may not be used (RFC 6750 section 3, RFC 9449 section 7.1). */
export function toChallenge(call: Call, state: ProjectState, cause?: OAuthError): RouteResponse {
  const error: OAuthErrorCode | 'invalid_token' = cause?.code ?? 'invalid_token';
  const message = cause?.message ?? 'The access token is missing, wrong or revoked';
  const { body } = new OAuthError('invalid_client', message).toResponse();
  const isBound = readShownToken(call)?.scheme === 'dpop';
  const challenge = isBound
    ? `DPoP error="${error}", algs="${PROOF_ALGORITHMS.join(' ')}"`
    : `Bearer error="${error}"`;
  const headers = { ...NO_STORE, ...toNonceHeader(call, state, 'userinfo'), 'www-authenticate': challenge };
  return { status: 401, body: { ...(body as object), error }, headers };
}
