// Revocations through a channel: every instance holds all of them, and knows how long ago it heard of the last ones.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import type { Deadline } from '../deadline.js';
import { withDeadline } from '../deadline.js';
import { DescopeUnavailableError } from '../errors.js';
import { publishOutage } from '../events.js';
import type { Notify } from '../logging.js';
import { readProjectId } from '../logging.js';
import { toReason } from '../request-failure.js';
import type { Revocation } from '../revocation/revocation.js';
import { decodeRevocation } from '../revocation/revocation.js';
import type { RevocationReceiver, RevocationSharing, SharingHealth } from '../revocation/sharing.js';
import { AppendQueue } from './append-queue.js';
import type {
  AppendOptions,
  ChannelEntry,
  LogPosition,
  LogRecord,
  RevocationChannel,
  RevocationLog,
} from './channel.js';
import type { WhenIsolated } from './hearing.js';
import { Hearing } from './hearing.js';
import type { Continuity } from './log-continuity.js';
import { LogContinuity } from './log-continuity.js';
import { pause, readRestMs, toRetryMs } from './timing.js';
import { toEntry, WriteBack } from './write-back.js';

const BOOT_WAIT_MS = 1_000;
const STORED_MS = 1_000;
const CLOSE_MS = 1_000;
const TICK_MS = 100; // or less, where maxSilenceMs is short
const TOGETHER_MS = 50; // between two reads, so that a thousand instances do not ask for every record by itself
const READ_GRACE_MS = 5_000;
const READ_ALL_MS = 60_000;
const AGAIN_MS = 5_000; // until all is read again that could not be read
const LONGEST_BEAT_MS = 900;
const within = (timeoutMs: number): Deadline => ({ timeoutMs, who: 'The channel', inBackground: true });

/** The input of `ChannelSharing`. */
export interface ChannelSharingInput {
  readonly channel: RevocationChannel;
  readonly clock: Clock;
  readonly projectId: string;
  readonly notify: Notify;
  readonly receiver: RevocationReceiver;
  readonly maxSilenceMs: number;
  readonly whenIsolated: WhenIsolated;
}

/** The state of the channel, for a health check. */
export interface ChannelHealth extends SharingHealth {
  /** The number of revocations of this instance that are not stored yet. */
  readonly pendingCount: number;
}

export class ChannelSharing implements RevocationSharing {
  readonly #input: ChannelSharingInput;
  readonly #log: RevocationLog;
  readonly #hearing: Hearing;
  readonly #continuity = new LogContinuity();
  readonly #queue: AppendQueue;
  readonly #closing = new AbortController();
  readonly #beatMs: number;
  readonly #waitMs: number;
  readonly #tickMs: number;
  #following: Promise<void> | undefined;
  #ticking: NodeJS.Timeout | undefined;
  #writeBack: WriteBack | undefined;
  #found: Continuity = 'next';
  #mustCompare = false; // whether the log may lack what this instance holds
  #startedAtMs = 0;
  #waitingSinceMs = 0;
  #restMs = 0;
  #unreadableAtMs: number | undefined;
  #onFirstRead: () => void = () => undefined;

