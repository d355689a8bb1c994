// The exchange of a caller's token for one of another target (RFC 8693): what is requested, and what of the response is used.
import type { DescopeApi } from '../api/descope-api.js';
import { askDescope, isRejectionStatus, toStatusOutage, toUnusableOutage } from '../api/descope-api.js';
import type { BoundedResponse } from '../api/http-client.js';
import type { DescopeError } from '../errors.js';
import { DescopeAccessError, DescopeConfigError, DescopeM2mError } from '../errors.js';
import type { Notice } from '../logging.js';
import type { DescopeClaims, JsonObject } from '../token/claims.js';
import { isJsonObject, isScope, readOwn, readSubjectId, readText } from '../token/claims.js';
import { readUnverified } from '../token/decode.js';

/** What a token on behalf of a caller is for: a `resource` or an `audience`, and perhaps scopes. */
export interface OnBehalfTarget {
  /**
   * The URL of the service to call.
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
   */
  readonly resource?: string | undefined;
  /**
   * The name of the service to call, in place of `resource`.
   * @see https://www.rfc-editor.org/rfc/rfc8693#section-2.1
   */
  readonly audience?: string | undefined;
  /**
   * The scopes to request: separated by spaces, or as a list.
   * @defaultValue none: Descope decides
   */
  readonly scope?: string | readonly string[] | undefined;
}

/** A checked target. */
export interface CheckedTarget {
  readonly field: 'resource' | 'audience';
  readonly value: string;
  /** Each once, sorted; empty if none is requested. */
  readonly scopes: readonly string[];
}

const MAX_LENGTH = 2000;
const SCOPES = 'scope to be scopes, separated by single spaces or as a list';

/** Checks a target. Throws `CONFIG_INVALID`. */
export function readTarget(target: OnBehalfTarget): CheckedTarget {
  const { resource, audience, scope, ...others } = (target as OnBehalfTarget | undefined) ?? {};
  // A misspelt `scope` would request every scope that the policies permit.
  if (Object.keys(others).length > 0) throw invalid('resource, audience and scope alone');
  const scopes = readScopes(scope);
  if ((resource === undefined) === (audience === undefined))
    throw invalid('resource or audience, and not both');
  if (resource !== undefined) {
    if (!isResource(resource))
      throw invalid('resource to be an absolute URL without credentials and fragment');
    return { field: 'resource', value: resource, scopes };
  }
  if (typeof audience !== 'string' || audience.trim() === '' || audience.length > MAX_LENGTH)
    throw invalid('audience to be a non-empty string');
  return { field: 'audience', value: audience, scopes };
}

function readScopes(scope: OnBehalfTarget['scope']): readonly string[] {
  if (scope === undefined) return [];
  const scopes: readonly unknown[] = typeof scope === 'string' ? scope.split(' ') : scope;
  if (!Array.isArray(scopes)) throw invalid(SCOPES);
  if (scopes.length > 0 && scopes.every(isScope)) return [...new Set(scopes)].sort();
  throw invalid(SCOPES);
}

