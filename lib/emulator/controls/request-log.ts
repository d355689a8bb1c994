// Which requests have come in: method, path and time, never a body, a query or a credential.

/** One request that has come in. */
export interface LoggedRequest {
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  /** When it came, in milliseconds of the emulator's clock. */
  readonly atMs: number;
}

const KEPT_REQUESTS = 20_000;

/** Remembers the latest requests (at least 10 000 of them). */
export class RequestLog {
  #entries: LoggedRequest[] = [];

  /** Every remembered request, oldest first. */
  get all(): readonly LoggedRequest[] {
    return [...this.#entries];
  }

  /** How many requests came for a path or below it (`/v2/keys` counts `/v2/keys/P…`); without one, how many in all. */
  count(path?: string): number {
    return path === undefined ? this.#entries.length : this.find(path).length;
  }

  /** The requests for a path or below it, oldest first. */
  find(path: string): readonly LoggedRequest[] {
    return this.#entries.filter((entry) => isAtOrBelow(entry.path, path));
  }

  /** Forgets all requests. */
  clear(): void {
    this.#entries = [];
  }

  /** Remembers a request; the server calls this. */
  add(entry: LoggedRequest): void {
    if (this.#entries.length >= KEPT_REQUESTS) this.#entries = this.#entries.slice(KEPT_REQUESTS / 2);
    this.#entries.push(entry);
  }
}

/** Says whether a path is another one or stands below it; whole segments only. */
export function isAtOrBelow(path: string, prefix: string): boolean {
  const base = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path === base || path.startsWith(`${base}/`);
}
