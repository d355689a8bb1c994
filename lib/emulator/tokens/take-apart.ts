// Takes a token apart, for the console: what it holds, who signed it, and whether it counts now. It is sent nowhere.
import { compactVerify, importJWK } from 'jose';
import { isObject } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';

/** What a token holds, and what the emulator knows about it. */
export interface TokenParts {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly kind: string;
  readonly signature: TokenSignature;
  readonly time: 'valid' | 'expired' | 'not yet valid' | 'without an end';
  /** Whether the issuer is this project, or one of its apps. */
  readonly isIssuedHere: boolean;
  /** Whether it was revoked, or its sign-in has ended. */
  readonly isRevoked: boolean;
}

/** Who signed a token. */
export interface TokenSignature {
  readonly kid: string | undefined;
  readonly verdict: 'signing key' | 'earlier key' | 'other key' | 'unknown key' | 'wrong signature';
}

/** Takes a token apart; undefined for a string that is no signed JWT. */
export async function takeApart(state: ProjectState, token: string): Promise<TokenParts | undefined> {
  const [header, claims] = token.split('.', 2).map(decode);
  if (token.split('.').length !== 3 || !header || !claims) return undefined;
  const isRevoked = state.signIns.isEnded(token, claims) || state.oauth.isRevoked(token);
  return {
    header,
    claims,
    kind: toKind(state, claims),
    signature: await toSignature(state, token, header),
    time: toTime(claims, state.clock.nowSeconds()),
    isIssuedHere: isIssuedHere(state, claims['iss']),
    isRevoked,
  };
}

function decode(part: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function toSignature(state: ProjectState, token: string, header: JsonObject): Promise<TokenSignature> {
  const kid = typeof header['kid'] === 'string' ? header['kid'] : undefined;
  const jwk = state.keys.published.find((key) => kid !== undefined && key['kid'] === kid);
  if (!jwk) return { kid, verdict: 'unknown key' };
  if (!(await isSignedBy(token, jwk))) return { kid, verdict: 'wrong signature' };
  if (kid === state.keys.current.kid) return { kid, verdict: 'signing key' };
  return { kid, verdict: kid !== undefined && state.keys.find(kid) ? 'earlier key' : 'other key' };
}

async function isSignedBy(token: string, jwk: JsonObject): Promise<boolean> {
  try {
    const key = await importJWK(jwk, typeof jwk['alg'] === 'string' ? jwk['alg'] : 'RS256');
    await compactVerify(token, key, { algorithms: ['RS256', 'ES384'] });
    return true;
  } catch {
    return false;
  }
}

function toKind(state: ProjectState, { drn, azp, iss }: JsonObject): string {
  if (typeof azp === 'string')
    return String(iss).includes('/agentic/') ? 'token of an agent' : 'token of an inbound app';
  if (drn === state.cookieName('refresh')) return 'refresh token';
  return drn === state.cookieName('session') ? 'session token' : 'token of no kind that the project issues';
}

function toTime({ exp, nbf }: JsonObject, nowSeconds: number): TokenParts['time'] {
  if (typeof exp !== 'number') return 'without an end';
  if (exp <= nowSeconds) return 'expired';
  return typeof nbf === 'number' && nbf > nowSeconds ? 'not yet valid' : 'valid';
}

function isIssuedHere(state: ProjectState, issuer: unknown): boolean {
  if (issuer === state.projectId || issuer === state.issuerUrl) return true;
  return typeof issuer === 'string' && issuer.startsWith(`${state.url}/v1/apps/`);
}
