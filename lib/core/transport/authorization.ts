// The Authorization header: one Bearer credential, or none (RFC 6750 §2.1).
import { DescopeCredentialError } from '../errors.js';
import { countHeader, readHeader } from './request-like.js';
import type { RequestLike } from './request-like.js';

// RFC 9110 §11.1 and §11.2: scheme, spaces, token68. What only begins like it is malformed, not absent.
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;
const BEARER_SCHEME = /^bearer(?![A-Za-z0-9!#$%&'*+.^_`|~-])/i;
const BEARER_IN_LIST = /,\s*bearer(?:\s|$)/i;

/**
 * Reads the bearer token. Another scheme counts as no header; what is meant as a bearer credential and is not
 * exactly one throws `CREDENTIAL_MALFORMED`.
 */
export function readBearer(request: RequestLike): string | undefined {
  const header = readHeader(request, 'authorization');
  if (header === undefined) return undefined;
  if (countHeader(request, 'authorization') > 1)
    throw malformed('There is more than one Authorization header.');
  if (header === '') return undefined;
  const token = BEARER.exec(header)?.[1];
  if (token !== undefined) return token;
  if (BEARER_SCHEME.test(header) || BEARER_IN_LIST.test(header)) {
    throw malformed('The Authorization header is not of the form "Bearer <token>".');
  }
  return undefined;
}

function malformed(message: string): DescopeCredentialError {
  return new DescopeCredentialError('CREDENTIAL_MALFORMED', message);
}