  constructor(input: ChannelSharingInput) {
    this.#input = input;
    this.#hearing = new Hearing(input);
    this.#log = input.channel.open(input.projectId);
    this.#queue = new AppendQueue({
      clock: input.clock,
      append: (entries, options) => this.#append(entries, options),
      onFailure: (error) => this.#hearing.failed(error),
      onOverflow: () => this.#compareAll(),
    });
    // Two reads end in the time between two heartbeats, and two heartbeats in the longest silence.
    this.#beatMs = Math.min(LONGEST_BEAT_MS, 0.45 * input.maxSilenceMs);
    this.#waitMs = Math.round(this.#beatMs * 0.45);
    this.#tickMs = Math.min(TICK_MS, Math.round(input.maxSilenceMs / 20));
  }

  /**
   * Begins to read. Waits for the living revocations for a second at most: without them tokens are answered with 503, and
   * the application starts.
   */
  async start(): Promise<void> {
    if (this.#following !== undefined) return;
    this.#startedAtMs = this.#waitingSinceMs = this.#input.clock();
    const firstRead = new Promise<void>((resolve) => (this.#onFirstRead = resolve));
    this.#following = this.#follow();
    this.#ticking = setInterval(() => this.#tick(), this.#tickMs).unref();
    const waited = new AbortController();
    // Not a `pause`: beside a client that was never connected, nothing else would keep the process running.
    const longest = sleep(BOOT_WAIT_MS, undefined, { signal: waited.signal }).catch(() => undefined);
    await Promise.race([firstRead, longest]);
    waited.abort();
  }

  /** Stops, after a second at most in which what waits is still appended. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    await this.#queue.close(CLOSE_MS);
    this.#closing.abort();
    clearInterval(this.#ticking);
    this.#writeBack?.stop();
    await withDeadline(() => this.#log.close(), within(CLOSE_MS)).catch(() => undefined); // nothing is left to be done
    await withDeadline(async () => this.#following, within(CLOSE_MS)).catch(() => undefined);
  }

  async publish(revocations: readonly Revocation[]): Promise<void> {
    try {
      await withDeadline(() => this.#queue.add(revocations.map(toEntry)), within(STORED_MS));
    } catch (error) {
      const cause = this.#queue.failure ?? error;
      const message = `The revocation is not stored in the channel yet (${toReason(cause)}). This instance follows it already; the others do once it is stored.`;
      publishOutage('SIGN_OUTS_UNAVAILABLE', 1, readProjectId(this.#input.notify));
      throw new DescopeUnavailableError('SIGN_OUTS_UNAVAILABLE', message, { retryAfterSeconds: 1, cause });
    }
  }

  assertHearing(): void {
    this.#hearing.assert();
  }

  readHealth(): ChannelHealth {
    const state = this.#hearing.readState();
    return { state, silentMs: this.#hearing.silentMs, pendingCount: this.#queue.size };
  }

  async #append(entries: readonly ChannelEntry[], options: AppendOptions): Promise<void> {
    const texts = entries.map(({ text }) => text);
    const before = this.#continuity.position;
    this.#mustCompare ||= before === undefined && texts.length > 0; // the log may be lost before it is read
    this.#continuity.sending(texts);
    const head = await this.#log.append(entries, options);
    const found = this.#continuity.sent(texts, head, before);
    const isBehind = options.ifSilentMs !== undefined && this.#continuity.isBehind(head);
    this.#restart(found === 'next' && isBehind ? 'gap' : found);
  }

  // The reading loop. Never rejects.
  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#step();
        failures = 0;
      } catch (error) {
        this.#hearing.failed(error);
        failures += 1;
        await pause(toRetryMs(failures), signal);
      }
    }
  }

  async #step(): Promise<void> {
    const { position } = this.#continuity;
    if (position === undefined) return this.#readLiving();
    if (this.#found === 'next') return this.#readNext(position);
    if (this.#found === 'older')
      await withDeadline(() => this.#log.renew(position.epoch), within(READ_GRACE_MS));
    if (this.#found !== 'gap') this.#input.notify({ code: 'CHANNEL_RESET', level: 'warn', message: RESET });
    return this.#readLiving();
  }

  async #readLiving(): Promise<void> {
    const atMs = this.#input.clock();
    const mustCompare = this.#mustCompare || this.#continuity.position !== undefined;
    this.#writeBack?.stop();
    const writeBack = new WriteBack({
      clock: this.#input.clock,
      list: () => this.#input.receiver.list(),
      add: (entries) => this.#queue.add(entries),
    });
    let isReadable = true;
    const position = await withDeadline(
      () =>
        this.#log.readLiving((texts) => {
          isReadable = this.#receive(texts, mustCompare ? writeBack : undefined) && isReadable;
        }),
      within(READ_ALL_MS),
    );
    this.#continuity.beginAt(position);
    this.#found = 'next';
    this.#noteReadable(isReadable, atMs);
    if (this.#unreadableAtMs === undefined) this.#heard(atMs);
    if (mustCompare) this.#startWriteBack(writeBack);
  }

  #startWriteBack(writeBack: WriteBack): void {
    this.#writeBack = writeBack;
    const again = (isStored: boolean): void => {
      if (this.#writeBack !== writeBack) return;
      this.#writeBack = undefined;
      this.#mustCompare = false;
      if (!isStored) this.#compareAll();
    };
    void writeBack.run().then(again);
  }

  async #readNext(position: LogPosition): Promise<void> {
    const { clock } = this.#input;
    const atMs = clock();
    const part = await withDeadline(
      () => this.#log.read(position, this.#waitMs),
      within(this.#waitMs + READ_GRACE_MS),
    );
    for (const record of part.records) {
      if (!this.#takeRecord(record)) return;
    }
    const hasHeard = part.records.length > 0 && !part.hasMore;
    if (hasHeard && this.#unreadableAtMs === undefined) this.#heard(atMs);
    // Records of the same moment are read together, and a log that does not wait is not asked without end.
    const leastMs = part.records.length > 0 ? TOGETHER_MS : this.#waitMs / 2;
    const restMs = part.hasMore ? 0 : readRestMs(clock, atMs, leastMs);
    if (restMs > 0) await pause(restMs, this.#closing.signal);
  }

  #takeRecord(record: LogRecord): boolean {
    const { texts } = record;
    const isReadable = texts !== undefined && this.#receive(texts, this.#writeBack);
    if (!isReadable) this.#noteReadable(false, this.#input.clock());
    this.#restart(this.#continuity.follow(record));
    return this.#found === 'next';
  }

  // Applies what can be read; returns whether that was all.
  #receive(texts: readonly unknown[], writeBack: WriteBack | undefined): boolean {
    const revocations = texts.map(decodeRevocation);
    const readable = revocations.filter((item) => item !== undefined);
    if (readable.length > 0) this.#input.receiver.apply(readable);
    writeBack?.found(readable);
    return readable.length === texts.length;
  }

  // What cannot be read may be a revocation: nothing counts as heard until all living entries can be read.
  #noteReadable(isReadable: boolean, atMs: number): void {
    this.#unreadableAtMs = isReadable ? undefined : atMs;
    if (isReadable) return;
    this.#hearing.failed(new Error('a record cannot be read'));
    this.#input.notify({ code: 'CHANNEL_UNREADABLE', level: 'error', message: UNREADABLE });
  }

  #heard(atMs: number): void {
    this.#hearing.heard(atMs);
    this.#awaitRecord();
    if (this.#input.clock() - atMs > this.#beatMs) this.#restMs = 0; // it was long ago: a heartbeat shows how it is now
    this.#onFirstRead();
  }

  #awaitRecord(): void {
    this.#waitingSinceMs = this.#input.clock();
    this.#restMs = this.#beatMs * (1 + Math.random() / 5);
  }

  #restart(found: Continuity): void {
    if (found !== 'next' && this.#found !== 'older') this.#found = found;
  }

  // What this instance holds is compared with the log, and written back where it is missing.
  #compareAll(): void {
    this.#mustCompare = true;
    this.#restart('gap');
  }

  #tick(): void {
    const { clock } = this.#input;
    this.#hearing.report(this.#startedAtMs);
    if (this.#unreadableAtMs !== undefined && readRestMs(clock, this.#unreadableAtMs, AGAIN_MS) === 0)
      this.#restart('gap');
    if (readRestMs(clock, this.#waitingSinceMs, this.#restMs) > 0) return;
    this.#awaitRecord();
    this.#queue.beat(Math.round(this.#beatMs * 0.9));
  }
}

const RESET =
  'The channel has lost records: its server came back empty or with an older state, or its keys were removed. What it holds is read again, and this instance writes back what is missing there.';
const UNREADABLE =
  'The channel has a record that this version cannot read, so this instance cannot know what was revoked, and counts as isolated. Update this instance. If no newer version is in use, delete the keys of the channel: the instances write them again.';
