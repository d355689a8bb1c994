// Faults that a test injects into the emulator's responses: for a path, for a number of requests.
import { isAtOrBelow } from './recorders.js';

/**
 * What goes wrong, and for which requests.
 *
 * @example
 * emulator.faults.add({ path: '/v2/keys', status: 503, times: 2 });
 * emulator.faults.add({ path: '/v1/auth/refresh', method: 'POST', hang: true });
 */
export interface FaultOptions {
  /** The path, or one above it: `/v2/keys` also matches `/v2/keys/P…`, and `/` matches every path. */
  readonly path: string;
  /**
   * The only method that matches.
   *
   * @defaultValue every method
   */
  readonly method?: string;
  /**
   * How many requests it applies to.
   *
   * @defaultValue every request until `remove()`, `clear()` or `reset()`
   */
  readonly times?: number;
  /**
   * Waits this many milliseconds first; without another fault, the regular response follows.
   *
   * @defaultValue 0
   */
  readonly delayMs?: number;
  /**
   * The status to respond with.
   *
   * @defaultValue 200 where there is a `body`
   */
  readonly status?: number;
  /**
   * The body to respond with: a string is sent unchanged (HTML, malformed JSON), anything else as JSON.
   *
   * @defaultValue an error of Descope (`E010000`), where there is a `status`
   */
  readonly body?: unknown;
  /**
   * Headers to add to a response of `status`, `body` or `redirect`, such as `retry-after`.
   *
   * @defaultValue none
   */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Responds with 302 and this URL as `location`.
   *
   * @defaultValue no redirect
   */
  readonly redirect?: string;
  /**
   * Writes the response byte by byte, this many milliseconds apart.
   *
   * @defaultValue the response is written at once
   */
  readonly dripMs?: number;
  /**
   * Never responds, and keeps the connection open.
   *
   * @defaultValue false
   */
  readonly hang?: boolean;
  /**
   * Destroys the connection without a response.
   *
   * @defaultValue false
   */
  readonly reset?: boolean;
}

/** A fault that was added. */
export interface Fault {
  /** The options it was added with. */
  readonly options: FaultOptions;
  /** How many requests it has applied to. */
  readonly hits: number;
  /** Removes the fault; later requests get regular responses. */
  remove(): void;
}

/** Keeps faults; to a request applies the earliest one that matches and is not used up. */
export class Faults {
  #faults: ActiveFault[] = [];

  /** The faults that were added and not removed, oldest first; those that are used up included. */
  get all(): readonly Fault[] {
    return [...this.#faults];
  }

  /**
   * Adds a fault.
   *
   * @returns The fault, with its count of requests and a way to remove it.
   */
  add(options: FaultOptions): Fault {
    const fault = new ActiveFault(options, (removed) => this.#drop(removed));
    this.#faults.push(fault);
    return fault;
  }

  /** Removes all faults. */
  clear(): void {
    this.#faults = [];
  }

  /**
   * Finds the fault of a request and counts the hit.
   *
   * @internal
   */
  take(method: string, path: string): FaultOptions | undefined {
    const fault = this.#faults.find((candidate) => candidate.matches(method, path));
    return fault?.hit();
  }

  #drop(fault: ActiveFault): void {
    this.#faults = this.#faults.filter((other) => other !== fault);
  }
}

class ActiveFault implements Fault {
  hits = 0;

  constructor(
    readonly options: FaultOptions,
    private readonly drop: (fault: ActiveFault) => void,
  ) {}

  remove(): void {
    this.drop(this);
  }

  matches(method: string, path: string): boolean {
    if (this.hits >= (this.options.times ?? Infinity)) return false;
    return (this.options.method ?? method).toUpperCase() === method && isAtOrBelow(path, this.options.path);
  }

  hit(): FaultOptions {
    this.hits += 1;
    return this.options;
  }
}
