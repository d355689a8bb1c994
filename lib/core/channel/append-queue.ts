// What waits to be appended to the log: in batches, one append at a time, and again until it is stored.
import type { Clock } from '../clock.js';
import { withDeadline } from '../deadline.js';
import type { AppendOptions, ChannelEntry } from './channel.js';
import { pause, readRestMs, toRetryMs } from './timing.js';

const BATCH_MS = 100;
const MAX_BATCH = 1_000;
const MAX_PENDING = 20_000;
const HANGING = { timeoutMs: 10_000, who: 'The channel', inBackground: true };

/** The input of `AppendQueue`. */
export interface AppendQueueInput {
  readonly clock: Clock;
  readonly append: (entries: readonly ChannelEntry[], options: AppendOptions) => Promise<void>;
  /** Called if an append failed, whose entries are tried again. */
  readonly onFailure: (error: unknown) => void;
  /** Called if entries were not taken, because too many wait. */
  readonly onOverflow: () => void;
}

interface Item {
  readonly entries: readonly ChannelEntry[];
  readonly settle: { readonly resolve: () => void; readonly reject: (error: Error) => void };
}

export class AppendQueue {
  readonly #input: AppendQueueInput;
  #items: Item[] = [];
  #count = 0;
  #isAppending = false;
  #isClosed = false;
  #isClosing = false;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #failure: unknown;
  #timer: NodeJS.Timeout | undefined;
  #onIdle: () => void = () => undefined;

  constructor(input: AppendQueueInput) {
    this.#input = input;
  }

  /** The number of entries that are not stored. */
  get size(): number {
    return this.#count;
  }

  /** Why the last append failed; `undefined` if it did not. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Adds entries to the next batch. Resolves once they are stored. */
  add(entries: readonly ChannelEntry[]): Promise<void> {
    if (this.#isClosing) return Promise.reject(new Error('The channel is closed.'));
    if (this.#count + entries.length > MAX_PENDING) {
      this.#input.onOverflow();
      return Promise.reject(new Error(`More than ${MAX_PENDING} revocations wait for the channel.`));
    }
    this.#count += entries.length;
    const parts = [];
    for (let start = 0; start < entries.length; start += MAX_BATCH)
      parts.push(this.#put(entries.slice(start, start + MAX_BATCH)));
    this.#schedule();
    return Promise.all(parts).then(() => undefined);
  }

  /** Appends a record without entries, unless an append is under way or waits, or another instance was faster. */
  beat(ifSilentMs: number): void {
    if (this.#isAppending || this.#isClosing || this.#items.length > 0) return;
    void this.#append([], { ifSilentMs });
  }

  /** Tries for `graceMs` to append what waits, and takes nothing more. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const waited = new AbortController();
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#schedule();
    await Promise.race([idle, pause(graceMs, waited.signal)]);
    waited.abort();
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const error = new Error('The channel was closed before this was stored.');
    for (const { settle } of this.#items.splice(0)) settle.reject(error);
    this.#count = 0;
  }

  #put(entries: readonly ChannelEntry[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#items.push({ entries, settle: { resolve, reject } });
    });
  }

  // At once if the last append began 100 ms ago or more, or a whole batch waits.
  #schedule(): void {
    if (this.#isAppending || this.#isClosed) return;
    if (this.#items.length === 0) {
      this.#onIdle();
      return;
    }
    clearTimeout(this.#timer);
    const isUrgent = this.#failures === 0 && (this.#isClosing || this.#count >= MAX_BATCH);
    const delayMs = this.#failures === 0 ? BATCH_MS : toRetryMs(this.#failures);
    const waitMs = isUrgent ? 0 : readRestMs(this.#input.clock, this.#startedAtMs, delayMs);
    this.#timer = setTimeout(() => void this.#append(this.#takeBatch(), {}), waitMs).unref();
  }

  #takeBatch(): readonly Item[] {
    let size = 0;
    const end = this.#items.findIndex(({ entries }) => (size += entries.length) > MAX_BATCH);
    return this.#items.splice(0, end < 0 ? this.#items.length : end);
  }

  // Never rejects. An append that hangs is tried again after 10 s, and is harmless if it is stored after all.
  async #append(items: readonly Item[], options: AppendOptions): Promise<void> {
    if (this.#isAppending) {
      this.#putBack(items);
      return;
    }
    const { append, clock, onFailure } = this.#input;
    const entries = items.flatMap((item) => item.entries);
    this.#isAppending = true;
    this.#startedAtMs = clock();
    try {
      await withDeadline(() => append(entries, options), HANGING);
      this.#failures = 0;
      this.#failure = undefined;
      this.#count -= entries.length;
      for (const { settle } of items) settle.resolve();
    } catch (error) {
      this.#failures += 1;
      this.#failure = error;
      this.#putBack(items);
      onFailure(error);
    } finally {
      this.#isAppending = false;
      this.#schedule();
    }
  }

  #putBack(items: readonly Item[]): void {
    this.#items = [...items, ...this.#items];
  }
}
