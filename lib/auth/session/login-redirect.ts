// Where a browser that has no session goes: to the login page, and back.
import { DescopeCredentialError } from '../../core/errors.js';
import { readRedirectTarget } from '../../core/transport/redirect-target.js';
import { readHeader } from '../../core/transport/request-like.js';
import type { RequestLike } from '../../core/transport/request-like.js';

/** Gives the login page's path, global prefix included. */
export type LoginPath = () => string;

// Only a session that is not there, or no longer: one that is refused would come back and be refused again.
const CODES = ['SESSION_MISSING', 'TOKEN_EXPIRED', 'SESSION_ENDED'];

/** Makes the login page's address for a page that a browser asked for; `undefined` for any other request or refusal. */
export function toLoginLocation(
  error: unknown,
  request: RequestLike & { readonly url?: string | undefined },
  loginPath: LoginPath,
): string | undefined {
  if (!(error instanceof DescopeCredentialError) || !CODES.includes(error.code)) return undefined;
  if (request.method !== 'GET' || readHeader(request, 'authorization') !== undefined) return undefined;
  if (readHeader(request, 'accept')?.includes('text/html') !== true) return undefined;
  if ((readHeader(request, 'sec-fetch-dest') ?? 'document') !== 'document') return undefined;
  const next = readRedirectTarget(request.url);
  return next === undefined ? loginPath() : `${loginPath()}?next=${encodeURIComponent(next)}`;
}
