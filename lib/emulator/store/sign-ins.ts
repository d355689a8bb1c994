// The sign-ins of the project: one record each, from the first token to the logout.
import type { JsonObject } from '../http/message.js';

/** A sign-in, from the first token to the logout. */
export interface SignIn {
  readonly userId: string;
  readonly startedSeconds: number;
  /** When its latest session token was issued, in seconds since 1970; absent before the first. */
  activeSeconds?: number;
  amr: readonly string[];
  /** The tenant it has selected. */
  tenantId?: string | undefined;
  /** Claims of the caller, which tokens carry in `nsec`. */
  callerClaims: JsonObject;
  /** Claims that a management call has added. */
  customClaims: JsonObject;
  /** Claims of a test, which replace any others in session tokens. */
  overrides: JsonObject;
  /** When its refresh token expires, in seconds since 1970. */
  refreshEndsSeconds: number;
  /** The current refresh token; with rotation only this one is valid. */
  refreshToken: string;
  ended: boolean;
}

/** Keeps sign-ins, and which token belongs to which. */
export class SignIns {
  #all: SignIn[] = [];
  readonly #byToken = new Map<string, SignIn>();
  readonly #allEndedAt = new Map<string, number>();

  /** Adds a sign-in. */
  add(signIn: SignIn): SignIn {
    this.#all.push(signIn);
    return signIn;
  }

  /** Records that a token belongs to a sign-in. */
  bind(token: string, signIn: SignIn): void {
    this.#byToken.set(toSignatureTail(token), signIn);
  }

  /** Finds the sign-in of a token. */
  find(token: string): SignIn | undefined {
    return this.#byToken.get(toSignatureTail(token));
  }

  /** The sign-ins of a user, oldest first. */
  of(userId: string): readonly SignIn[] {
    return this.#all.filter((signIn) => signIn.userId === userId);
  }

  /** Ends all sign-ins of a user, including those of tokens that a test signed. */
  endAllOf(userId: string, nowSeconds: number): void {
    this.#allEndedAt.set(userId, nowSeconds);
    for (const signIn of this.of(userId)) signIn.ended = true;
  }

  /** Ends and removes all sign-ins; their tokens stay known, or they would count as signed by a test. */
  clear(): void {
    for (const signIn of this.#all) signIn.ended = true;
    this.#all = [];
    this.#allEndedAt.clear();
  }

  /** Whether a token without a sign-in was issued before all sign-ins of its user were ended. */
  wasEnded(userId: string, issuedSeconds: number): boolean {
    return issuedSeconds <= (this.#allEndedAt.get(userId) ?? -Infinity);
  }
}

// The end of the signature identifies a token, and takes less memory.
function toSignatureTail(token: string): string {
  return token.slice(-48);
}

/** Writes sign-ins as the entries of Descope's history. */
export function toHistory(signIns: readonly SignIn[]): readonly JsonObject[] {
  return signIns.map((signIn) => ({
    userId: signIn.userId,
    loginTime: signIn.startedSeconds,
    city: '',
    country: '',
    ip: '127.0.0.1',
  }));
}

/** The options of a client for its sign-in. */
export interface LoginOptions {
  /** Claims that tokens carry in `nsec`. */
  readonly callerClaims: JsonObject;
  readonly tenantId?: string | undefined;
  readonly stepUp: boolean;
  readonly revokeOtherSessions: boolean;
  /** The sign-in that a step-up or a second factor extends. */
  readonly earlier?: SignIn | undefined;
}

/** No login options. */
export const NO_LOGIN_OPTIONS: LoginOptions = { callerClaims: {}, stepUp: false, revokeOtherSessions: false };

const MAX_CLAIMS = 10_000;

/** Keeps tokens distinct: no two with the same claims have the same `iat`. */
export class IssueTimes {
  readonly #taken = new Map<string, Set<number>>();

  // RSA signatures are deterministic: with the same claims, two sign-ins would have one token, and one logout would
  // end both. Descope's tokens have no id, so a token is dated a second before the earlier ones with its claims.
  /** Returns the claims, with an earlier `iat` where a token with the same claims was issued. */
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
    if (this.#taken.size >= MAX_CLAIMS) this.#forgetOldest();
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
