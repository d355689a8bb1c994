// The tokens in an answer of Descope, which come in its body or, in cookie mode, as cookies.
import { isJsonObject, readText } from '../token/claims.js';
import { readSetCookies } from '../transport/cookies.js';
import type { BoundedAnswer } from './bounded-fetch.js';
import { toUnusableOutage } from './descope-call.js';
import type { DescopeApi } from './descope-call.js';

/** What Descope may call its cookies. */
export interface IssuedTokenNames {
  readonly session: readonly string[];
  readonly refresh: readonly string[];
}

/** Tokens as Descope issued them, not yet verified. */
export interface IssuedTokens {
  readonly sessionToken: string;
  /** Only where refresh tokens rotate, or at sign-in. */
  readonly refreshToken: string | undefined;
}

/** Reads the tokens. An answer without a session token is an outage: nothing is known of the session. */
export function readIssuedTokens(
  answer: BoundedAnswer,
  names: IssuedTokenNames,
  api: DescopeApi,
): IssuedTokens {
  const body = isJsonObject(answer.json) ? answer.json : {};
  const cookies = readSetCookies(answer.headers.getSetCookie());
  const find = (known: readonly string[]) =>
    known.map((name) => cookies.get(name)).find((value) => value !== undefined);
  const sessionToken = readText(body, 'sessionJwt') ?? find(names.session);
  if (sessionToken === undefined)
    throw toUnusableOutage(api, new Error('Descope answered without a session token.'));
  return { sessionToken, refreshToken: readText(body, 'refreshJwt') ?? find(names.refresh) };
}
