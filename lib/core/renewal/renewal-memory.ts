// What renewals brought, kept for the parallel tabs and instances that come with the same refresh token.
import type { IssuedTokens } from '../api/issued-tokens.js';
import type { Clock } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import type { Notice, Notify } from '../notice.js';
import { isJsonObject, readText } from '../token/claims.js';
import type { KeyValueStore } from '../session/key-value-store.js';
import { boundStore } from '../session/bounded-store.js';
import { readEndMs } from './token-end.js';
import { seal, toTokenDigest, unseal } from './sealed-box.js';

const KEEP_MS = 30_000;
const OUTAGE_MS = 2_000;
const SUPERSEDED_MS = 3_600_000;
const MAX_ENTRIES = 10_000;
const PREFIX = 'nestjs-descope:renewed:';
const MARKER = 'superseded';
const STORE_FAILED: Notice = {
  code: 'RENEWAL_STORE_FAILED',
  level: 'warn',
  message: 'The renewalStore cannot be used; instances renew sessions on their own until it can.',
};

/** One flight per refresh token, and its result for a while. */
export class RenewalMemory {
  readonly #clock: Clock;
  readonly #store: KeyValueStore | undefined;
  readonly #flights = new Map<string, { readonly issued: Promise<IssuedTokens>; readonly untilMs: number }>();
  readonly #superseded = new Map<string, number>();

  constructor(input: { clock: Clock; store: KeyValueStore | undefined; notify: Notify }) {
    this.#clock = input.clock;
    this.#store = input.store && boundStore(input.store, STORE_FAILED, input.notify);
  }

  /**
   * Joins the flight of a refresh token, or starts it. A refusal is forgotten at once; an outage is remembered for a
   * moment, so that a browser's next requests do not all wait for the same time-out.
   */
  share(refreshToken: string, start: () => Promise<IssuedTokens>): Promise<IssuedTokens> {
    const key = toTokenDigest(refreshToken);
    this.#forgetEnded();
    const known = this.#flights.get(key);
    if (known !== undefined && isBetween(known.untilMs - this.#clock(), 0, KEEP_MS)) return known.issued;
    const issued = start();
    this.#flights.delete(key); // what is set again would keep its old place
    bound(this.#flights);
    this.#flights.set(key, { issued, untilMs: this.#clock() + KEEP_MS });
    issued.then(
      // What cannot be used, or no longer, is as good as an outage.
      ({ sessionToken }) => this.#keepFlight(key, issued, this.#toKeepMs(sessionToken) || OUTAGE_MS),
      (error: unknown) =>
        this.#keepFlight(key, issued, error instanceof DescopeUnavailableError ? OUTAGE_MS : 0),
    );
    return issued;
  }

  // They stand in the order of their start, which is nearly that of their end; tokens are not held longer than of use.
  #forgetEnded(): void {
    for (const [key, { untilMs }] of this.#flights) {
      if (untilMs > this.#clock()) return;
      this.#flights.delete(key);
    }
  }

  #keepFlight(key: string, issued: Promise<IssuedTokens>, keepMs: number): void {
    if (this.#flights.get(key)?.issued !== issued) return; // it had to make room meanwhile
    if (keepMs <= 0) this.#flights.delete(key);
    else this.#flights.set(key, { issued, untilMs: this.#clock() + keepMs });
  }

  /** Recalls what a token was renewed to a moment ago, here or elsewhere; waits for a renewal that is on its way. */
  async recall(refreshToken: string): Promise<IssuedTokens | undefined> {
    const known = this.#flights.get(toTokenDigest(refreshToken));
    if (known === undefined || known.untilMs <= this.#clock()) return this.readShared(refreshToken);
    return known.issued.catch(() => undefined);
  }

  /** Reads what another instance got for this refresh token; only its holder can. */
  async readShared(refreshToken: string): Promise<IssuedTokens | undefined> {
    const sealed = await this.#ask((store) => store.get(PREFIX + toTokenDigest(refreshToken)));
    const text = typeof sealed === 'string' ? unseal(sealed, refreshToken) : undefined;
    return text === undefined ? undefined : toIssuedTokens(text);
  }

  /** Keeps what was got, and that a refresh token which rotated is superseded now. */
  async keep(refreshToken: string, issued: IssuedTokens): Promise<void> {
    const digest = toTokenDigest(refreshToken);
    const sealed = seal(JSON.stringify(issued), refreshToken);
    const keepMs = this.#toKeepMs(issued.sessionToken);
    const keeping = keepMs > 0 ? this.#ask((store) => store.set(PREFIX + digest, sealed, keepMs)) : undefined;
    if (issued.refreshToken !== undefined && issued.refreshToken !== refreshToken) {
      bound(this.#superseded);
      this.#superseded.set(digest, this.#clock() + SUPERSEDED_MS);
      await this.#ask((store) => store.set(PREFIX + digest + MARKER, MARKER, SUPERSEDED_MS));
    }
    await keeping;
  }

  /** Tells whether the token may have been superseded by a renewal; also when the store cannot say. */
  async isSuperseded(refreshToken: string): Promise<boolean> {
    const digest = toTokenDigest(refreshToken);
    if ((this.#superseded.get(digest) ?? 0) > this.#clock()) return true;
    return (await this.#ask((store) => store.get(PREFIX + digest + MARKER), MARKER)) === MARKER;
  }

  // Not beyond the session itself: handed out after its end it would be refused, and the browser signed out.
  #toKeepMs(sessionToken: string): number {
    const nowMs = this.#clock();
    return Math.max(0, Math.min(KEEP_MS, (readEndMs(sessionToken) ?? nowMs) - nowMs));
  }

  // A store that is down must not sign anybody out: without it, instances renew on their own.
  async #ask(call: (store: KeyValueStore) => Promise<unknown>, onFailure?: string): Promise<unknown> {
    if (this.#store === undefined) return undefined;
    try {
      return await call(this.#store);
    } catch {
      return onFailure; // noted
    }
  }
}

// The upper end is for a clock that was set back: what is remembered for seconds must not last for hours then.
function isBetween(value: number, above: number, most: number): boolean {
  return value > above && value <= most;
}

function bound(map: Map<string, unknown>): void {
  const oldest = map.keys().next();
  if (map.size >= MAX_ENTRIES && oldest.done !== true) map.delete(oldest.value);
}

function toIssuedTokens(text: string): IssuedTokens | undefined {
  const value: unknown = JSON.parse(text);
  const sessionToken = isJsonObject(value) ? readText(value, 'sessionToken') : undefined;
  if (!isJsonObject(value) || sessionToken === undefined) return undefined;
  return { sessionToken, refreshToken: readText(value, 'refreshToken') };
}
