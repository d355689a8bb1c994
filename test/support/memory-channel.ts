// A channel in memory, which several instances in one process share, and whose server a test can take away.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  AppendOptions,
  ChannelEntry,
  LogPart,
  LogPosition,
  LogRecord,
  RevocationChannel,
  RevocationLog,
} from '#lib/core/channel/channel.js';

interface State {
  readonly epoch: string;
  readonly number: number;
  readonly cursor: number;
  readonly lastAtMs: number;
  readonly records: readonly LogRecord[];
  readonly living: ReadonlyMap<unknown, number>;
}

const EMPTY: State = { epoch: '', number: 0, cursor: 0, lastAtMs: -Infinity, records: [], living: new Map() };

export class MemoryServer {
  #state = EMPTY;
  #cursor = 0; // grows also when the rest is lost, as the ids of a Redis stream do
  isDown = false;
  /** Whether calls end at all. */
  isHung = false;
  /** The number of entries in each append that was taken. */
  readonly appends: number[] = [];

  get living(): readonly unknown[] {
    return [...this.#state.living.keys()];
  }

  get head(): string {
    return `${this.#state.epoch}/${this.#state.number}`;
  }

  get epoch(): string {
    return this.#state.epoch;
  }

  save(): () => void {
    const saved = this.#state;
    return () => (this.#state = saved);
  }

  empty(): void {
    this.#state = EMPTY;
  }

  /** Drops its records, but not the living entries. */
  trim(): void {
    this.#state = { ...this.#state, records: [] };
  }

  /** Appends a record as another instance would. */
  put(texts: readonly unknown[] | undefined): void {
    const { epoch, number, records, living } = this.#state;
    const position = {
      epoch: epoch === '' ? randomUUID() : epoch,
      number: number + 1,
      cursor: `${++this.#cursor}`,
    };
    this.#state = {
      ...position,
      cursor: this.#cursor,
      lastAtMs: performance.now(),
      records: [...records, { position, previous: epoch === '' ? '' : `${this.#state.cursor}`, texts }],
      living: new Map([...living, ...(texts ?? []).map((text) => [text, Infinity] as const)]),
    };
  }

  /** A connection to it, for one instance. */
  connect(): MemoryConnection {
    return new MemoryConnection(this);
  }

  append(entries: readonly ChannelEntry[], ifSilentMs: number): void {
    if (performance.now() - this.#state.lastAtMs < ifSilentMs) return;
    this.appends.push(entries.length);
    this.put(entries.map(({ text }) => text));
  }

  renew(epoch: string): void {
    if (epoch !== this.#state.epoch) return;
    this.#state = { ...this.#state, epoch: randomUUID(), number: 0 };
    this.put([]);
  }

  readHead(): LogPosition {
    const { epoch, number } = this.#state;
    return { epoch, number, cursor: `${this.#state.cursor}` };
  }

  readAfter(cursor: string): readonly LogRecord[] {
    return this.#state.records.filter(({ position }) => Number(position.cursor) > Number(cursor));
  }
}

/** A channel to a server. `isCut` cuts it off, with no word to either side. */
export class MemoryConnection implements RevocationChannel, RevocationLog {
  isCut = false;
  /** Whether only its reads are cut off. */
  isDeaf = false;
  isClosed = false;
  reads = 0;
  #appending = 0;
  /** The greatest number of appends that were under way together. */
  mostAtOnce = 0;

  constructor(readonly server: MemoryServer) {}

  open(): RevocationLog {
    return this;
  }

  async append(
    entries: readonly ChannelEntry[],
    { ifSilentMs = 0 }: AppendOptions = {},
  ): Promise<LogPosition> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#appending);
    try {
      await this.#reach();
      this.server.append(entries, ifSilentMs);
      return this.server.readHead();
    } finally {
      this.#appending -= 1;
    }
  }

  async readLiving(onPage: (texts: readonly unknown[]) => void): Promise<LogPosition> {
    await this.#reach();
    const position = this.server.readHead();
    await sleep(1);
    onPage(this.server.living);
    return position;
  }

  async read(position: LogPosition, waitMs: number): Promise<LogPart> {
    this.reads += 1;
    const endAt = performance.now() + waitMs;
    for (;;) {
      await this.#reach();
      const records = this.isDeaf ? [] : this.server.readAfter(position.cursor);
      if (records.length > 0 || performance.now() >= endAt) return { records, hasMore: false };
      await sleep(2);
    }
  }

  async renew(epoch: string): Promise<LogPosition> {
    await this.#reach();
    this.server.renew(epoch);
    return this.server.readHead();
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  async #reach(): Promise<void> {
    while ((this.isCut || this.server.isHung) && !this.isClosed) await sleep(2);
    if (this.server.isDown || this.isClosed) throw new Error('connect ECONNREFUSED');
  }
}
