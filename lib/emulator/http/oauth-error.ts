// A rejected OAuth request, in the words of OAuth and of Descope's API.
import { DescopeError } from '../errors.js';
import type { RouteResponse } from './message.js';

/** The codes of RFC 6749, and those of RFC 7591, RFC 8707, RFC 9449 and OpenID Connect that the emulator uses. */
export type OAuthErrorCode =
  | 'access_denied'
  | 'interaction_required'
  | 'invalid_client'
  | 'invalid_client_metadata'
  | 'invalid_dpop_proof'
  | 'invalid_grant'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'request_not_supported'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'use_dpop_nonce';

/** Keeps a response out of every cache (RFC 6749 section 5.1). */
export const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** A rejected OAuth request (RFC 6749 section 5.2). */
export class OAuthError extends Error {
  constructor(
    readonly code: OAuthErrorCode,
    message: string,
  ) {
    super(message.replace(/[^ !#-[\]-~]/g, '?')); // what `error_description` may contain (RFC 6749 section 5.2)
  }

  /** Creates the response, with the fields of Descope's API beside OAuth's, and these headers. */
  toResponse(added: Readonly<Record<string, string>> = {}): RouteResponse {
    const isClient = this.code === 'invalid_client';
    const kind = isClient ? 'invalidToken' : 'invalidArguments';
    const body = {
      error: this.code,
      error_description: this.message,
      ...new DescopeError(kind, this.message).toBody(),
    };
    const challenge = isClient ? { 'www-authenticate': 'Basic realm="descope-emulator"' } : {};
    return { status: isClient ? 401 : 400, body, headers: { ...NO_STORE, ...added, ...challenge } };
  }
}
