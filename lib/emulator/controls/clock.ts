// The emulator's clock: it ticks with the machine's, at a distance that a test may set.

/** A clock that can be moved; it goes on ticking from where it was put. */
export class EmulatorClock {
  #offsetMs = 0;

  /** The emulator's time, in milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** The emulator's time in whole seconds, as tokens carry it. */
  nowSeconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Moves the clock by so many milliseconds; a negative number moves it back. */
  advance(ms: number): void {
    this.#offsetMs += asFinite(ms);
  }

  /** Puts the clock at a moment: a date, or milliseconds since 1970. */
  set(moment: Date | number): void {
    this.#offsetMs = asFinite(moment.valueOf()) - Date.now();
  }

  /** Puts the clock back to the machine's time. */
  reset(): void {
    this.#offsetMs = 0;
  }
}

function asFinite(ms: number): number {
  if (!Number.isFinite(ms))
    throw new TypeError(`The clock takes a finite number of milliseconds, got ${ms}.`);
  return ms;
}
