// The emulator's clock: it ticks with the machine's, at an offset that a test may set.

/** A clock that a test may move; it goes on ticking from the moment it was set to. */
export class EmulatorClock {
  #offsetMs = 0;

  /**
   * Reads the clock.
   *
   * @returns Milliseconds since 1970.
   */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /**
   * Reads the clock in whole seconds, as tokens carry them.
   *
   * @returns Seconds since 1970, rounded down.
   */
  nowSeconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /**
   * Reads a clock that nobody moves, for durations.
   *
   * @returns Milliseconds since some moment.
   * @internal
   */
  monotonicMs(): number {
    return performance.now();
  }

  /**
   * Moves the clock.
   *
   * @param ms The milliseconds to move it by; a negative number moves it back.
   * @throws {TypeError} The number is not finite.
   * @example emulator.clock.advance(11 * 60 * 1000); // session tokens of ten minutes are expired now
   */
  advance(ms: number): void {
    this.#offsetMs += assertFinite(ms);
  }

  /**
   * Sets the clock to a moment.
   *
   * @param moment A date, or milliseconds since 1970.
   * @throws {TypeError} The date is invalid, or the number is not finite.
   */
  set(moment: Date | number): void {
    this.#offsetMs = assertFinite(moment.valueOf()) - Date.now();
  }

  /** Sets the clock back to the machine's time. */
  reset(): void {
    this.#offsetMs = 0;
  }
}

function assertFinite(ms: number): number {
  if (Number.isFinite(ms)) return ms;
  throw new TypeError(`The clock takes a finite number of milliseconds, got ${ms}.`);
}
