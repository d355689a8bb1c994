// All revocations that an instance knows: found by key, merged, bounded, forgotten once they are over.
import type { Revocation, RevocationKey, RevocationScope } from './revocation.js';
import { REVOCATION_SCOPES } from './revocation.js';
import { RevocationPart } from './revocation-part.js';

const MAX_ENTRIES = 2_000_000;
const MAX_PARTS = 128;
const ENTRIES_A_PART = 8_192; // at least, unless there are fewer in all
const PURGE_SECONDS = 60;
const PURGED_AT_ONCE = 16;

/** Scopes as a set of bits, by their numbers: every one. */
export const ALL_SCOPES = 2 ** REVOCATION_SCOPES.length - 1;

/** The empty set of scopes. */
export const NO_SCOPE = 0;

/** The bounds of a table. */
export interface RevocationTableInput {
  /** @defaultValue 2,000,000 */
  readonly maxEntries?: number | undefined;
  /**
   * Reports that a full table made room: `'crowded'`, the older sessions of users with very many entries are rejected
   * together; `'full'`, those that end first are forgotten, and their tokens are accepted again.
   */
  readonly onFull: (what: 'crowded' | 'full') => void;
}

// In parts, each of which grows and makes room by itself: rebuilding all of it at once would stop a process with a million
// entries for a tenth of a second. Keys are digests, so the parts are equally full.
export class RevocationTable {
  readonly #input: RevocationTableInput;
  readonly #parts: (RevocationPart | undefined)[];
  readonly #maxEntriesOfPart: number;
  readonly #lastUntil = REVOCATION_SCOPES.map(() => 0); // the latest end in each scope
  readonly #crowds: Revocation[] = []; // entries of users that are to be kept
  #size = 0;
  #purgedAt = 0;
  #nextPurged = 0;

  constructor(input: RevocationTableInput) {
    const { maxEntries = MAX_ENTRIES } = input;
    const count = Math.min(MAX_PARTS, 2 ** Math.max(0, Math.floor(Math.log2(maxEntries / ENTRIES_A_PART))));
    this.#input = input;
    this.#parts = Array.from({ length: count });
    this.#maxEntriesOfPart = Math.floor(maxEntries / count);
  }

  /** The number of entries, including those that are over and not left out yet. */
  get size(): number {
    return this.#size;
  }

  /** The size of the arrays, in bytes. */
  get byteLength(): number {
    return this.#parts.reduce((sum, part) => sum + (part?.byteLength ?? 0), 0);
  }

  /** Checks whether any revocation of a scope may still count. */
  hasAny(scope: RevocationScope, now: number): boolean {
    return (this.#lastUntil[REVOCATION_SCOPES.indexOf(scope)] ?? 0) > now;
  }

  /** Returns the set of the scopes of which `hasAny` is true. */
  readScopes(now: number): number {
    let scopes = NO_SCOPE;
    for (let index = 0; index < this.#lastUntil.length; index += 1)
      if ((this.#lastUntil[index] as number) > now) scopes |= 1 << index;
    return scopes;
  }

  /** Returns the second before which tokens of a key must have been issued to be rejected; 0 if nothing is revoked. */
  find(key: RevocationKey, now: number): number {
    return this.#parts[this.#toIndex(key)]?.find(key, now) ?? 0;
  }

  /**
   * Adds a revocation, or widens the one of its key: neither its second nor its end is ever lowered.
   * @returns whether anything changed
   */
  merge(revocation: Revocation, now: number): boolean {
    if (revocation.until <= now) return false;
    this.#purgeSome(now);
    const isChanged = this.#change(revocation, (part) => part.merge(revocation, now));
    this.#keepCrowds(now);
    return isChanged;
  }

  /** Lists the revocations that still count. */
  *list(now: number): Generator<Revocation> {
    const lists = this.#parts.map((part) => part?.list(now) ?? []); // all as they stand now
    for (const list of lists) yield* list;
  }

  #change(revocation: Revocation, change: (part: RevocationPart) => boolean): boolean {
    const { scope, key, until } = revocation;
    const index = REVOCATION_SCOPES.indexOf(scope);
    this.#lastUntil[index] = Math.max(until, this.#lastUntil[index] ?? 0);
    const part = (this.#parts[this.#toIndex(key)] ??= this.#createPart());
    const before = part.size;
    const isChanged = change(part);
    this.#size += part.size - before;
    return isChanged;
  }

  #toIndex({ high }: RevocationKey): number {
    return high & (this.#parts.length - 1); // a power of two
  }

  #createPart(): RevocationPart {
    return new RevocationPart({
      maxEntries: this.#maxEntriesOfPart,
      onCrowd: (ofUser) => void this.#crowds.push(ofUser),
      onForgotten: () => this.#input.onFull('full'),
    });
  }

  // The entry of a user belongs to another part than most of the user's sessions.
  #keepCrowds(now: number): void {
    if (this.#crowds.length === 0) return;
    for (const ofUser of this.#crowds.splice(0)) this.#change(ofUser, (part) => part.keep(ofUser, now));
    this.#input.onFull('crowded');
  }

  // Once a minute, a few parts with each revocation.
  #purgeSome(now: number): void {
    if (now - this.#purgedAt < PURGE_SECONDS) return;
    for (const part of this.#parts.slice(this.#nextPurged, this.#nextPurged + PURGED_AT_ONCE)) {
      const before = part?.size ?? 0;
      part?.purge(now);
      this.#size += (part?.size ?? 0) - before;
    }
    this.#nextPurged += PURGED_AT_ONCE;
    if (this.#nextPurged < this.#parts.length) return;
    this.#nextPurged = 0;
    this.#purgedAt = now;
  }
}
