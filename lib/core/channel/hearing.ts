// How long ago this instance heard of all revocations, and whether that is still good enough to accept tokens.
import type { Clock } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import { publishOutage } from '../events.js';
import type { Notify } from '../logging.js';
import { readProjectId } from '../logging.js';
import { toReason } from '../request-failure.js';
import type { SharingHealth } from '../revocation/sharing.js';

const CLOCK_TOLERANCE_MS = 1_000;
const RETRY_AFTER_SECONDS = 1;

/**
 * What an isolated instance does: it rejects tokens with 503 at once, or accepts them for a time by what it has heard
 * before.
 */
export type WhenIsolated =
  | 'reject'
  | {
      /** How long tokens are accepted by what was heard before, in milliseconds. */
      readonly acceptForMs: number;
    };

/** The input of `Hearing`. */
export interface HearingInput {
  readonly clock: Clock;
  readonly notify: Notify;
  /** How long an instance may hear nothing until it counts as isolated, in milliseconds. */
  readonly maxSilenceMs: number;
  readonly whenIsolated: WhenIsolated;
}

export type HearingState = SharingHealth['state'];

export class Hearing {
  readonly #input: HearingInput;
  readonly #acceptForMs: number;
  #heardAtMs: number | undefined;
  #goodUntilMs = Number.NEGATIVE_INFINITY;
  #goodFromMs = Number.POSITIVE_INFINITY;
  #wasSilent = false;
  #wasRejecting = false;
  #failure: unknown;

  constructor(input: HearingInput) {
    const { maxSilenceMs, whenIsolated } = input;
    this.#input = input;
    this.#acceptForMs = maxSilenceMs + (whenIsolated === 'reject' ? 0 : whenIsolated.acceptForMs);
  }

  /** Asserts, on each request, that tokens may be judged by what was heard. Throws `SIGN_OUTS_UNAVAILABLE`. */
  assert(): void {
    const nowMs = this.#input.clock();
    if (nowMs <= this.#goodUntilMs && nowMs >= this.#goodFromMs) return;
    const message = `This instance does not hear of revocations at present (${this.#toReason()}).`;
    throw new DescopeUnavailableError('SIGN_OUTS_UNAVAILABLE', message, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause: this.#failure,
    });
  }

  /**
   * Notes that every revocation that was in the log at `atMs` has been heard: the moment when the read began, not when it
   * ended, because an answer may have waited while the process stood still.
   */
  heard(atMs: number): void {
    this.#heardAtMs = atMs;
    this.#goodUntilMs = atMs + this.#acceptForMs;
    this.#goodFromMs = atMs - CLOCK_TOLERANCE_MS;
    this.#failure = undefined;
  }

  /** Notes why nothing is heard. */
  failed(error: unknown): void {
    this.#failure = error;
  }

  /** Milliseconds since all revocations were heard; `undefined` before. */
  get silentMs(): number | undefined {
    return this.#heardAtMs === undefined ? undefined : Math.max(0, this.#input.clock() - this.#heardAtMs);
  }

  readState(): HearingState {
    if (this.#heardAtMs === undefined) return 'starting';
    const nowMs = this.#input.clock();
    if (nowMs > this.#goodUntilMs || nowMs < this.#goodFromMs) return 'rejecting';
    return nowMs - this.#heardAtMs > this.#input.maxSilenceMs ? 'isolated' : 'hearing';
  }

  /** Reports once that the instance is isolated, and once that this is over. `startedAtMs` is when it began to read. */
  report(startedAtMs: number): void {
    const { clock, maxSilenceMs, notify } = this.#input;
    const state = this.readState();
    const isSilent = state === 'starting' ? clock() - startedAtMs > maxSilenceMs : state !== 'hearing';
    const isRejecting = isSilent && state !== 'isolated';
    if ((isSilent && !this.#wasSilent) || (isRejecting && !this.#wasRejecting))
      publishOutage('SIGN_OUTS_UNAVAILABLE', RETRY_AFTER_SECONDS, readProjectId(notify));
    if (isSilent && !this.#wasSilent)
      notify({ code: 'CHANNEL_SILENT', level: 'error', message: this.#toMessage() });
    if (!isSilent && this.#wasSilent) notify({ code: 'CHANNEL_RECOVERED', level: 'log', message: RECOVERED });
    this.#wasSilent = isSilent;
    this.#wasRejecting = isRejecting;
  }

  #toMessage(): string {
    const { maxSilenceMs, whenIsolated } = this.#input;
    const why = `(${this.#toReason()})`;
    if (this.#heardAtMs === undefined) return `${NEVER_READ} ${why}`;
    const then =
      whenIsolated === 'reject'
        ? 'Tokens are answered with 503 until then.'
        : `Tokens are accepted for ${whenIsolated.acceptForMs} ms by what was heard before, and then answered with 503.`;
    return `This instance has heard nothing from the channel for ${maxSilenceMs} ms, so it does not know what others revoke. ${then} ${why}`;
  }

  #toReason(): string {
    return this.#failure === undefined ? 'the channel brings no record' : toReason(this.#failure);
  }
}

const RECOVERED = 'This instance hears of revocations from the channel again.';
const NEVER_READ =
  'The revocations in the channel have not been read since the start. Tokens are answered with 503 until they are.';
