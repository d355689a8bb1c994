// How often Descope may be asked on behalf of strangers: anybody can send texts that look like a key.
import { readElapsedMs } from '../clock.js';
import type { Clock } from '../clock.js';

const BURST_SECONDS = 5; // when an application starts, all of its machines are strangers
const RESERVE_SHARE = 0.5;
const SENDER_SHARE = 0.1;
const LEAST_PER_SECOND = 1 / BURST_SECONDS; // at least one try
const REFUSED_MS = 60_000;
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

  /** Takes one try; `false` when there is none left. */
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
  refusedAtMs: number;
}

/**
 * One budget for all senders, and half as much again for those of whom no key was refused a moment ago, a little for
 * each: whoever tries keys must not keep out every machine that starts just now.
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

  /** Takes one try for a sender; `false` when there is none left for it. */
  take(sender: string | undefined): boolean {
    if (this.#all.take()) return true;
    if (sender === undefined) return false;
    const { budget, refusedAtMs } = this.#open(sender);
    if (Math.abs(this.#clock() - refusedAtMs) < REFUSED_MS) return false;
    return budget.take() && this.#reserve.take();
  }

  /** Notes that a key of this sender was refused. */
  noteRefused(sender: string | undefined): void {
    if (sender !== undefined) this.#open(sender).refusedAtMs = this.#clock();
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
    const sender = { budget, refusedAtMs: Number.NEGATIVE_INFINITY };
    this.#senders.set(address, sender);
    return sender;
  }
}
