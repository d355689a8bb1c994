// Failures that a test orders: for a path, for so many requests.
import { isAtOrBelow } from './recorders.js';

/** What shall go wrong, and where. */
export interface FaultOrder {
  /** The path, or one above it: `/v2/keys` also stands for `/v2/keys/P…`, and `/` for all. */
  readonly path: string;
  /** Only for this method; default: all of them. */
  readonly method?: string;
  /** For how many requests; default: until `clear()`. */
  readonly times?: number;
  /** Waits so many milliseconds; alone, the true answer follows. */
  readonly delayMs?: number;
  /** Answers this status; default 200 when there is a body. */
  readonly status?: number;
  /** Answers this: text as it is (HTML, garbage), anything else as JSON. */
  readonly body?: unknown;
  /** Adds headers to the ordered answer, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers 302 to this URL. */
  readonly redirect?: string;
  /** Writes the answer byte by byte, so many milliseconds apart. */
  readonly dripMs?: number;
  /** Never answers. */
  readonly hang?: boolean;
  /** Destroys the connection. */
  readonly reset?: boolean;
}

/** A failure that was ordered. */
export interface Fault {
  readonly order: FaultOrder;
  /** How many requests have met it. */
  readonly hits: number;
  /** Takes the order back. */
  remove(): void;
}

/** Keeps the ordered failures; the earliest that fits a request, and is not used up, is the one it meets. */
export class Faults {
  #orders: StandingFault[] = [];

  /** Orders a failure. */
  add(order: FaultOrder): Fault {
    const fault = new StandingFault(order, (spent) => this.#drop(spent));
    this.#orders.push(fault);
    return fault;
  }

  /** Takes all orders back. */
  clear(): void {
    this.#orders = [];
  }

  /** The order that a request meets, counted as met; the server calls this. */
  take(method: string, path: string): FaultOrder | undefined {
    const fault = this.#orders.find((candidate) => candidate.fits(method, path));
    return fault?.meet();
  }

  #drop(fault: StandingFault): void {
    this.#orders = this.#orders.filter((other) => other !== fault);
  }
}

class StandingFault implements Fault {
  hits = 0;

  constructor(
    readonly order: FaultOrder,
    private readonly drop: (fault: StandingFault) => void,
  ) {}

  remove(): void {
    this.drop(this);
  }

  fits(method: string, path: string): boolean {
    if (this.hits >= (this.order.times ?? Infinity)) return false;
    return (this.order.method ?? method).toUpperCase() === method && isAtOrBelow(path, this.order.path);
  }

  meet(): FaultOrder {
    this.hits += 1;
    return this.order;
  }
}
