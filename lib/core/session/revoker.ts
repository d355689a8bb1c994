// Revokes sign-ins, and all that was issued to a user, tenant or access key before now: here, elsewhere, and at Descope.
import { setTimeout as sleep } from 'node:timers/promises';
import { DescopeApiError } from '../api/descope-api.js';
import type { DescopeTime } from '../api/descope-time.js';
import type { Clock } from '../clock.js';
import type { Notify } from '../logging.js';
import { toReason } from '../request-failure.js';
import { toTokenKey } from '../revocation/ahead-tokens.js';
import type { DatedRevocation, Revocations } from '../revocation/revocations.js';
import type { DescopeClaims } from '../token/claims.js';
import { readSubjectId } from '../token/claims.js';
import type { HeldToken } from './held-tokens.js';
import type { ChainedToken, SignInChains } from './sign-in-chains.js';

// Long enough for every request and refresh that is under way; Descope itself rejects the token from then on.
const ENDED_MS = 600_000;

/**
 * Which instances reject what was revoked: `'shared'`, all of them, as soon as they hear of it; `'pending'`, this one only,
 * because the channel or store could not be reached; `'local'`, this one only, because nothing is shared.
 */
export type RevocationReach = 'shared' | 'pending' | 'local';

/** What Descope did when it was told. */
export type DescopeRevocationOutcome = 'done' | 'rejected' | 'unavailable';

/** The result of a revocation. */
export interface Revoked<Outcome = DescopeRevocationOutcome | undefined> {
  readonly reach: RevocationReach;
  readonly atDescope: Outcome;
}

/** A token that was revoked, with the known tokens of its sign-in. */
export interface RevokedSignIn {
  readonly of: HeldToken;
  readonly tokens: readonly ChainedToken[];
}

/** The sign-ins that were revoked. */
export interface RevokedSignIns {
  /** Whether they are stored for the other instances, if there is a store or channel. */
  readonly isStored: boolean;
  readonly signIns: readonly RevokedSignIn[];
}

/** The input of `Revoker`. */
export interface RevokerInput {
  readonly revocations: Revocations;
  readonly signIns: SignInChains;
  readonly time: DescopeTime;
  readonly clock: Clock;
  readonly notify: Notify;
}

export class Revoker {
  readonly #input: RevokerInput;

  constructor(input: RevokerInput) {
    this.#input = input;
  }

