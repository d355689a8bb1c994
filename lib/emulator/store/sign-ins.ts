// The sign-ins of the project: one record each, from the first token to the logout.
import type { JsonObject } from '../http/message.js';

/** A sign-in, which lives through all its refreshes. */
export interface SignIn {
  readonly userId: string;
  readonly startedSeconds: number;
  amr: readonly string[];
  /** The tenant it has selected. */
  tenantId?: string | undefined;
  /** Claims that the caller supplied, which stand under `nsec`. */
  callerClaims: JsonObject;
  /** Claims that the project's backend has added. */
  customClaims: JsonObject;
  /** Claims that a test put over all others in its session tokens. */
  overrides: JsonObject;
  /** When its refresh token ends, in seconds since 1970. */
  refreshEndsSeconds: number;
  /** The refresh token that counts; with rotation the earlier ones do not. */
  refreshToken: string;
  ended: boolean;
}

/** Keeps sign-ins, and knows which token belongs to which. */
export class SignIns {
  #all: SignIn[] = [];
  readonly #byToken = new Map<string, SignIn>();
  readonly #allEndedAt = new Map<string, number>();

  /** Remembers a sign-in. */
  add(signIn: SignIn): SignIn {
    this.#all.push(signIn);
    return signIn;
  }

  /** Remembers that a token belongs to a sign-in. */
  bind(token: string, signIn: SignIn): void {
    this.#byToken.set(toSignatureTail(token), signIn);
  }

  /** The sign-in of a token. */
  find(token: string): SignIn | undefined {
    return this.#byToken.get(toSignatureTail(token));
  }

  /** The sign-ins of a user, oldest first. */
  of(userId: string): readonly SignIn[] {
    return this.#all.filter((signIn) => signIn.userId === userId);
  }

  /** Ends all sign-ins of a user, also those that only a token knows about. */
  endAllOf(userId: string, nowSeconds: number): void {
    this.#allEndedAt.set(userId, nowSeconds);
    for (const signIn of this.of(userId)) signIn.ended = true;
  }

  /** Ends and forgets all sign-ins; their tokens stay known, or they would count as minted by a test. */
  clear(): void {
    for (const signIn of this.#all) signIn.ended = true;
    this.#all = [];
    this.#allEndedAt.clear();
  }

  /** Says whether a token that no sign-in knows was issued before all of its user's ended. */
  wasEnded(userId: string, issuedSeconds: number): boolean {
    return issuedSeconds <= (this.#allEndedAt.get(userId) ?? -Infinity);
  }
}

/** The end of a token's signature names it well enough, and is shorter than the token. */
function toSignatureTail(token: string): string {
  return token.slice(-48);
}

/** Sign-ins as Descope's history lists them. */
export function toHistory(signIns: readonly SignIn[]): readonly JsonObject[] {
  return signIns.map((signIn) => ({
    userId: signIn.userId,
    loginTime: signIn.startedSeconds,
    city: '',
    country: '',
    ip: '127.0.0.1',
  }));
}

/** The filters of a client for its sign-in. */
export interface LoginOptions {
  /** Go into the token under `nsec`. */
  readonly callerClaims: JsonObject;
  readonly tenantId?: string | undefined;
  readonly stepUp: boolean;
  readonly revokeOtherSessions: boolean;
  /** The sign-in that a step-up or a second factor builds on. */
  readonly earlier?: SignIn | undefined;
}

/** A sign-in without filters. */
export const NO_LOGIN_OPTIONS: LoginOptions = { callerClaims: {}, stepUp: false, revokeOtherSessions: false };

const KEPT = 10_000;

/** Remembers when which claims were issued. */
export class IssueTimes {
  readonly #taken = new Map<string, Set<number>>();

  // RSA signatures are the same for the same claims, and then one logout would end two sign-ins. Descope's tokens
  // carry no id of their own, so the later token says that it was issued a second before any that is like it.
  /** The same claims, with an `iat` that no token like it has had. */
  toUnique(claims: JsonObject): JsonObject {
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
