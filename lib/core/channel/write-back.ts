// Writes back to a log that was lost what this instance still holds.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import type { Revocation } from '../revocation/revocation.js';
import { encodeRevocation } from '../revocation/revocation.js';
import { RevocationTable } from '../revocation/revocation-table.js';
import type { ChannelEntry } from './channel.js';
import { pause } from './timing.js';

const MAX_WAIT_MS = 500;
const CHUNK = 1_000; // a whole batch, which does not wait

/** The input of `WriteBack`. */
export interface WriteBackInput {
  readonly clock: Clock;
  readonly list: () => Iterable<Revocation>;
  /** Appends entries; resolves once they are stored. */
  readonly add: (entries: readonly ChannelEntry[]) => Promise<void>;
}

/** What is known to be in the log, and the pass that adds what is missing there. */
export class WriteBack {
  readonly #input: WriteBackInput;
  readonly #present = new RevocationTable({ onFull: () => undefined });
  readonly #ending = new AbortController();
  #othersChunks = 0;

  constructor(input: WriteBackInput) {
    this.#input = input;
  }

  /** Notes revocations that the log has. */
  found(revocations: readonly Revocation[]): void {
    const now = this.#input.clock() / 1000;
    if (revocations.length >= CHUNK / 2) this.#othersChunks += 1;
    for (const revocation of revocations) this.#present.merge(revocation, now);
  }

  /**
   * Adds what is missing, after a random wait in which others may do so; while another adds very much, it waits again. Never
   * rejects.
   * @returns whether all of it is stored
   */
  async run(): Promise<boolean> {
    const { clock, list, add } = this.#input;
    const { signal } = this.#ending;
    await this.#awaitOthers();
    try {
      for (const revocations of toChunks(list(), CHUNK)) {
        await nextTurn(); // so that requests are answered meanwhile
        if (signal.aborted) return false;
        const now = clock() / 1000;
        const missing = revocations.filter((item) => this.#present.merge(item, now));
        if (missing.length > 0) await add(missing.map(toEntry));
      }
      return !signal.aborted;
    } catch {
      return false; // closed, or too many revocations wait
    }
  }

  async #awaitOthers(): Promise<void> {
    for (let seen = -1; seen !== this.#othersChunks && !this.#ending.signal.aborted;) {
      seen = this.#othersChunks;
      await pause(Math.random() * MAX_WAIT_MS, this.#ending.signal);
    }
  }

  stop(): void {
    this.#ending.abort();
  }
}

/** Converts a revocation to its stored form. */
export function toEntry(revocation: Revocation): ChannelEntry {
  return { text: encodeRevocation(revocation), until: revocation.until };
}

function* toChunks<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let chunk: T[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
