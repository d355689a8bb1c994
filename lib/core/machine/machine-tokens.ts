// Tokens for the application's own calls: got once for each credential, remembered, and renewed ahead.
import { DescopeRefusal } from '../api/descope-refusal.js';
import { exchangeAccessKey, grantClientToken } from '../api/machine-calls.js';
import type { SessionApi } from '../api/session-calls.js';
import type { Clock } from '../clock.js';
import { DescopeM2mError } from '../errors.js';
import { createCredentialDigest } from '../exchange/credential-digest.js';
import { ExchangedTokens } from '../exchange/exchanged-tokens.js';
import type { ExchangedToken } from '../exchange/exchanged-tokens.js';
import type { MaybePromise } from '../maybe-promise.js';
import { readEndMs } from '../renewal/token-end.js';
import type { CheckedCredentials } from './machine-credentials.js';
import { toIdentity } from './machine-credentials.js';

const MAX_CREDENTIALS = 1_000;
const REFUSED_MS = 5_000;
// A token must still be good when it arrives, and by the clock of whoever reads it.
const MARGIN_MS = 10_000;
const MARGIN_SHARE = 0.1;

export class MachineTokens {
  readonly #api: SessionApi;
  readonly #clock: Clock;
  readonly #tokens: ExchangedTokens;
  readonly #toDigest = createCredentialDigest();

  constructor(api: SessionApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
    this.#tokens = new ExchangedTokens({
      direction: 'outgoing',
      projectId: api.projectId,
      clock,
      maxEntries: MAX_CREDENTIALS,
      refusedMs: REFUSED_MS,
    });
  }

  /** Finds a token, at once where one is remembered. Throws or rejects with `M2M_CREDENTIALS_REFUSED` or `DESCOPE_UNAVAILABLE`. */
  find(credentials: CheckedCredentials): MaybePromise<string> {
    return this.#tokens.find(this.#toDigest(toIdentity(credentials)), () => this.#exchange(credentials));
  }

  /** Replaces a token that its receiver refused; `undefined` for one that was got a moment ago. */
  replace(credentials: CheckedCredentials, token: string): MaybePromise<string> | undefined {
    const digest = this.#toDigest(toIdentity(credentials));
    return this.#tokens.replace(digest, token, () => this.#exchange(credentials));
  }

  async #exchange(credentials: CheckedCredentials): Promise<ExchangedToken> {
    const startedAtMs = this.#clock();
    try {
      if ('key' in credentials) {
        const { sessionToken } = await exchangeAccessKey(this.#api, credentials.key);
        return toExchanged(sessionToken, startedAtMs, undefined);
      }
      const { token, lifetimeSeconds } = await grantClientToken(this.#api, credentials.grant);
      return toExchanged(token, startedAtMs, lifetimeSeconds);
    } catch (error) {
      throw error instanceof DescopeRefusal ? refused(credentials, error) : error;
    }
  }
}

// Whichever comes first: what the answer says, or what the token does. One that says neither serves those who wait.
function toExchanged(token: string, nowMs: number, lifetimeSeconds: number | undefined): ExchangedToken {
  const saidMs = lifetimeSeconds === undefined ? undefined : nowMs + lifetimeSeconds * 1000;
  const ends = [saidMs, readEndMs(token)].filter((endMs) => endMs !== undefined);
  if (ends.length === 0) return { token, endsAtMs: nowMs };
  const endMs = Math.min(...ends);
  return { token, endsAtMs: endMs - Math.min(MARGIN_MS, Math.max(0, endMs - nowMs) * MARGIN_SHARE) };
}

function refused(credentials: CheckedCredentials, refusal: DescopeRefusal): DescopeM2mError {
  const message = `Descope refuses ${'key' in credentials ? KEY_HINT : CLIENT}`;
  return new DescopeM2mError('M2M_CREDENTIALS_REFUSED', message, { descopeCode: refusal.errorCode });
}

const KEY_HINT =
  'the access key for a call to another service. Check that it is of this project, active, not expired, and permitted for the address of this machine.';
const CLIENT =
  'the client for a call to another service. Check its id and secret, that it is of this project with the client credentials grant on, and that it may have the scope and audience asked for.';
