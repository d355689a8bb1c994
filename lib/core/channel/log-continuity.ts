// Whether the records of a log follow each other, or it was lost, was put back to an earlier state, or has a gap.
import type { LogHead, LogPosition, LogRecord } from './channel.js';

/**
 * What a record or a head shows. `next`: it is as expected. `gap`: records were missed. `lost`: the log began anew. `older`:
 * the log is in an earlier state than one that was seen, and nobody has started a new epoch yet.
 */
export type Continuity = 'next' | 'gap' | 'lost' | 'older';

const MAX_UNHEARD = 20_000;

export class LogContinuity {
  #position: LogPosition | undefined;
  // What this instance has appended and not read yet, by text, with the number of its record once that is known.
  readonly #unheard = new Map<string, number | undefined>();
  #behind: LogHead | undefined;
  #firstEpoch: string | undefined; // of what this instance has appended to a log that was empty

  /** Where the next read begins; `undefined` before the living entries were read. */
  get position(): LogPosition | undefined {
    return this.#position;
  }

  /** Begins at the position of living entries that were read. */
  beginAt(position: LogPosition): void {
    this.#position = position;
    this.#unheard.clear();
    this.#behind = undefined;
    this.#firstEpoch = undefined;
  }

  /** Compares a record that was read with what was read before, and moves on to it if it follows. */
  follow(record: LogRecord): Continuity {
    const { position, texts = [] } = record;
    const found = this.#compare(record);
    if (found !== 'next') return found;
    this.#position = position;
    for (const text of texts) this.#unheard.delete(text as string);
    return this.#hasLost(position) ? 'older' : 'next';
  }

  /** Notes what is about to be appended. */
  sending(texts: readonly string[]): void {
    if (this.#unheard.size + texts.length > MAX_UNHEARD) return; // not heard for long: all is compared then anyway
    for (const text of texts) this.#unheard.set(text, undefined);
  }

  /** Compares the head of the log after an append with `before`, the position when the append was sent. */
  sent(texts: readonly string[], head: LogHead, before: LogPosition | undefined): Continuity {
    const current = this.#position;
    if (before === undefined || current === undefined) return 'next';
    const found =
      before.epoch === '' ? this.#compareFirst(head, current) : compareHead(head, { before, current });
    if (found !== undefined) return found;
    for (const text of texts) if (this.#unheard.has(text)) this.#unheard.set(text, head.number);
    return this.#hasLost(current) ? 'older' : 'next';
  }

  /** Whether the log has records that two heartbeats in succession have not brought to this instance. */
  isBehind(head: LogHead): boolean {
    const current = this.#position;
    if (current === undefined || head.number <= current.number) return false;
    if (current.epoch !== '' && head.epoch !== current.epoch) return false;
    const wasBehind = this.#behind?.epoch === current.epoch && this.#behind.number === current.number;
    this.#behind = current;
    return wasBehind;
  }

  #compare({ position: { epoch, number }, previous }: LogRecord): Continuity {
    const last = this.#position;
    if (last === undefined) return 'gap';
    if (last.epoch === '' && this.#isOther(epoch)) return 'lost';
    if (last.epoch === '') return number === 1 && previous === '' ? 'next' : 'gap';
    if (epoch !== last.epoch) return 'lost';
    if (number > last.number + 1) return 'gap';
    return number === last.number + 1 && previous === last.cursor ? 'next' : 'older';
  }

  // An instance that appends to a log that was empty holds what is lost if the log begins anew before anything is read.
  #compareFirst({ epoch }: LogHead, current: LogHead): Continuity | undefined {
    if (this.#isOther(epoch) || (current.epoch !== '' && current.epoch !== epoch)) return 'lost';
    this.#firstEpoch = epoch;
    return undefined;
  }

  #isOther(epoch: string): boolean {
    return this.#firstEpoch !== undefined && epoch !== this.#firstEpoch;
  }

  // A record of this instance was acknowledged and then lost, as by a replica that took over, if the record of its number
  // is another.
  #hasLost({ number }: LogHead): boolean {
    for (const appended of this.#unheard.values()) {
      if (appended === undefined || appended > number) return false;
      return true;
    }
    return false;
  }
}

// `undefined`: as expected. A response may be late, and say nothing of the log that is read now.
function compareHead(
  head: LogHead,
  { before, current }: { readonly before: LogHead; readonly current: LogHead },
): Continuity | undefined {
  const isLate = current.epoch !== before.epoch;
  if (head.epoch !== before.epoch) return isLate ? 'next' : 'lost';
  if (head.number < before.number) return isLate ? 'next' : 'older';
  return undefined;
}
