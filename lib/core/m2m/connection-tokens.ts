// Tokens of connections from Descope's vault (outbound apps): one request for each, remembered in this process alone.
import type { DescopeApi } from '../api/descope-api.js';
import { askDescope, isRejectionStatus, toStatusOutage, toUnusableOutage } from '../api/descope-api.js';
import type { BoundedResponse } from '../api/http-client.js';
import type { Clock } from '../clock.js';
import { DescopeAccessError, DescopeConfigError } from '../errors.js';
import type { FailureMemory, Loaded } from '../expiring-cache.js';
import { ExpiringCache } from '../expiring-cache.js';
import type { MaybePromise } from '../maybe-promise.js';
import { isJsonObject, readOwn, readText } from '../token/claims.js';
import { toOutageMemory } from './exchanged-tokens.js';

const MAX_TOKENS = 10_000;
const MAX_OF_ONE_OWNER = 100;
const MAX_FAILURES = 10_000;
const MISSING_MS = 2_000; // somebody who has just connected comes back within seconds
const MARGIN_MS = 10_000; // the token must still be valid when it arrives

/** A connection: the service, and whose it is. */
export interface ConnectionQuery {
  /** The id of the outbound app. */
  readonly app: string;
  /** The id of the user; `undefined` for a connection of the tenant itself. */
  readonly userId: string | undefined;
  readonly tenantId: string | undefined;
  /** The scopes, sorted; `undefined` for the latest token whatever its scopes. */
  readonly scopes: readonly string[] | undefined;
  /** Which of several accounts at the service. */
  readonly externalIdentifier: string | undefined;
}

/** The input of `ConnectionTokens`. */
export interface ConnectionTokensInput {
  readonly api: DescopeApi;
  readonly managementKey: string;
  readonly clock: Clock;
  readonly maxAgeMs: number;
}

export class ConnectionTokens {
  readonly #input: ConnectionTokensInput;
  readonly #tokens: ExpiringCache<string>;
  readonly #refreshes = new WeakSet<Promise<string>>();

  constructor(input: ConnectionTokensInput) {
    this.#input = input;
    this.#tokens = new ExpiringCache({
      clock: input.clock,
      maxEntries: MAX_TOKENS,
      maxPerOwner: MAX_OF_ONE_OWNER,
      failures: { maxEntries: MAX_FAILURES, toMemory },
    });
  }

  /**
   * Finds a token, synchronously if one is cached. Throws or rejects with `CONNECTION_REQUIRED`,
   * `CONFIG_MANAGEMENT_KEY_REFUSED`, `CONFIG_INVALID` or `DESCOPE_UNAVAILABLE`.
   */
  find(query: ConnectionQuery): MaybePromise<string> {
    return this.#tokens.getOrLoad(toKey(query), () => this.#load(query, false), toOwner(query));
  }

  /** Lets Descope refresh a token that the service rejected, and returns the new one. Rejects like `find`. */
  async refresh(query: ConnectionQuery): Promise<string> {
    for (;;) {
      const own = { isStarted: false };
      const load = () => {
        own.isStarted = true;
        return this.#load(query, true);
      };
      const loading = this.#tokens.reload(toKey(query), load, toOwner(query));
      if (own.isStarted) this.#refreshes.add(loading);
      if (this.#refreshes.has(loading)) return loading;
      await loading.catch(() => undefined); // of a request that may be answered with the very token that was rejected
    }
  }

  async #load(query: ConnectionQuery, isForced: boolean): Promise<Loaded<string>> {
    const { api, managementKey, clock, maxAgeMs } = this.#input;
    const startedAtMs = clock();
    const call = { path: toPath(query), bearer: managementKey, body: toBody(query, isForced) };
    const answer = await askDescope(api, call);
    if (answer.status !== 200) throw readRejection(answer, query) ?? toStatusOutage(api, call, answer);
    const { value, endMs } = readToken(answer, query, api);
    return { value, untilMs: Math.min(endMs - MARGIN_MS, startedAtMs + maxAgeMs) };
  }
}

