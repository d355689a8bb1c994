// Rows that a page shows as they come, by server-sent events: gathered, bounded, and without a timer while nobody looks.
import type { ServerResponse } from 'node:http';
import type { Html } from './html.js';
import { PLAIN_HEADERS } from './layout.js';

/** A row of a page; a later one of the same id replaces it. */
export interface LiveRow {
  readonly id: string;
  readonly row: Html;
}

/** Calls a function for each row, and returns what ends that. */
export type Subscribe = (send: (row: LiveRow) => void) => () => void;

const MAX_STREAMS = 20;
const MAX_WAITING = 200;
const GATHER_MS = 100;

/** Keeps the streams of open pages. */
export class LiveStreams {
  #open = 0;

  /** Sends rows until the page is closed; reports whether there is room for one more stream. */
  start(response: ServerResponse, subscribe: Subscribe): boolean {
    if (this.#open >= MAX_STREAMS) return false;
    this.#open += 1;
    for (const [name, value] of Object.entries(PLAIN_HEADERS)) response.setHeader(name, value);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(': live\n\n');
    const rows = new RowQueue(response);
    const stop = subscribe((row) => rows.add(row));
    response.once('close', () => {
      this.#open -= 1;
      stop();
      rows.stop();
    });
    return true;
  }
}

/** Gathers rows for a moment, so that a busy test does not write for each request. */
class RowQueue {
  readonly #waiting = new Map<string, Html>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly response: ServerResponse) {}

  add({ id, row }: LiveRow): void {
    this.#waiting.set(id, row);
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_WAITING) break;
      this.#waiting.delete(oldest);
    }
    this.#timer ??= setTimeout(() => this.#send(), GATHER_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  // A page that does not read gets the latest rows only.
  #send(): void {
    this.#timer = undefined;
    if (this.response.writableNeedDrain) return;
    const events = [...this.#waiting].map(([id, { text }]) => `event: row\nid: ${id}\n${toData(text)}\n`);
    this.#waiting.clear();
    this.response.write(events.join(''));
  }
}

// A line break would end the event; so would a carriage return in a text of others.
function toData(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return lines.join('');
}
