// Tokens for the calls of the application: the check of its credentials, and one cached exchange for each.
import { DescopeApiError } from '../api/descope-api.js';
import type { ClientGrant, ClientToken, SessionApi } from '../api/descope-calls.js';
import { exchangeAccessKey, grantClientToken } from '../api/descope-calls.js';
import type { Clock } from '../clock.js';
import { DpopProver } from '../dpop/prover.js';
import { DescopeConfigError, DescopeCredentialError, DescopeM2mError } from '../errors.js';
import type { MaybePromise } from '../maybe-promise.js';
import { whenReady } from '../maybe-promise.js';
import { isJsonObject, readText } from '../token/claims.js';
import { decodeToken, readEndMs } from '../token/decode.js';
import type { ExchangedToken } from './exchanged-tokens.js';
import { createCredentialDigest, ExchangedTokens } from './exchanged-tokens.js';

const MAX_CREDENTIALS = 1_000;
const REJECTED_MS = 5_000;
// A token must still be valid when it arrives, by the clock of the receiver too.
const MARGIN_MS = 10_000;
const MARGIN_SHARE = 0.1;

export class MachineTokens {
  readonly #api: SessionApi;
  readonly #clock: Clock;
  readonly #tokens: ExchangedTokens;
  readonly #toDigest = createCredentialDigest();
  #prover: DpopProver | undefined;

