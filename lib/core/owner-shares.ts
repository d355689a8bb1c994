// Who holds how many entries of a bounded memory: one owner must not push out what is kept of others.

/** Counts entries by their owner; each call takes the same time however many there are. */
export class OwnerShares {
  readonly #keys = new Map<string, Set<string>>(); // by owner, each from old to new
  readonly #owners = new Map<number, Set<string>>(); // by how many entries they hold
  #most = 0;

  add(owner: string, key: string): void {
    const keys = this.#keys.get(owner) ?? new Set<string>();
    if (keys.has(key)) return;
    this.#keys.set(owner, keys);
    keys.add(key);
    this.#move(owner, keys.size - 1, keys.size);
  }

  remove(owner: string, key: string): void {
    const keys = this.#keys.get(owner);
    if (keys?.delete(key) !== true) return;
    if (keys.size === 0) this.#keys.delete(owner);
    this.#move(owner, keys.size + 1, keys.size);
  }

  /**
   * Names whose entries must make room for another one of `owner`, and gives them from old to new: `owner` itself where
   * nobody holds more, else who holds the most. `undefined` where nobody holds two.
   */
  findCrowd(owner: string): ReadonlySet<string> | undefined {
    if (this.#most < 2) return undefined;
    const own = this.#keys.get(owner);
    if (own?.size === this.#most) return own;
    const largest = this.#owners.get(this.#most)?.values().next().value;
    return largest === undefined ? undefined : this.#keys.get(largest);
  }

  #move(owner: string, from: number, to: number): void {
    const before = this.#owners.get(from);
    before?.delete(owner);
    if (before?.size === 0) this.#owners.delete(from);
    if (to > 0) {
      const now = this.#owners.get(to) ?? new Set<string>();
      this.#owners.set(to, now);
      now.add(owner);
    }
    if (to > this.#most) this.#most = to;
    else if (from === this.#most && !this.#owners.has(from)) this.#most = to;
  }
}
