// Access keys that callers send: each is exchanged for a session, at a limited rate, and cached by its digest.
import { DescopeApiError } from '../api/descope-api.js';
import type { KeyTokens } from '../api/descope-calls.js';
import type { Clock } from '../clock.js';
import { readElapsedMs } from '../clock.js';
import { DescopeCredentialError, DescopeUnavailableError } from '../errors.js';
import { readSender } from '../http/address.js';
import type { RequestLike } from '../http/request.js';
import { countHeader, readHeader } from '../http/request.js';
import type { Notify } from '../logging.js';
import { readProjectId } from '../logging.js';
import type { MaybePromise } from '../maybe-promise.js';
import { attempt, whenReady } from '../maybe-promise.js';
import type { KeyValueStore } from '../store/key-value-store.js';
import type { TokenKind } from '../token/claims.js';
import { readSubjectId } from '../token/claims.js';
import type { TokenVerifier, VerifiedToken } from '../token/token-verifier.js';
import type { ExchangedToken, ReadSender } from './exchanged-tokens.js';
import { createCredentialDigest, ExchangedTokens } from './exchanged-tokens.js';
import { SharedExchanges } from './shared-exchanges.js';

// Opaque: Descope documents no form. A token has dots, and a colon would start another part of the header of the call.
const KEY = /^[A-Za-z0-9_~+/=-]{8,512}$/;
const RETRY_AFTER_SECONDS = 1;
const SESSION_KINDS: readonly TokenKind[] = ['access-key', 'user', 'unknown']; // the key's own, or that of its user

/** How access keys are accepted. */
export interface AccessKeyConfig {
  /** The name of the header in lower case; `undefined` if keys are bearer credentials. */
  readonly header: string | undefined;
  readonly maxAgeMs: number;
  readonly rejectedMs: number;
  readonly maxKeys: number;
  readonly unknownPerSecond: number;
}

/** The input of `AccessKeys`. */
export interface AccessKeysInput {
  readonly config: AccessKeyConfig;
  /** Exchanges a key at Descope. Rejects with `DescopeApiError` if Descope rejects it. */
  readonly exchange: (key: string) => Promise<KeyTokens>;
  /** Creates the outage of a response that cannot be used, and reports it. */
  readonly toUnusable: (cause: unknown) => DescopeUnavailableError;
  readonly verifier: TokenVerifier;
  /** The store that instances share, if there is one. Its calls must end within a bounded time. */
  readonly store?: KeyValueStore | undefined;
  readonly clock: Clock;
  readonly notify: Notify;
}

/** Opens the session of a key by its token. `keyId` is the id of the key, if Descope has said it. */
export type OpenSession<Session> = (token: string, keyId?: string) => MaybePromise<Session>;

export class AccessKeys {
  readonly #input: AccessKeysInput;
  readonly #tokens: ExchangedTokens;
  readonly #shared: SharedExchanges;
  readonly #budget: SharedExchangeBudget;
  readonly #toDigest = createCredentialDigest();