  constructor(api: SessionApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
    this.#tokens = new ExchangedTokens({
      direction: 'outgoing',
      projectId: api.projectId,
      clock,
      maxEntries: MAX_CREDENTIALS,
      rejectedMs: REJECTED_MS,
    });
  }

  /** Proves the possession of the key that tokens are bound to. The key lives as long as this object. */
  get prover(): DpopProver {
    return (this.#prover ??= new DpopProver(this.#clock));
  }

  /**
   * Finds a token, synchronously if one is cached. Throws or rejects with `M2M_CREDENTIALS_REFUSED`, `M2M_TOKEN_NOT_BOUND` or
   * `DESCOPE_UNAVAILABLE`.
   */
  find(credentials: CheckedCredentials): MaybePromise<string> {
    const digest = this.#toDigest(toIdentity(credentials));
    return whenReady(
      this.#tokens.find(digest, () => this.#exchange(credentials)),
      toToken,
    );
  }

  /** Replaces a token that its receiver rejected; `undefined` if it was issued less than 5 seconds ago. */
  replace(credentials: CheckedCredentials, token: string): MaybePromise<string> | undefined {
    const digest = this.#toDigest(toIdentity(credentials));
    const another = this.#tokens.replace(digest, { token }, () => this.#exchange(credentials));
    return another && whenReady(another, toToken);
  }

  async #exchange(credentials: CheckedCredentials): Promise<ExchangedToken> {
    const startedAtMs = this.#clock();
    try {
      if ('key' in credentials) {
        const { sessionToken } = await exchangeAccessKey(this.#api, credentials.key);
        return toExchanged(sessionToken, startedAtMs, undefined);
      }
      const { grant, isBound } = credentials;
      const prover = isBound ? this.prover : undefined;
      const { token, lifetimeSeconds, type } = await grantClientToken(this.#api, grant, prover);
      if (prover !== undefined) assertBound({ token, type }, prover.thumbprint);
      return toExchanged(token, startedAtMs, lifetimeSeconds);
    } catch (error) {
      throw error instanceof DescopeApiError ? rejected(credentials, error) : error;
    }
  }
}

function toToken({ token }: ExchangedToken): string {
  return token;
}

// The earlier of the ends in the response and in the token. A token without an end serves only the calls that wait for it.
function toExchanged(token: string, nowMs: number, lifetimeSeconds: number | undefined): ExchangedToken {
  const saidMs = lifetimeSeconds === undefined ? undefined : nowMs + lifetimeSeconds * 1000;
  const ends = [saidMs, readEndMs(token)].filter((endMs) => endMs !== undefined);
  if (ends.length === 0) return { token, endsAtMs: nowMs };
  const endMs = Math.min(...ends);
  return { token, endsAtMs: endMs - Math.min(MARGIN_MS, Math.max(0, endMs - nowMs) * MARGIN_SHARE) };
}

// A bearer token would be good for anybody, and the application believes that it is not (RFC 9449 §5).
function assertBound({ token, type }: Pick<ClientToken, 'token' | 'type'>, thumbprint: string): void {
  if (type === 'dpop' && readThumbprint(token) === thumbprint) return;
  throw new DescopeM2mError('M2M_TOKEN_NOT_BOUND', NOT_BOUND, { expected: 'DPoP', actual: type });
}

function readThumbprint(token: string): string | undefined {
  try {
    const { cnf } = decodeToken(token).payload;
    return isJsonObject(cnf) ? readText(cnf, 'jkt') : undefined;
  } catch (error) {
    if (error instanceof DescopeCredentialError) return undefined;
    throw error;
  }
}

const NOT_BOUND =
  'Descope issued a token that is not bound to the key of this application, although dpop is true. The token was not used. Check that the project supports DPoP for this client, or leave out dpop.';

function rejected(credentials: CheckedCredentials, rejection: DescopeApiError): DescopeM2mError {
  const message = `Descope rejected ${'key' in credentials ? KEY_HINT : CLIENT}`;
  return new DescopeM2mError('M2M_CREDENTIALS_REFUSED', message, { descopeCode: rejection.errorCode });
}

const KEY_HINT =
  'the access key for a call to another service. Check that it belongs to this project, is active, has not expired, and permits the IP address of this machine.';
const CLIENT =
  'the client for a call to another service. Check its id and secret, that it belongs to this project, that the client credentials grant is enabled, that it may request this scope and audience, and with dpop the clock of this machine.';

// The credentials of the application: an access key, or a client id and its secret.

/**
 * An access key of the project.
 * @see https://docs.descope.com/manage/accesskeys/
 */
export interface AccessKeyCredentials {
  /** The cleartext of the key. */
  readonly accessKey: string;
}

/**
 * An inbound app of the project, which gets tokens by OAuth's client credentials grant.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @see https://docs.descope.com/identity-federation/inbound-apps
 */
export interface ClientCredentials {
  /** The client id of the app. */
  readonly clientId: string;
  /** The client secret of the app. */
  readonly clientSecret: string;
  /**
   * The scopes to request: separated by spaces, or as a list.
   * @defaultValue none: Descope decides
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
   */
  readonly scope?: string | readonly string[] | undefined;
  /**
   * The audience to request.
   * @defaultValue none: Descope decides
   */
  readonly audience?: string | undefined;
  /**
   * The URL of the resource to call.
   * @defaultValue none
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
   */
  readonly resource?: string | undefined;
}

/** The credentials of the calls of the application: an access key, or the id and secret of an inbound app. */
export type M2mCredentials = AccessKeyCredentials | ClientCredentials;

/** Checked credentials: an access key, or the fields of a grant and whether its token is bound to a key. */
export type CheckedCredentials =
  { readonly key: string } | { readonly grant: ClientGrant; readonly isBound: boolean };

// A key is sent in a header, after a colon: no character of it may start another part of the header.
const KEY = /^[\x21-\x39\x3B-\x7E]{1,2048}$/;

/** Checks credentials for bearer or for bound tokens. Throws `CONFIG_INVALID`, whose message contains no credential. */
export function readCredentials(credentials: M2mCredentials, isBound = false): CheckedCredentials {
  if (typeof credentials !== 'object' || credentials === null) throw invalid('credentials', EITHER);
  if ('accessKey' in credentials) {
    const { accessKey, ...others } = credentials;
    assertNothingElse(others);
    if (typeof accessKey !== 'string' || !KEY.test(accessKey)) throw invalid('accessKey', 'an access key');
    if (isBound) throw invalid('credentials', CLIENT_ONLY);
    return { key: accessKey };
  }
  const { clientId, clientSecret, scope: scopes, audience, resource, ...others } = credentials;
  assertNothingElse(others);
  const scope: unknown = Array.isArray(scopes) ? scopes.join(' ') : scopes;
  assertText('clientId', clientId);
  assertText('clientSecret', clientSecret);
  const optional = Object.entries({ scope, audience, resource }).filter(
    (field): field is [string, string] => field[1] !== undefined,
  );
  for (const [name, value] of optional) assertText(name, value);
  const grant = { client_id: clientId, client_secret: clientSecret, ...Object.fromEntries(optional) };
  return { grant, isBound };
}

/** Returns a string that is equal only for equal credentials. It contains them: use it for a digest only. */
export function toIdentity(credentials: CheckedCredentials): string {
  if ('key' in credentials) return JSON.stringify([credentials.key]);
  return JSON.stringify([credentials.isBound, ...Object.entries(credentials.grant)]);
}

const CLIENT_ONLY = '{ clientId, clientSecret } with dpop: true, as Descope binds no token of an access key';
const EITHER = '{ accessKey } or { clientId, clientSecret, scope, audience, resource }';

// A misspelt name would request everything that the app may have.
function assertNothingElse(others: object): void {
  if (Object.keys(others).length > 0) throw invalid('credentials', EITHER);
}

function assertText(name: string, value: unknown): void {
  if (typeof value !== 'string' || value.trim() === '') throw invalid(name, 'a non-empty string');
}

function invalid(name: string, wants: string): DescopeConfigError {
  const message = `The credentials for a call to another service are not valid: ${name} must be ${wants}.`;
  return new DescopeConfigError('CONFIG_INVALID', message);
}
