// Whether a DPoP proof was used before: in this process, or on any instance by the shared store (RFC 9449 §11.1).
import { hash } from 'node:crypto';
import type { Clock } from '../clock.js';
import { DescopeCredentialError, DescopeUnavailableError } from '../errors.js';
import { publishOutage } from '../events.js';
import type { MaybePromise } from '../maybe-promise.js';
import { isYes } from '../maybe-promise.js';
import type { KeyValueStore } from '../store/key-value-store.js';
import type { ProofTimes } from './proof.js';
import { ReplayMemory } from './replay-memory.js';

const PREFIX = 'nestjs-descope:dpop:';
const VALUE = '1';
const RETRY_AFTER_SECONDS = 1;

/** A store that can keep a value once. */
export type ReplayStore = KeyValueStore & Required<Pick<KeyValueStore, 'setIfAbsent'>>;

/** A proof that was verified. */
export interface UsedProof {
  /** The thumbprint of its key. An id is unique for its key, so no client can use up the ids of another. */
  readonly thumbprint: string;
  readonly id: string;
  /** The subject of the token that it came with. */
  readonly owner: string;
}

/** The input of `Replays`. */
export interface ReplaysInput {
  readonly memory: ReplayMemory;
  /** The store that instances share; `undefined` where each remembers its own. */
  readonly store: ReplayStore | undefined;
  /** How long a proof that is accepted now can be accepted again, in milliseconds. */
  readonly lifetimeMs: number;
  readonly projectId: string;
}

export class Replays {
  readonly #input: ReplaysInput;

  constructor(input: ReplaysInput) {
    this.#input = input;
  }

  /**
   * Uses up a proof, in one atomic step with the question whether it was used before. Synchronous without a store. Throws or
   * rejects with `DPOP_PROOF_REPLAYED`, or `DPOP_REPLAY_UNAVAILABLE` if that cannot be said.
   */
  use({ thumbprint, id, owner }: UsedProof): MaybePromise<void> {
    const { memory, store } = this.#input;
    const digest = hash('sha256', `${thumbprint}.${id}`, 'hex');
    const seen = memory.see(digest, owner);
    if (seen === 'known') throw replayed(); // without a call of the store
    if (store !== undefined) return this.#useShared(store, digest);
    if (seen === 'full') throw this.#unavailable(FULL);
  }

  async #useShared(store: ReplayStore, digest: string): Promise<void> {
    const { projectId, lifetimeMs } = this.#input;
    const key = `${PREFIX}${projectId}:${digest}`;
    if (!isYes(await this.#keep(store, key, lifetimeMs))) throw replayed();
  }

  async #keep(store: ReplayStore, key: string, ttlMs: number): Promise<boolean> {
    try {
      return await store.setIfAbsent(key, VALUE, ttlMs);
    } catch (error) {
      throw this.#unavailable(DOWN, error); // logged by the bounded store
    }
  }

  #unavailable(message: string, cause?: unknown): DescopeUnavailableError {
    const input = { retryAfterSeconds: RETRY_AFTER_SECONDS, cause };
    publishOutage('DPOP_REPLAY_UNAVAILABLE', RETRY_AFTER_SECONDS, this.#input.projectId);
    return new DescopeUnavailableError('DPOP_REPLAY_UNAVAILABLE', message, input);
  }
}

const FULL =
  'This instance has as many recent DPoP proofs of this caller, or of all callers, as it can remember, so it cannot say whether the proof is new.';
const DOWN = 'The shared store cannot be reached, so it is not known whether the DPoP proof is new.';

function replayed(): DescopeCredentialError {
  const message = 'The DPoP proof was used before. A client makes a new one for each request.';
  return new DescopeCredentialError('DPOP_PROOF_REPLAYED', message);
}

const MAX_PROOFS = 500_000; // 19 MB, 39 MB where each is of another caller; 3 300 requests a second for as long as a proof of 60 seconds is remembered
const MAX_PER_OWNER = MAX_PROOFS / 4;

/** The input of `createReplays`. */
export interface ReplayConfig extends ProofTimes {
  readonly store: ReplayStore | undefined;
  readonly projectId: string;
  readonly clock: Clock;
}

/** Creates the memory of used proofs, which lasts as long as a proof may be accepted. */
export function createReplays({
  store,
  projectId,
  clock,
  maxAgeSeconds,
  leewaySeconds,
}: ReplayConfig): Replays {
  // From the earliest moment at which it is accepted to the last one, and the difference between the clocks of instances.
  const lifetimeMs = 1000 * (maxAgeSeconds + 3 * leewaySeconds + 1);
  const config = { lifetimeMs, maxProofs: MAX_PROOFS, maxPerOwner: MAX_PER_OWNER };
  return new Replays({ memory: new ReplayMemory(config, clock), store, lifetimeMs, projectId });
}
