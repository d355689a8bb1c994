// Descope's profiles of users, kept for a minute: Descope limits the rate, and a page may ask often.
import { Inject, Injectable } from '@nestjs/common';
import { DESCOPE_CONFIG } from '../../auth/injection-tokens.js';
import type { DescopeConfig } from '../../core/config/config.js';

const KEEP_MS = 60_000;
const MAX_PROFILES = 1_000;

interface KeptProfile {
  readonly profile: Promise<unknown>;
  readonly untilMs: number;
}

@Injectable()
export class Profiles {
  // In the order in which they were asked for, so that the first ends first.
  readonly #kept = new Map<string, KeptProfile>();

  constructor(@Inject(DESCOPE_CONFIG) private readonly config: DescopeConfig) {}

  /** Gives a user's profile, at most a minute old; joins who is asking for it. A failure is not kept. */
  get(userId: string, ask: () => Promise<unknown>): Promise<unknown> {
    this.#dropOld();
    const known = this.#kept.get(userId);
    if (known !== undefined) return known.profile;
    const profile = ask();
    if (this.#kept.size >= MAX_PROFILES) this.#dropFirst();
    this.#kept.set(userId, { profile, untilMs: this.config.clock() + KEEP_MS });
    profile.catch(() => this.#kept.get(userId)?.profile === profile && this.forget(userId));
    return profile;
  }

  /** Forgets the profile of a user who signed out. */
  forget(userId: string): void {
    this.#kept.delete(userId);
  }

  // What is personal must not stay in memory for longer than it is of use.
  #dropOld(): void {
    for (const [userId, { untilMs }] of this.#kept) {
      if (untilMs > this.config.clock()) return;
      this.#kept.delete(userId);
    }
  }

  #dropFirst(): void {
    const first = this.#kept.keys().next();
    if (first.done !== true) this.#kept.delete(first.value);
  }
}
