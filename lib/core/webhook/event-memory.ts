// Which handlers have processed which event: each once, in this process and in all that share a store.
import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import { ExpiringCache } from '../expiring-cache.js';
import type { KeyValueStore } from '../store/key-value-store.js';

const MAX_ENTRIES = 20_000;
const KEEP_MS = 24 * 3_600_000;
const CLAIM_MS = 60_000; // after which a process that ended meanwhile no longer counts
const RETRY_AFTER_SECONDS = 5;
const PREFIX = 'nestjs-descope:event:';
const RUNNING = 'running';
const DONE = 'done';

// A store in which one of several processes can be the first to write a key.
type EventStore = KeyValueStore & Required<Pick<KeyValueStore, 'setIfAbsent'>>;

export class EventMemory {
  readonly #clock: Clock;
  readonly #store: EventStore | undefined;
  readonly #done: ExpiringCache<true>;

  constructor(clock: Clock, store: KeyValueStore | undefined) {
    this.#clock = clock;
    this.#store = store !== undefined && isEventStore(store) ? store : undefined;
    this.#done = new ExpiringCache({ clock, maxEntries: MAX_ENTRIES, survivesClockReset: true });
  }

  /**
   * Runs a function, unless it succeeded for this key before. Callers with a key whose run is under way wait for its end. After
   * a failure, the next caller runs it again. Rejects with the error of the function.
   * @throws {DescopeUnavailableError} EVENT_IN_PROGRESS while another process runs it
   */
  async runOnce(key: string, run: () => Promise<void>): Promise<void> {
    await this.#done.getOrLoad(key, async () => {
      await this.#runShared(key, run);
      return { value: true, untilMs: this.#clock() + KEEP_MS };
    });
  }

  async #runShared(key: string, run: () => Promise<void>): Promise<void> {
    const store = this.#store;
    if (store === undefined) return run();
    const shared = PREFIX + createHash('sha256').update(key).digest('base64url');
    const state = await claim(store, shared);
    if (state === DONE) return;
    if (state === RUNNING) throw inProgress();
    try {
      await run();
    } catch (error) {
      await store.delete(shared).catch(ignore); // otherwise the claim ends by itself
      throw error;
    }
    await store.set(shared, DONE, KEEP_MS).catch(ignore);
  }
}

function isEventStore(store: KeyValueStore): store is EventStore {
  return store.setIfAbsent !== undefined;
}

// Without the store, a handler may run twice. That is better than never: Descope may not send the event again.
async function claim(store: EventStore, key: string): Promise<unknown> {
  try {
    const isFirst = await store.setIfAbsent(key, RUNNING, CLAIM_MS);
    if (isFirst) return undefined;
    return (await store.get(key)) === DONE ? DONE : RUNNING;
  } catch {
    return undefined; // the store has reported it
  }
}

function ignore(): void {
  // The store has reported it.
}

function inProgress(): DescopeUnavailableError {
  const message = 'Another instance is processing this event.';
  return new DescopeUnavailableError('EVENT_IN_PROGRESS', message, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
