// Refusals of the OAuth endpoints, in OAuth's words (RFC 6749 section 5.2).
import type { Answer } from '../http/answer.js';
import { DescopeError } from '../http/descope-error.js';

/** The codes of RFC 6749, and `invalid_target` of RFC 8707. */
export type OAuthErrorCode =
  'invalid_request' | 'invalid_client' | 'invalid_scope' | 'invalid_target' | 'unsupported_grant_type';

/** Nothing of a token endpoint may be kept by a cache (RFC 6749 section 5.1). */
export const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** A refusal on its way to an OAuth client. */
export class OAuthError extends Error {
  constructor(
    readonly code: OAuthErrorCode,
    message: string,
  ) {
    super(message);
  }

  /** The refusal as an answer, with Descope's own words beside OAuth's. */
  toAnswer(): Answer {
    const isClient = this.code === 'invalid_client';
    const kind = isClient ? 'invalidToken' : 'invalidArguments';
    const body = {
      error: this.code,
      error_description: this.message,
      ...new DescopeError(kind, this.message).toBody(),
    };
    const challenge = isClient ? { 'www-authenticate': 'Basic realm="descope-emulator"' } : {};
    return { status: isClient ? 401 : 400, body, headers: { ...NO_STORE, ...challenge } };
  }
}