function toKey({ app, userId, tenantId, scopes, externalIdentifier }: ConnectionQuery): string {
  return JSON.stringify([app, userId, tenantId, scopes, externalIdentifier].map((part) => part ?? null));
}

function toOwner({ userId, tenantId }: ConnectionQuery): string {
  return userId === undefined ? `tenant ${tenantId}` : `user ${userId}`;
}

function toMemory(error: unknown): FailureMemory | undefined {
  const isMissing = error instanceof DescopeAccessError;
  return isMissing ? { keepMs: MISSING_MS, endsValue: true } : toOutageMemory(error);
}

// The call to the vault.

function toPath({ userId, scopes }: ConnectionQuery): string {
  const owner = userId === undefined ? 'tenant' : 'user';
  return `/v1/mgmt/outbound/app/${owner}/token${scopes === undefined ? '/latest' : ''}`;
}

function toBody(query: ConnectionQuery, isForced: boolean): object {
  const { app: appId, userId, tenantId, scopes, externalIdentifier } = query;
  const options = { withRefreshToken: false, forceRefresh: isForced };
  return { appId, userId, tenantId, scopes, externalIdentifier, options };
}

interface FoundToken {
  readonly value: string;
  readonly endMs: number;
}

// Descope names the owner of the token, which must be the one that was asked for.
function readToken({ json }: BoundedResponse, query: ConnectionQuery, api: DescopeApi): FoundToken {
  const token: unknown = isJsonObject(json) ? readOwn(json, 'token') : undefined;
  const value = isJsonObject(token) ? readText(token, 'accessToken') : undefined;
  if (!isJsonObject(token) || value === undefined)
    throw toUnusableOutage(api, new Error('Descope answered without a token of the connection.'));
  const { app: appId, userId = '', tenantId, externalIdentifier } = query;
  for (const [name, id] of Object.entries({ appId, userId, tenantId, externalIdentifier }))
    if (id !== undefined && typeof token[name] === 'string' && token[name] !== id)
      throw toUnusableOutage(api, new Error(`Descope answered with a token of another ${name}.`));
  return { value, endMs: readEndMs(readOwn(token, 'accessTokenExpiry')) };
}

// Seconds, as a number or as text; 0 for a token without an end, such as an API key.
function readEndMs(expiry: unknown): number {
  const text = typeof expiry === 'number' ? String(expiry) : expiry;
  if (typeof text !== 'string' || text === '') return Number.POSITIVE_INFINITY;
  const endMs = /^\d{1,12}$/.test(text) ? 1000 * Number(text) : Date.parse(text);
  if (endMs === 0) return Number.POSITIVE_INFINITY;
  return Number.isNaN(endMs) ? 0 : endMs; // not remembered
}

function readRejection({ status, json }: BoundedResponse, { app }: ConnectionQuery): Error | undefined {
  const code = isJsonObject(json) ? readText(json, 'errorCode') : undefined;
  if (code === undefined || !/^E\d{1,9}$/.test(code)) return undefined; // perhaps of a proxy
  const details = { connection: app, descopeCode: code };
  if (status === 404) {
    const message = `There is no usable connection to "${app}". Its owner has to connect to it.`;
    return new DescopeAccessError('CONNECTION_REQUIRED', message, details);
  }
  if (!isRejectionStatus(status)) return undefined;
  if (status === 400) {
    const message = `Descope rejected the request for a token of the connection "${app}" (${code}). Check that the project has an outbound app with this id.`;
    return new DescopeConfigError('CONFIG_INVALID', message, details);
  }
  const message = `Descope rejected the management key for the connection "${app}" (${code}). Set one that may fetch tokens of outbound apps.`;
  return new DescopeConfigError('CONFIG_MANAGEMENT_KEY_REFUSED', message, details);
}