  constructor(input: AccessKeysInput) {
    this.#input = input;
    const { config, clock, store } = input;
    this.#shared = new SharedExchanges(store, clock);
    const { maxKeys: maxEntries, rejectedMs } = config;
    this.#budget = new SharedExchangeBudget(clock, config.unknownPerSecond);
    const assertRoom = (sender: string | undefined) => this.#assertRoom(sender);
    this.#tokens = new ExchangedTokens({
      direction: 'incoming',
      projectId: readProjectId(input.notify),
      clock,
      maxEntries,
      rejectedMs,
      assertRoom,
    });
  }

  /** Reads the configured header of keys, if there is one. Throws `CREDENTIAL_MALFORMED` if it was sent twice. */
  readHeader(request: RequestLike): string | undefined {
    const { header } = this.#input.config;
    const value = header === undefined ? undefined : readHeader(request, header);
    if (header === undefined || value === undefined || value === '') return undefined;
    if (countHeader(request, header) === 1) return value;
    throw new DescopeCredentialError(
      'CREDENTIAL_MALFORMED',
      'The request has more than one header with an access key.',
    );
  }

  /** Checks whether a bearer credential is a key: it has the form of a key, and no header is configured for keys. */
  isKey(credential: string): boolean {
    return this.#input.config.header === undefined && KEY.test(credential);
  }

  /**
   * Opens the session of a key; again with a new session if the cached one is no longer valid.
   * Throws or rejects with `ACCESS_KEY_REFUSED`, `ACCESS_KEYS_LIMITED`, `DESCOPE_UNAVAILABLE` or an error of `open`.
   */
  open<Session>(key: string, open: OpenSession<Session>, request?: RequestLike): MaybePromise<Session> {
    if (!KEY.test(key)) throw rejected();
    const digest = this.#toDigest(key);
    const toSender = () => request && readSender(request);
    const exchange = (isKnown: boolean) => this.#exchange(key, toSender, isKnown);
    const openFound = ({ token, keyId }: ExchangedToken) => open(token, keyId);
    const openOrReplace = (found: ExchangedToken) => {
      const openAnother = (error: unknown): MaybePromise<Session> => {
        if (!(error instanceof DescopeCredentialError)) throw error;
        const rejectedToken = { token: found.token, isRevoked: error.code === 'SESSION_SIGNED_OUT' };
        const another = this.#tokens.replace(digest, rejectedToken, exchange);
        if (another === undefined) throw error;
        return whenReady(another, openFound);
      };
      return attempt(() => openFound(found), openAnother);
    };
    return whenReady(this.#tokens.find(digest, exchange, toSender), openOrReplace);
  }

  async #exchange(key: string, toSender: ReadSender, isKnown: boolean): Promise<ExchangedToken> {
    const sender = toSender(); // read now: after a disconnect there is no address
    const shared = isKnown ? undefined : await this.#readShared(key);
    if (shared !== undefined) return shared;
    const { sessionToken, keyId } = await this.#input.exchange(key).catch((error: unknown) => {
      if (error instanceof DescopeApiError) this.#budget.addRejection(sender);
      if (error instanceof DescopeApiError && isKnown) void this.#shared.forget(key);
      return throwRejected(error);
    });
    const exchanged = { ...this.#toExchanged(await this.#prove(sessionToken), sessionToken), keyId };
    void this.#shared.keep(key, exchanged); // no caller waits for it, and it never rejects
    return exchanged;
  }

  // What the store returns is verified as any token is. One that is not valid any more is replaced by another exchange.
  async #readShared(key: string): Promise<ExchangedToken | undefined> {
    const stored = await this.#shared.read(key);
    if (stored === undefined) return undefined;
    try {
      const exchanged = this.#toExchanged(await this.#verify(stored.token), stored.token);
      const endsAtMs = Math.min(exchanged.endsAtMs, stored.endsAtMs);
      if (endsAtMs <= this.#input.clock()) return undefined;
      return { ...exchanged, endsAtMs, keyId: stored.keyId, isShared: true };
    } catch (error) {
      if (error instanceof DescopeCredentialError) return undefined;
      throw error;
    }
  }

  #toExchanged({ claims }: VerifiedToken, token: string): ExchangedToken {
    const { clock, config } = this.#input;
    const endsAtMs = Math.min(claims.exp * 1000, clock() + config.maxAgeMs);
    return { token, endsAtMs, owner: readSubjectId(claims) };
  }

  async #verify(sessionToken: string): Promise<VerifiedToken> {
    const verified = await this.#input.verifier.verify(sessionToken);
    if (SESSION_KINDS.includes(verified.kind)) return verified;
    throw new DescopeCredentialError('TOKEN_KIND_NOT_ACCEPTED', 'The session token is not of an access key.');
  }

  // A token that cannot be used does not show whether the key is valid, so it counts as an outage.
  async #prove(sessionToken: string): Promise<VerifiedToken> {
    try {
      return await this.#verify(sessionToken);
    } catch (cause) {
      if (!(cause instanceof DescopeCredentialError)) throw cause;
      throw this.#input.toUnusable(cause);
    }
  }

  // It is not known here whether the key is valid: a machine that has just started must not get a rejection.
  #assertRoom(sender: string | undefined): void {
    if (this.#budget.take(sender)) return;
    this.#input.notify({ code: 'ACCESS_KEYS_LIMITED', level: 'warn', message: LIMITED });
    const message = 'Too many requests with unknown access keys arrive at present.';
    const input = { retryAfterSeconds: RETRY_AFTER_SECONDS };
    throw new DescopeUnavailableError('ACCESS_KEYS_LIMITED', message, input);
  }
}

