// Remembers the application's own users between requests, each for one session token; forgets those that have changed.
import type { Clock } from '../clock.js';
import { ExpiringCache } from '../expiring-cache.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { Revocation, RevocationKey } from '../revocation/revocation.js';
import { toRevocationKey } from '../revocation/revocation.js';
import { detach } from '../token/decode.js';
import type { SignedInSession } from './session.js';

const TAIL_LENGTH = 64; // 48 bytes of a signature; the shortest of the accepted algorithms has 64
const JOIN_MS = 10_000;

/** The bounds of the cache. */
export interface UserCacheConfig {
  readonly ttlMs: number;
  readonly maxEntries: number;
}

/** The input of `UserCache`. */
export interface UserCacheInput {
  readonly config: UserCacheConfig;
  readonly clock: Clock;
  readonly projectId: string;
}

interface Load {
  readonly owner: string;
  readonly sinceMs: number;
  readonly user: Promise<unknown>;
}

/**
 * Remembers what `loadUser` returned for a session token, and nothing else: another tenant, another role, an impersonation or
 * another sign-in has a token of its own. So no user is ever read with claims other than those it was loaded with.
 */
export class UserCache {
  readonly #input: UserCacheInput;
  #users: ExpiringCache<unknown>; // owned by Descope's user, so that one with many tokens evicts its own
  readonly #loads = new Map<string, Load>(); // from old to new; only those whose result is kept

  constructor(input: UserCacheInput) {
    this.#input = input;
    this.#users = this.#create();
  }

  /** The number of users in memory, including expired ones that were not removed yet. */
  get size(): number {
    return this.#users.size;
  }

  /**
   * Returns the user of a session, synchronously if it is remembered; otherwise loads it, or joins the load of another request.
   * A rejection reaches all who wait, and is not remembered.
   */
  getOrLoad(session: SignedInSession, load: () => Promise<unknown>): MaybePromise<unknown> {
    const key = toKey(session);
    if (key === undefined) return load();
    const user = this.#users.get(key);
    if (user !== undefined) return user;
    const underWay = this.#loads.get(key);
    if (underWay !== undefined && this.#isRecent(underWay)) return underWay.user;
    return this.#load(key, session, load);
  }

  /** Forgets the users whom a revocation names. Also one that rejects no token: it says that a user has changed. */
  hear({ scope, key, owner }: Revocation): void {
    if (this.#users.size + this.#loads.size === 0) return;
    if (scope === 'user') this.#forget(toOwner(key));
    else if (scope === 'session') this.#forget(toOwner(owner));
    else this.#clear(); // those of a tenant or a key are not known by its id
  }

  #load(given: string, session: SignedInSession, load: () => Promise<unknown>): Promise<unknown> {
    const key = given.slice(0, -TAIL_LENGTH) + detach(given.slice(-TAIL_LENGTH)); // or the header of the request stays, too
    const { clock, projectId, config } = this.#input;
    const owner = toOwner(toRevocationKey(projectId, 'user', session.user.id));
    const loading: Load = { owner, sinceMs: clock(), user: load() };
    this.#loads.delete(key); // so that it becomes the newest
    const [oldest] = this.#loads.keys();
    if (oldest !== undefined && this.#loads.size >= config.maxEntries) this.#loads.delete(oldest);
    this.#loads.set(key, loading);
    const settle = (user?: unknown): void => {
      if (this.#loads.get(key) !== loading) return; // what was loaded may be older than what has changed since
      this.#loads.delete(key);
      if (user !== undefined) this.#users.set(key, user, { untilMs: this.#toEnd(session), owner });
    };
    loading.user.then(settle, () => settle()); // the callers that await it handle a rejection
    return loading.user;
  }

  #toEnd({ claims }: SignedInSession): number {
    return Math.min(this.#input.clock() + this.#input.config.ttlMs, 1000 * claims.exp || 0);
  }

  // A load that hangs must not hold up a user for ever.
  #isRecent({ sinceMs }: Load): boolean {
    const ageMs = this.#input.clock() - sinceMs;
    return ageMs >= 0 && ageMs < JOIN_MS;
  }

  #forget(owner: string): void {
    this.#users.deleteOwned(owner);
    for (const [key, load] of this.#loads) if (load.owner === owner) this.#loads.delete(key);
  }

  #clear(): void {
    this.#users = this.#create();
    this.#loads.clear();
  }

  #create(): ExpiringCache<unknown> {
    const { clock, config } = this.#input;
    return new ExpiringCache({ clock, maxEntries: config.maxEntries });
  }
}

// The end of a signature stands for the token: nobody but Descope can make two with the same end. `undefined` for the session
// of a guard of the application, whose token is none that Descope has signed. What a session has beside its token is in the
// key, too.
function toKey({ token, user, sentByBrowser }: SignedInSession): string | undefined {
  const end = typeof token === 'string' ? token.lastIndexOf('.') : -1;
  if (end < 0 || token.length - end <= TAIL_LENGTH) return undefined;
  return `${sentByBrowser} ${user.kind} ${user.id} ${token.slice(-TAIL_LENGTH)}`;
}

function toOwner({ high, low }: RevocationKey): string {
  return `${high}:${low}`;
}
