// Revocations through a store without a channel: one entry for each, and at most one question for a session in a while.
import type { Clock } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import { publishOutage } from '../events.js';
import type { Loaded } from '../expiring-cache.js';
import { ExpiringCache } from '../expiring-cache.js';
import type { Notice, Notify } from '../logging.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { KeyValueStore } from '../store/key-value-store.js';
import { readMany } from '../store/key-value-store.js';
import type { Revocation, RevocationKey } from './revocation.js';
import type { JudgedToken, RevocationSharing } from './sharing.js';

const PREFIX = 'nestjs-descope:revoked';
const MAX_ANSWERS = 50_000; // sessions with a request within `maxStaleMs`
const MAX_TRIES = 3;
const MAX_UNWRITTEN = 10_000;
const RETRY_AFTER_SECONDS = 1;
const AGAIN_MS = 1_000;
const ENTRY = /^(\d{1,10}) (\d{1,10})$/;

/** The input of `StoreSharing`. */
export interface StoreSharingInput {
  /** The store that instances share. Its calls must end within a bounded time. */
  readonly store: KeyValueStore;
  readonly clock: Clock;
  readonly projectId: string;
  readonly notify: Notify;
  /** How long an answer of the store counts for one session. */
  readonly maxStaleMs: number;
}

type Cut = Pick<Revocation, 'issuedBefore' | 'until'>;

export class StoreSharing implements RevocationSharing {
  readonly #input: StoreSharingInput;
  readonly #answers: ExpiringCache<boolean>; // by the name of the session
  // What could not be written: it is tried again once the store has answered.
  readonly #unwritten = new Map<string, Revocation>();
  #writtenAgainAtMs = Number.NEGATIVE_INFINITY;

  constructor(input: StoreSharingInput) {
    this.#input = input;
    const { clock } = input;
    this.#answers = new ExpiringCache({ clock, maxEntries: MAX_ANSWERS, evicts: 'first-to-end' });
  }

  /** Writes revocations to the store. Rejects if one of them was not kept; it is written later, when the store answers. */
  async publish(revocations: readonly Revocation[]): Promise<void> {
    await Promise.all(revocations.map((revocation) => this.#writeOrRemember(revocation)));
  }

  /** Asks the store about all scopes of a token, at most once in `maxStaleMs` for all of its requests. */
  isRevoked(token: JudgedToken): MaybePromise<boolean> {
    const [session] = token.keys;
    if (session === undefined) throw new TypeError('A token has the key of its session.');
    const { clock, maxStaleMs } = this.#input;
    const load = async (): Promise<Loaded<boolean>> => {
      const untilMs = clock() + maxStaleMs; // from before the call
      return { value: await this.#ask(token), untilMs };
    };
    const name = this.#toName(session);
    if (token.mustAsk === true) this.#answers.delete(name);
    return this.#answers.getOrLoad(name, load);
  }

  async #ask({ keys, issuedAt }: JudgedToken): Promise<boolean> {
    const { store, projectId, notify } = this.#input;
    try {
      const names = keys.map((key) => this.#toName(key));
      const cuts = (await readMany(store, names)).map(readCut);
      this.#writeAgain();
      return cuts.some((cut) => cut !== undefined && issuedAt < cut.issuedBefore);
    } catch (cause) {
      if (cause instanceof UnknownEntry) notify(UNREADABLE); // other failures are reported by the bounded store
      publishOutage('SIGN_OUTS_UNAVAILABLE', RETRY_AFTER_SECONDS, projectId);
      throw unavailable(cause);
    }
  }

  async #writeOrRemember(revocation: Revocation): Promise<void> {
    try {
      await this.#write(revocation);
    } catch (error) {
      const [oldest] = this.#unwritten.keys();
      if (this.#unwritten.size >= MAX_UNWRITTEN && oldest !== undefined) this.#unwritten.delete(oldest);
      const { key, issuedBefore, until } = revocation;
      this.#unwritten.set(`${this.#toName(key)} ${toEntry({ issuedBefore, until })}`, revocation);
      throw error;
    }
  }

  // Not with each answer: a store may answer and keep nothing, as a replica does.
  #writeAgain(): void {
    const nowMs = this.#input.clock();
    if (this.#unwritten.size === 0 || Math.abs(nowMs - this.#writtenAgainAtMs) < AGAIN_MS) return;
    this.#writtenAgainAtMs = nowMs;
    const unwritten = [...this.#unwritten.values()];
    this.#unwritten.clear();
    for (const revocation of unwritten) void this.#writeOrRemember(revocation).catch(() => undefined); // reported by the store
  }

  // Never lowers what is there. Two instances may write one entry at the same time: what is read back shows whether the other
  // one has won.
  async #write(revocation: Revocation): Promise<void> {
    const { store, clock } = this.#input;
    const name = this.#toName(revocation.key);
    for (let turn = 0; turn < MAX_TRIES; turn += 1) {
      const there = readCut(await store.get(name));
      if (there !== undefined && isCovered(revocation, there)) return;
      const cut = there === undefined ? revocation : toUnion(there, revocation);
      const ttlMs = Math.ceil(cut.until * 1000 - clock());
      if (ttlMs <= 0) return; // all of its tokens have expired
      await store.set(name, toEntry(cut), ttlMs);
    }
  }

  #toName({ high, low }: RevocationKey): string {
    return `${PREFIX}:${this.#input.projectId}:${toHex(high)}${toHex(low)}`;
  }
}

class UnknownEntry extends Error {
  constructor() {
    super('The store returned a value other than the one that was written.');
  }
}

const UNREADABLE: Notice = {
  code: 'SHARED_STORE_FAILED',
  level: 'error',
  message:
    'The shared.store returned a value other than the one that was written. Until it is gone, requests with a session that it may be about get 503. If other programs write to the store, give it a key prefix of its own.',
};

function isCovered(revocation: Cut, there: Cut): boolean {
  return there.issuedBefore >= revocation.issuedBefore && there.until >= revocation.until;
}

function toUnion(one: Cut, other: Cut): Cut {
  return {
    issuedBefore: Math.max(one.issuedBefore, other.issuedBefore),
    until: Math.max(one.until, other.until),
  };
}

// Two numbers: a store that reads JSON would change a single one.
function toEntry({ issuedBefore, until }: Cut): string {
  return `${issuedBefore} ${until}`;
}

function readCut(value: unknown): Cut | undefined {
  if (value === undefined || value === null) return undefined;
  const [, issuedBefore, until] = (typeof value === 'string' && ENTRY.exec(value)) || [];
  if (issuedBefore === undefined) throw new UnknownEntry();
  return { issuedBefore: Number(issuedBefore), until: Number(until) };
}

function toHex(half: number): string {
  return half.toString(16).padStart(8, '0');
}

// Without the store, a revoked token would be accepted: all tokens are rejected until the store responds.
function unavailable(cause: unknown): DescopeUnavailableError {
  const message = 'The shared.store cannot be reached at present.';
  const input = { retryAfterSeconds: RETRY_AFTER_SECONDS, cause };
  return new DescopeUnavailableError('SIGN_OUTS_UNAVAILABLE', message, input);
}