const LIMITED =
  'More requests with unknown access keys arrive than accessKeys.unknownPerSecond allows. The requests above the limit get 503. Access keys that were accepted before still work. If the requests are from your own machines, raise the limit. Otherwise an attacker may be guessing keys.';

function throwRejected(error: unknown): never {
  throw error instanceof DescopeApiError ? rejected(error.errorCode) : error;
}

function rejected(descopeCode?: string): DescopeCredentialError {
  return new DescopeCredentialError('ACCESS_KEY_REFUSED', 'Descope rejected the access key.', {
    descopeCode,
  });
}

// The rate of exchanges of unknown keys: any client can send strings that look like a key.

const BURST_SECONDS = 5; // when an application starts, all of its machines are unknown
const RESERVE_SHARE = 0.5;
const SENDER_SHARE = 0.1;
const LEAST_PER_SECOND = 1 / BURST_SECONDS; // at least one try
const REJECTED_MS = 60_000;
const MAX_SENDERS = 10_000;

/** A bucket of tries that fills up steadily. */
export class ExchangeBudget {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #left: number;
  #countedAtMs: number;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#left = perSecond * BURST_SECONDS;
    this.#countedAtMs = clock();
  }

  /** Takes one try; `false` if none is left. */
  take(): boolean {
    const earned = (readElapsedMs(this.#clock, this.#countedAtMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond * BURST_SECONDS, this.#left + earned);
    this.#countedAtMs = this.#clock();
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

interface Sender {
  readonly budget: ExchangeBudget;
  rejectedAtMs: number;
}

/**
 * One budget for all senders, and a reserve of half its size for senders without a rejected key in the last minute, with a
 * small share for each: an attacker who tries keys must not block every machine that has just started.
 */
export class SharedExchangeBudget {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #all: ExchangeBudget;
  readonly #reserve: ExchangeBudget;
  readonly #senders = new Map<string, Sender>(); // from old to new

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#all = new ExchangeBudget(clock, perSecond);
    this.#reserve = new ExchangeBudget(clock, Math.max(LEAST_PER_SECOND, perSecond * RESERVE_SHARE));
  }

  /** Takes one try for a sender; `false` if none is left for it. */
  take(sender: string | undefined): boolean {
    if (this.#all.take()) return true;
    if (sender === undefined) return false;
    const { budget, rejectedAtMs } = this.#open(sender);
    if (Math.abs(this.#clock() - rejectedAtMs) < REJECTED_MS) return false;
    return budget.take() && this.#reserve.take();
  }

  /** Remembers that a key of this sender was rejected. */
  addRejection(sender: string | undefined): void {
    if (sender !== undefined) this.#open(sender).rejectedAtMs = this.#clock();
  }

  #open(address: string): Sender {
    const known = this.#senders.get(address);
    if (known !== undefined) return known;
    const oldest = this.#senders.keys().next();
    if (this.#senders.size >= MAX_SENDERS && oldest.done !== true) this.#senders.delete(oldest.value);
    const budget = new ExchangeBudget(
      this.#clock,
      Math.max(LEAST_PER_SECOND, this.#perSecond * SENDER_SHARE),
    );
    const sender = { budget, rejectedAtMs: Number.NEGATIVE_INFINITY };
    this.#senders.set(address, sender);
    return sender;
  }
}
