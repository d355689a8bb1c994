// A `fetch` that adds a token of the application, for the origins that it was created for only.
import type { Fetch } from '../api/http-client.js';
import type { DpopProver } from '../dpop/prover.js';
import { DescopeConfigError, DescopeM2mError, DescopeUnavailableError } from '../errors.js';
import { isConfidential, isPlainHost } from '../http/base-url.js';
import { toOrigin } from '../http/origin.js';
import type { MaybePromise } from '../maybe-promise.js';

/** Supplies tokens. */
export interface TokenSupply {
  find(): MaybePromise<string>;
  /** Replaces a token that was rejected; `undefined` if another would be rejected too. */
  replace(token: string): MaybePromise<string | undefined>;
}

/** The input of `createBearerFetch`. */
export interface BearerFetchInput {
  /** The tokens, for every origin or for the one of a call. */
  readonly tokens: TokenSupply | ((origin: string) => TokenSupply);
  readonly origins: readonly string[];
  readonly fetch: Fetch;
  /** Finds what proves the possession of the key of tokens that are bound to one; left out for bearer tokens. */
  readonly findProver?: (() => MaybePromise<DpopProver>) | undefined;
}

type Target = Parameters<Fetch>[0];

/** Creates the `fetch`. Throws `CONFIG_INVALID` for origins to which a token may not be sent. */
export function createBearerFetch({ tokens, origins, fetch, findProver }: BearerFetchInput): Fetch {
  const allowed = readOrigins(origins);
  return async (target, init) => {
    const origin = requireAllowed(target, allowed);
    const headers = readHeaders(target, init);
    // The caller must follow redirects: followed here, they could send the token to another origin.
    const guarded = { ...init, redirect: init?.redirect === 'error' ? 'error' : 'manual' } as const;
    if (headers.has('authorization')) return fetch(target, guarded);
    const sendWith = (added: Readonly<Record<string, string>>): Promise<Response> => {
      const own = new Headers(headers);
      for (const [name, value] of Object.entries(added)) own.set(name, value);
      return fetch(target, { ...guarded, headers: own });
    };
    const request = { ...toRequestLine(target, init), isRepeatable: isRepeatable(target, init), sendWith };
    const supply = typeof tokens === 'function' ? tokens(origin) : tokens;
    const prover = await findProver?.();
    const send = (token: string): Promise<Response> =>
      prover ? sendBound(prover, request, token) : sendWith({ authorization: `Bearer ${token}` });
    const token = await supply.find();
    const response = await send(token);
    if (!request.isRepeatable || !isAboutToken(response)) return response;
    const another = await findAnother(supply, token);
    if (another === undefined) return response;
    await response.body?.cancel();
    return send(another);
  };
}

interface BoundRequest {
  readonly method: string;
  readonly url: string;
  readonly isRepeatable: boolean;
  readonly sendWith: (added: Readonly<Record<string, string>>) => Promise<Response>;
}

// RFC 9449 §7.1 and §9: each request has a proof of its own, and is sent once more for the nonce of the service.
function sendBound(
  prover: DpopProver,
  { method, url, isRepeatable, sendWith }: BoundRequest,
  token: string,
): Promise<Response> {
  let last: Response | undefined;
  const send = async (dpop: string): Promise<Response> => {
    await last?.body?.cancel();
    last = await sendWith({ authorization: `DPoP ${token}`, dpop });
    return last;
  };
  const demandsNonce = (response: Response) =>
    isRepeatable && response.status === 401 && isChallenge(response, 'use_dpop_nonce');
  return prover.exchange({ method, url, token }, { send, demandsNonce });
}

// Another token would be rejected too where it is the proof that is not accepted.
function isAboutToken(response: Response): boolean {
  return response.status === 401 && !isChallenge(response, 'use_dpop_nonce|invalid_dpop_proof');
}

function isChallenge({ headers }: Response, codes: string): boolean {
  return new RegExp(`\\berror="?(?:${codes})\\b`).test(headers.get('www-authenticate') ?? '');
}

function readHeaders(target: Target, init: RequestInit | undefined): Headers {
  return new Headers(init?.headers ?? (target instanceof Request ? target.headers : undefined));
}

// The method as `fetch` sends it: it writes these in upper case, and any other one as it is.
function toRequestLine(target: Target, init: RequestInit | undefined): { method: string; url: string } {
  const { method, url } = target instanceof Request ? target : { method: 'GET', url: new URL(target).href };
  const given = init?.method ?? method;
  const isNormalized = /^(?:DELETE|GET|HEAD|OPTIONS|POST|PUT)$/i.test(given);
  return { method: isNormalized ? given.toUpperCase() : given, url };
}

// While Descope cannot be reached, the response of the receiver explains more than an error of this package.
async function findAnother(tokens: TokenSupply, token: string): Promise<string | undefined> {
  try {
    return await tokens.replace(token);
  } catch (error) {
    if (error instanceof DescopeUnavailableError) return undefined;
    throw error;
  }
}

// A stream cannot be sent twice.
function isRepeatable(target: Target, init: RequestInit | undefined): boolean {
  if (target instanceof Request && target.body !== null) return false;
  const { body } = init ?? {};
  if (body === undefined || body === null || typeof body === 'string') return true;
  return (
    [URLSearchParams, FormData, Blob, ArrayBuffer].some((kind) => body instanceof kind) ||
    ArrayBuffer.isView(body)
  );
}

function requireAllowed(target: Target, allowed: ReadonlySet<string>): string {
  const { origin } = new URL(target instanceof Request ? target.url : target);
  if (allowed.has(origin)) return origin;
  const message = `This fetch adds a token to requests, and ${origin} is not in its origins. If that service may receive the token, add it to origins.`;
  throw new DescopeM2mError('M2M_ORIGIN_NOT_ALLOWED', message, { expected: [...allowed], actual: origin });
}

function readOrigins(origins: readonly string[]): ReadonlySet<string> {
  if (!Array.isArray(origins) || origins.length === 0) throw invalid('nothing');
  for (const origin of origins) {
    if (typeof origin !== 'string' || toOrigin(origin) !== origin || !isPlainHost(new URL(origin).hostname))
      throw invalid('a value that is not an origin');
    if (!isConfidential(origin)) throw invalid('plain http outside loopback');
  }
  return new Set(origins);
}

function invalid(got: string): DescopeConfigError {
  const message = `The argument of createFetch is not valid: origins contains ${got}; expected a list such as ["https://orders.internal"].`;
  return new DescopeConfigError('CONFIG_INVALID', message);
}
