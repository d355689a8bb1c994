// The keys of authenticator apps: those of users, and those that no code has confirmed yet.
import { LatestRecords } from '../latest-records.js';
import { findStep } from './totp.js';

/** A key that is not a user's yet. */
export interface PendingKey<NewUser> {
  readonly key: Buffer;
  /** The user whom the first code creates; absent if the key is for a user who exists. */
  readonly newUser?: NewUser | undefined;
  /** The user for whom the key is; absent if the first code creates one. */
  readonly userId?: string | undefined;
}

interface UserKey {
  readonly key: Buffer;
  readonly lastStep: number;
}

/** Keeps keys by user id, and unconfirmed ones by login id. */
export class TotpKeys<NewUser> {
  readonly #byUser = new Map<string, UserKey>();
  readonly #pending = new LatestRecords<string, PendingKey<NewUser>>({ most: 1000 });

  /** Whether a user has an authenticator app. */
  has(userId: string): boolean {
    return this.#byUser.has(userId);
  }

  /** Gives a user a key; codes up to `lastStep` are used up. */
  set(userId: string, key: Buffer, lastStep = -1): void {
    this.#byUser.set(userId, { key, lastStep });
  }

  /** Removes the key of a user. */
  remove(userId: string): void {
    this.#byUser.delete(userId);
  }

  /** Takes a code of a user's key; a code is valid once. */
  accept(userId: string, code: string, seconds: number): boolean {
    const known = this.#byUser.get(userId);
    const step = known && findStep(known.key, code, { seconds, after: known.lastStep });
    if (known === undefined || step === undefined) return false;
    this.set(userId, known.key, step);
    return true;
  }

  /** Keeps a key until its first code; above 1000, the oldest is forgotten. */
  addPending(loginId: string, pending: PendingKey<NewUser>): void {
    this.#pending.put(loginId, pending);
  }

  /** Takes the first code of an unconfirmed key; returns the key, and the step that is used up. */
  confirm(
    loginId: string,
    code: string,
    seconds: number,
  ): (PendingKey<NewUser> & { readonly step: number }) | undefined {
    const pending = this.#pending.find(loginId);
    const step = pending && findStep(pending.key, code, { seconds, after: -1 });
    if (pending === undefined || step === undefined) return undefined;
    this.#pending.remove(loginId);
    return { ...pending, step };
  }
}
