// The Authorization header: one Bearer credential, or none (RFC 6750 §2.1).
import { DescopeCredentialError } from '../errors.js';
import { countHeader, readHeader } from './request-like.js';
import type { RequestLike } from './request-like.js';

// RFC 9110 §11.1 and §11.2: scheme, spaces, token68. What only begins like it is malformed, not absent.
const BEARER = /^bearer +/i;
const BEARER_SCHEME = /^bearer(?![A-Za-z0-9!#$%&'*+.^_`|~-])/i;
const BEARER_IN_LIST = /,\s*bearer(?:\s|$)/i;
const SEPARATORS = [' ', ',', '\t', '"'];

/**
 * Reads the bearer token. Another scheme counts as no header; what is meant as a bearer credential and is not
 * exactly one throws `CREDENTIAL_MALFORMED`. The token's own characters are for whoever decodes it.
 */
export function readBearer(request: RequestLike): string | undefined {
  const header = readHeader(request, 'authorization');
  if (header === undefined) return undefined;
  if (countHeader(request, 'authorization') > 1)
    throw malformed('There is more than one Authorization header.');
  if (header === '') return undefined;
  const scheme = BEARER.exec(header);
  if (scheme !== null) return readOne(header.slice(scheme[0].length));
  if (BEARER_SCHEME.test(header) || BEARER_IN_LIST.test(header)) throw notOne();
  return undefined;
}

// Asked for one by one: a pattern over a whole token costs more than all the rest of the road for a remembered one.
function readOne(token: string): string {
  if (token === '' || SEPARATORS.some((separator) => token.includes(separator))) throw notOne();
  return token;
}

function notOne(): DescopeCredentialError {
  return malformed('The Authorization header is not of the form "Bearer <token>".');
}

function malformed(message: string): DescopeCredentialError {
  return new DescopeCredentialError('CREDENTIAL_MALFORMED', message);
}
