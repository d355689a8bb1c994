// The proofs that this process has seen: bounded, with a share for each caller, and never too short.
import type { Clock } from '../clock.js';

/** The limits of the memory. */
export interface ReplayMemoryConfig {
  /** How long a proof that is accepted now can be accepted again, in milliseconds. */
  readonly lifetimeMs: number;
  readonly maxProofs: number;
  /** How many of them one caller may have. */
  readonly maxPerOwner: number;
}

/** `new` once for each proof; `full` if it cannot be kept, so that it cannot be said of the next one. */
export type Seen = 'new' | 'known' | 'full';

interface Generation {
  readonly startedAtMs: number;
  /** 52 bits of the digest of a proof: one number takes a quarter of the memory of a string. */
  readonly proofs: Set<number>;
  readonly countByOwner: Map<string, number>;
}

/**
 * Remembers proofs for one to two lifetimes. An entry is never removed before its proof has ended: that would let the proof in
 * again. So a full memory keeps nothing more.
 */
export class ReplayMemory {
  readonly #config: ReplayMemoryConfig;
  readonly #clock: Clock;
  #current: Generation;
  #previous: Generation;

  constructor(config: ReplayMemoryConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.#current = createGeneration(clock());
    this.#previous = createGeneration(clock());
  }

  /**
   * Remembers a proof by its digest, in one step with the question whether it is known.
   * @param digest a cryptographic digest in hexadecimal digits: two different proofs must not have the same one
   * @param owner the caller whose share it takes
   */
  see(digest: string, owner: string): Seen {
    this.#age();
    const proof = toNumber(digest);
    if (this.#current.proofs.has(proof) || this.#previous.proofs.has(proof)) return 'known';
    const { maxProofs, maxPerOwner } = this.#config;
    if (this.#current.proofs.size + this.#previous.proofs.size >= maxProofs) return 'full';
    const count = this.#current.countByOwner.get(owner) ?? 0;
    if (count + (this.#previous.countByOwner.get(owner) ?? 0) >= maxPerOwner) return 'full';
    this.#current.proofs.add(proof);
    this.#current.countByOwner.set(owner, count + 1);
    return 'new';
  }

  // A clock that is set back must not shorten the life of an entry: the generation lasts longer then.
  #age(): void {
    const nowMs = this.#clock();
    const ageMs = nowMs - this.#current.startedAtMs;
    if (ageMs < this.#config.lifetimeMs) return;
    this.#previous = ageMs < 2 * this.#config.lifetimeMs ? this.#current : createGeneration(nowMs);
    this.#current = createGeneration(nowMs);
  }
}

function createGeneration(startedAtMs: number): Generation {
  return { startedAtMs, proofs: new Set(), countByOwner: new Map() };
}

function toNumber(digest: string): number {
  return Number.parseInt(digest.slice(0, 13), 16); // 52 bits
}