// RFC 8707 §2. It is a name here, which Descope compares: nothing is fetched from it.
function isResource(resource: unknown): boolean {
  if (typeof resource !== 'string' || resource.length > MAX_LENGTH || /[\s#]/.test(resource)) return false;
  if (!URL.canParse(resource)) return false;
  const { username, password } = new URL(resource);
  return username === '' && password === '';
}

function invalid(expected: string): DescopeConfigError {
  const message = `The target of a token on behalf of a caller is not valid: expected ${expected}.`;
  return new DescopeConfigError('CONFIG_INVALID', message);
}

// The request.

/** The client that exchanges tokens, and its token endpoint. */
export interface ExchangeClient {
  readonly id: string;
  readonly secret: string;
  /** The path of the token endpoint, below the base URL of the API. */
  readonly path: string;
}

/** The token of a caller, which was verified. */
export interface SubjectToken {
  readonly token: string;
  /** The id of the caller. */
  readonly id: string;
  readonly endsAtMs: number;
}

/** Who exchanges whose token, for what. */
export interface Exchange {
  readonly client: ExchangeClient;
  readonly subject: SubjectToken;
  readonly target: CheckedTarget;
}

/** Exchanges a token. Rejects with `EXCHANGE_REFUSED`, `M2M_CREDENTIALS_REFUSED` or `DESCOPE_UNAVAILABLE`. */
export async function exchangeToken(api: DescopeApi, exchange: Exchange): Promise<IssuedToken> {
  const { path } = exchange.client;
  const answer = await askDescope(api, { path, form: toForm(exchange) });
  if (answer.status === 200) return readIssued(answer, exchange, api);
  const rejection = readRejection(answer);
  if (rejection instanceof DescopeAccessError) api.notify(toNotice(rejection, exchange));
  throw rejection ?? toStatusOutage(api, { path }, answer);
}

const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const ISSUED_TYPES: readonly unknown[] = [ACCESS_TOKEN, 'urn:ietf:params:oauth:token-type:jwt'];

function toForm({ client, subject, target: { field, value, scopes } }: Exchange): URLSearchParams {
  return new URLSearchParams({
    grant_type: EXCHANGE_GRANT,
    client_id: client.id,
    client_secret: client.secret,
    subject_token: subject.token,
    subject_token_type: ACCESS_TOKEN,
    [field]: value,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  });
}

/** A token as Descope issued it, checked but for its signature. */
export interface IssuedToken {
  readonly token: string;
  readonly lifetimeSeconds: number | undefined;
}

// RFC 8693 §2.2.1. What is more than was requested, or for another, is never used.
function readIssued({ json }: BoundedResponse, exchange: Exchange, api: DescopeApi): IssuedToken {
  const body = isJsonObject(json) ? json : {};
  const token = readText(body, 'access_token');
  const flaw = token === undefined ? 'without an access token' : findFlaw(body, token, exchange);
  if (token === undefined || flaw !== undefined)
    throw toUnusableOutage(api, new Error(`Descope answered the exchange of a token ${flaw}.`));
  if (!isForTarget(token, exchange, api.projectId)) throw toUnusableOutage(api, new Error(NOT_FOR_TARGET));
  const seconds = body['expires_in'];
  const isNumber = typeof seconds === 'number' && Number.isFinite(seconds);
  return { token, lifetimeSeconds: isNumber ? seconds : undefined };
}

function findFlaw(body: JsonObject, token: string, { subject, target }: Exchange): string | undefined {
  const issuedType = readOwn(body, 'issued_token_type') ?? ACCESS_TOKEN;
  if (readText(body, 'token_type')?.toLowerCase() !== 'bearer' || !ISSUED_TYPES.includes(issuedType))
    return 'with one that is not a bearer token';
  if (token === subject.token) return 'with the same token';
  const claims = readUnverified(token);
  const scopes = [body, claims ?? {}].flatMap(readIssuedScopes);
  if (target.scopes.length > 0 && !scopes.every((scope) => target.scopes.includes(scope)))
    return 'with scopes that were not requested';
  const isOpaque = claims === undefined;
  if (isOpaque || readSubjectId(claims as DescopeClaims) === subject.id) return undefined;
  return 'with one of another subject';
}

const NOT_TEXT = ' '; // no scope that can be requested

function readIssuedScopes(object: JsonObject): readonly string[] {
  const scope = readOwn(object, 'scope') ?? '';
  return typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : [NOT_TEXT];
}

// Without an audience, or with one of another service, the service that gets the token could use it elsewhere, here too.
// Descope may add the project and the client, which are its defaults for inbound apps.
function isForTarget(token: string, { client, target }: Exchange, projectId: string): boolean {
  const claims = readUnverified(token);
  if (claims === undefined) return true; // opaque
  const audiences: readonly unknown[] = [readOwn(claims, 'aud')].flat();
  const allowed: readonly unknown[] = [target.value, projectId, client.id];
  return audiences.includes(target.value) && audiences.every((audience) => allowed.includes(audience));
}

const NOT_FOR_TARGET =
  'Descope answered the exchange of a token with one that is not for the target, or not for it alone.';

// RFC 6749 §5.2, RFC 8693 §2.2.2. Others, such as `temporarily_unavailable`, are outages.
const OF_THE_CLIENT = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type'];
const OF_THE_CALLER = [
  ...['invalid_request', 'invalid_grant', 'invalid_scope', 'invalid_target', 'access_denied'],
];

function readRejection({ status, json }: BoundedResponse): DescopeError | undefined {
  if (!isRejectionStatus(status) || !isJsonObject(json)) return undefined;
  const [code, own = ''] = [readText(json, 'error'), readText(json, 'errorCode')];
  const descopeCode = code ?? own;
  if (code !== undefined && OF_THE_CLIENT.includes(code))
    return new DescopeM2mError('M2M_CREDENTIALS_REFUSED', CLIENT, { descopeCode });
  const isOfCaller = code === undefined ? /^E\d{1,9}$/.test(own) : OF_THE_CALLER.includes(code);
  return isOfCaller ? new DescopeAccessError('EXCHANGE_REFUSED', CALLER, { descopeCode }) : undefined;
}

// A policy that is missing rejects every caller alike, and the response to them does not say why. As JSON, on one line.
function toNotice({ message, details }: DescopeAccessError, { client, target }: Exchange): Notice {
  const { field, value, scopes } = target;
  const asked = JSON.stringify({ client: client.id, [field]: value, scopes, ...details });
  return { code: 'EXCHANGE_REFUSED', level: 'warn', message: `${message} The request: ${asked}.` };
}

const CLIENT =
  'Descope rejected the client that exchanges tokens of callers. Check clientId and clientSecret of DescopeOnBehalfModule, and that the app belongs to this project.';
const CALLER =
  'Descope does not exchange the token of this caller for one of this target and these scopes. Check the policies of the project: one with delegated access (token exchange) must permit the client, the resource and the scopes.';
