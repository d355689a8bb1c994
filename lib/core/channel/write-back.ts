// Writes back to a log that was lost what this instance still holds.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Revocation } from '../revocation/revocation.js';
import { encodeRevocation } from '../revocation/revocation.js';
import type { ChannelEntry } from './channel.js';
import { pause } from './timing.js';

const MAX_WAIT_MS = 500;
const CHUNK = 500;

/** The input of `WriteBack`. */
export interface WriteBackInput {
  readonly list: () => Iterable<Revocation>;
  /** Appends entries; resolves once they are stored. */
  readonly add: (entries: readonly ChannelEntry[]) => Promise<void>;
}

/** What is known to be in the log, and the pass that adds what is missing there. */
export class WriteBack {
  readonly #input: WriteBackInput;
  readonly #present = new Set<unknown>();
  readonly #ending = new AbortController();

  constructor(input: WriteBackInput) {
    this.#input = input;
  }

  /** Notes texts that the log has. */
  found(texts: readonly unknown[]): void {
    for (const text of texts) this.#present.add(text);
  }

  /**
   * Adds what is missing, after a random wait in which others may do so. Never rejects.
   * @returns whether all of it is stored
   */
  async run(): Promise<boolean> {
    const { signal } = this.#ending;
    await pause(Math.random() * MAX_WAIT_MS, signal);
    try {
      for (const revocations of toChunks(this.#input.list(), CHUNK)) {
        await nextTurn(); // so that requests are answered meanwhile
        if (signal.aborted) return false;
        const entries = revocations.map((item) => ({ text: encodeRevocation(item), until: item.until }));
        const missing = entries.filter(({ text }) => !this.#present.has(text));
        if (missing.length > 0) await this.#input.add(missing);
      }
      return !signal.aborted;
    } catch {
      return false; // closed, or too many revocations wait
    } finally {
      this.#present.clear();
    }
  }

  stop(): void {
    this.#ending.abort();
  }
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
