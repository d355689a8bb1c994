// Revocations in a store that instances share and ask, for applications without a channel.
import type { Clock } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import { publishOutage } from '../events.js';
import type { Loaded } from '../expiring-cache.js';
import { ExpiringCache } from '../expiring-cache.js';
import type { Notify } from '../logging.js';
import { readProjectId } from '../logging.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { KeyValueStore } from '../session/key-value-store.js';
import type { Revocation, RevocationKey } from './revocation.js';
import type { JudgedToken, RevocationSharing } from './sharing.js';

const PREFIX = 'nestjs-descope:revoked:';
const RETRY_AFTER_SECONDS = 1;
const MAX_SESSIONS = 100_000;
const ENTRY = /^(\d{1,10}) (\d{1,10})$/;

/** The input of `StoreSharing`. */
export interface StoreSharingInput {
  /** Bounded in time: see `boundStore`. */
  readonly store: KeyValueStore;
  readonly clock: Clock;
  readonly projectId: string;
  readonly notify: Notify;
  /** For how long an answer of the store counts; with 0 it is asked on each request. In milliseconds. */
  readonly maxStaleMs: number;
}

interface Entry {
  readonly issuedBefore: number;
  readonly until: number;
}

export class StoreSharing implements RevocationSharing {
  readonly #input: StoreSharingInput;
  readonly #answers: ExpiringCache<boolean>; // by the key of the session

  constructor(input: StoreSharingInput) {
    this.#input = input;
    this.#answers = new ExpiringCache({ clock: input.clock, maxEntries: MAX_SESSIONS });
  }

  async publish(revocations: readonly Revocation[]): Promise<void> {
    await Promise.all(revocations.map((revocation) => this.#write(revocation)));
  }

  /** Asks the store at most once in `maxStaleMs` for a session: its parallel requests share the answer. */
  isRevoked(token: JudgedToken): MaybePromise<boolean> {
    const [session] = token.keys;
    if (session === undefined) throw new TypeError('A token has the key of its session.');
    const load = async (): Promise<Loaded<boolean>> => {
      const untilMs = this.#input.clock() + this.#input.maxStaleMs;
      return { value: await this.#ask(token), untilMs };
    };
    return this.#answers.getOrLoad(this.#toName(session), load);
  }

  async #ask({ keys, issuedAt }: JudgedToken): Promise<boolean> {
    const { store } = this.#input;
    try {
      const values = await Promise.all(keys.map((key) => store.get(this.#toName(key))));
      return values.map(toEntry).some((entry) => entry !== undefined && issuedAt < entry.issuedBefore);
    } catch (cause) {
      publishOutage('SIGN_OUTS_UNAVAILABLE', RETRY_AFTER_SECONDS, readProjectId(this.#input.notify));
      throw unavailable(cause);
    }
  }

  // An entry that rejects more, or for longer, is never replaced by one that rejects less.
  async #write({ key, issuedBefore, until }: Revocation): Promise<void> {
    const { store, clock } = this.#input;
    const name = this.#toName(key);
    const known = toEntry(await store.get(name));
    const wanted = {
      issuedBefore: Math.max(issuedBefore, known?.issuedBefore ?? 0),
      until: Math.max(until, known?.until ?? 0),
    };
    if (wanted.issuedBefore === known?.issuedBefore && wanted.until === known.until) return;
    const ttlMs = Math.ceil(wanted.until * 1000 - clock());
    if (ttlMs > 0) await store.set(name, `${wanted.issuedBefore} ${wanted.until}`, ttlMs);
  }

  #toName({ high, low }: RevocationKey): string {
    return `${PREFIX}${this.#input.projectId}:${toHex(high)}${toHex(low)}`;
  }
}

function toHex(word: number): string {
  return word.toString(16).padStart(8, '0');
}

function toEntry(value: unknown): Entry | undefined {
  if (value === undefined || value === null) return undefined;
  const [, issuedBefore, until] = (typeof value === 'string' && ENTRY.exec(value)) || [];
  if (issuedBefore !== undefined) return { issuedBefore: Number(issuedBefore), until: Number(until) };
  throw new Error('The shared store returned a value other than the one that was written.');
}

// Without the store, a revoked token would be accepted: all tokens are rejected until the store responds.
function unavailable(cause: unknown): DescopeUnavailableError {
  const message = 'The shared store cannot be reached at present.';
  return new DescopeUnavailableError('SIGN_OUTS_UNAVAILABLE', message, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}
