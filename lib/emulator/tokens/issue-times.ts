// Sees to it that no two tokens are alike, even when they carry the same claims within the same second.
import type { JsonObject } from '../http/call.js';

const KEPT = 10_000;

/** Remembers when which claims were issued. */
export class IssueTimes {
  readonly #taken = new Map<string, Set<number>>();

  // RSA signatures are the same for the same claims, and then one logout would end two sign-ins. Descope's tokens
  // carry no id of their own, so the later token says that it was issued a second before any that is like it.
  /** The same claims, with an `iat` that no token like it has had. */
  distinguish(claims: JsonObject): JsonObject {
    const { iat, ...rest } = claims;
    if (typeof iat !== 'number') return claims;
    const taken = this.#takenFor(JSON.stringify(rest));
    let second = iat;
    while (taken.has(second)) second -= 1;
    taken.add(second);
    return { ...claims, iat: second };
  }

  #takenFor(key: string): Set<number> {
    const taken = this.#taken.get(key) ?? new Set<number>();
    if (this.#taken.size >= KEPT) this.#forgetOldest();
    this.#taken.set(key, taken);
    return taken;
  }

  #forgetOldest(): void {
    for (const oldest of this.#taken.keys()) {
      this.#taken.delete(oldest);
      return;
    }
  }
}