  /**
   * Revokes tokens and all other tokens that were issued for their sign-ins, here and by other instances: a session token
   * from before a refresh is valid until it expires. Refresh tokens are revoked for ten minutes, which is enough for those
   * that Descope ends; `prolong` the others.
   */
  async revokeSignIns(held: readonly HeldToken[]): Promise<RevokedSignIns> {
    const { signIns } = this.#input;
    const known = held.map((of) => ({ of, tokens: distinct([toChained(of), ...signIns.find([of.token])]) }));
    const [isKnownStored, shared] = await Promise.all([
      this.#revoke(known, ENDED_MS),
      Promise.all(known.map((signIn) => this.#findShared(signIn))),
    ]);
    const found = shared.filter((signIn) => signIn !== undefined);
    const areFoundStored = await this.#revoke(found, ENDED_MS);
    const isStored = isKnownStored && areFoundStored && found.length === held.length;
    return { isStored, signIns: [...known, ...found] };
  }

  /** Revokes the refresh tokens of sign-ins until they end, except those that Descope has ended. */
  async prolong(signIns: readonly RevokedSignIn[], endedAtDescope: readonly HeldToken[]): Promise<boolean> {
    const ended = signIns.filter(({ of }) => endedAtDescope.includes(of)).flatMap(({ tokens }) => tokens);
    const keys = new Set(ended.map(({ key }) => key));
    const isLong = ({ isRefresh, key, untilMs }: ChainedToken) =>
      isRefresh && !keys.has(key) && untilMs > this.#input.clock() + ENDED_MS;
    const others = signIns.map(({ of, tokens }) => ({ of, tokens: tokens.filter(isLong) }));
    return this.#revoke(others, Number.POSITIVE_INFINITY);
  }

  /**
   * Revokes all tokens of a scope that were issued before now. Descope dates tokens by its own clock, to the second: all of
   * its present second is included, and the promise resolves when this second is over, so that a sign-in after that is
   * accepted. What is certainly older is rejected at once, before Descope is told.
   */
  async revokeBeforeNow(
    { scope, id }: Pick<DatedRevocation, 'scope' | 'id'>,
    tellDescope: () => Promise<DescopeRevocationOutcome | undefined> = async () => undefined,
  ): Promise<Revoked> {
    const { time, clock, revocations } = this.#input;
    const startedAtMs = clock();
    const revoke = (seconds: number): Promise<boolean> => {
      const dated = { scope, ...(id !== undefined && { id }), issuedBeforeMs: seconds * 1000 };
      return this.#attempt(() => revocations.revokeBefore(dated));
    };
    const [atDescope] = await Promise.all([tellDescope(), revoke(time.readEarliest())]);
    const { seconds, lastsMs } = time.read(startedAtMs);
    const [isStored] = await Promise.all([revoke(seconds), sleep(lastsMs)]);
    return { reach: this.toReach(isStored), atDescope };
  }

  /**
   * Tells Descope, and reports a failure. With `isOfToken`, a 401 shows that the session of the token had ended already; what
   * else Descope rejects, it would reject again.
   */
  async tell(step: () => Promise<void>, isOfToken: boolean): Promise<DescopeRevocationOutcome> {
    try {
      await step();
      return 'done';
    } catch (error) {
      const isRejected = error instanceof DescopeApiError;
      if (isRejected && isOfToken && error.status === 401) return 'done';
      this.#report(error);
      return isRejected ? 'rejected' : 'unavailable';
    }
  }

  /** Converts the result of an attempt to store a revocation. */
  toReach(isStored: boolean): RevocationReach {
    if (this.#input.revocations.sharing === undefined) return 'local';
    return isStored ? 'shared' : 'pending';
  }

  // Without the tokens that are revoked already; `undefined` if the store cannot be reached.
  async #findShared({ of, tokens }: RevokedSignIn): Promise<RevokedSignIn | undefined> {
    try {
      const shared = await this.#input.signIns.findShared([of.token]);
      return { of, tokens: shared.filter(({ key }) => tokens.every((token) => token.key !== key)) };
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }

  async #revoke(signIns: readonly RevokedSignIn[], refreshMs: number): Promise<boolean> {
    const { revocations, clock } = this.#input;
    const endMs = clock() + refreshMs;
    const bySubject = new Map<string, { claims: DescopeClaims; tokens: ChainedToken[] }>();
    for (const { of, tokens } of signIns) {
      const subject = readSubjectId(of.claims);
      const own = bySubject.get(subject) ?? { claims: of.claims, tokens: [] };
      bySubject.set(subject, own);
      own.tokens.push(...tokens);
    }
    const attempts = [...bySubject.values()].map(({ claims, tokens }) => {
      const bounded = distinct(tokens).map((token) =>
        token.isRefresh ? { ...token, untilMs: Math.min(token.untilMs, endMs) } : token,
      );
      return this.#attempt(() => revocations.revokeDigested(bounded, claims));
    });
    return (await Promise.all(attempts)).every(Boolean);
  }

  async #attempt(step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      return true;
    } catch (error) {
      this.#report(error);
      return false;
    }
  }

  #report(error: unknown): void {
    const message = `A sign-out or revocation was not completed everywhere (${toReason(error)}). This process rejects the tokens until they expire.`;
    this.#input.notify({ code: 'SIGN_OUT_INCOMPLETE', level: 'warn', message });
  }
}

function distinct(tokens: readonly ChainedToken[]): readonly ChainedToken[] {
  return [...new Map(tokens.map((token) => [token.key, token])).values()];
}

function toChained({ token, claims, isRefresh }: HeldToken): ChainedToken {
  return { key: toTokenKey(token), untilMs: claims.exp * 1000, issuedAt: claims.iat ?? 0, isRefresh };
}
