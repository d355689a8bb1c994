// Where a browser that has no session goes: to the login page, and back.
import { DescopeCredentialError } from '../../core/errors.js';
import { readRedirectTarget } from '../../core/transport/redirect-target.js';
import { readHeader } from '../../core/transport/request-like.js';
import type { RequestLike } from '../../core/transport/request-like.js';

/** Gives the login page's path, global prefix included. */
export type LoginPath = () => string;

// Only a session that is not there, or no longer: one that is refused would come back and be refused again. A page that
// still sends a superseded token never got the newer one, or it is on its way: then asking once more finds it, and
// nothing is cleared for that.
const CODES = [
  'SESSION_MISSING',
  'TOKEN_EXPIRED',
  'SESSION_ENDED',
  'SESSION_SIGNED_OUT',
  'SESSION_SUPERSEDED',
  'COOKIE_AMBIGUOUS', // the refusal expires both
];

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

/** Tells whether a sign-out is the reason: then the cookies that are left of it only stand in the way. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof DescopeCredentialError && error.code === 'SESSION_SIGNED_OUT';
}
