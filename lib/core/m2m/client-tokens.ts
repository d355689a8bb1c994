// Tokens for the calls of the application: one cached exchange for each of its credentials.
import { DescopeApiError } from '../api/descope-api.js';
import type { ClientToken, SessionApi } from '../api/descope-calls.js';
import { exchangeAccessKey, grantClientToken } from '../api/descope-calls.js';
import type { Clock } from '../clock.js';
import { DpopProver } from '../dpop/prover.js';
import { DescopeCredentialError, DescopeM2mError } from '../errors.js';
import type { MaybePromise } from '../maybe-promise.js';
import { whenReady } from '../maybe-promise.js';
import { isJsonObject, readText } from '../token/claims.js';
import { decodeToken, readEndMs } from '../token/decode.js';
import type { CheckedCredentials } from './client-credentials.js';
import { toIdentity } from './client-credentials.js';
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
