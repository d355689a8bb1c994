// The sign-ins of the project: one record each, from the first token to the logout.
import type { JsonObject } from '../http/message.js';
import { LatestRecords } from '../latest-records.js';
import { toDigest } from './records.js';

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

/** The times of a token, in seconds since 1970. */
interface TokenTimes {
  readonly iat?: unknown;
  readonly exp?: unknown;
}

interface BoundToken {
  readonly signIn: SignIn;
  readonly issuedSeconds: number;
  readonly expiresSeconds: number;
}

const SIGN_INS = { most: 10_000, mostCharacters: 32 * 1024 * 1024 };
const MAX_TOKENS = 100_000;
const MAX_USERS = 100_000;

/** Keeps the latest sign-ins, and which token belongs to which. One that is forgotten has ended. */
export class SignIns {
  readonly #all = new LatestRecords<SignIn, SignIn>({ ...SIGN_INS, onForget: end });
  readonly #byToken = new Map<string, BoundToken>();
  readonly #allEndedAt = new LatestRecords<string, number>({ most: MAX_USERS });
  // Tokens that are not known were signed by a test, or issued up to this second and forgotten.
  #forgottenSeconds = -Infinity;

  constructor(private readonly nowSeconds: () => number) {}

  /** Adds a sign-in. */
  add(signIn: SignIn): SignIn {
    this.#all.put(signIn, signIn);
    return signIn;
  }

  /** Records that a token belongs to a sign-in, which counts as used. */
  bind(token: string, signIn: SignIn, { iat, exp }: TokenTimes): void {
    if (this.#byToken.size >= MAX_TOKENS) this.#forgetTokens();
    this.#byToken.set(toSignatureTail(token), {
      signIn,
      issuedSeconds: typeof iat === 'number' ? iat : this.nowSeconds(),
      expiresSeconds: typeof exp === 'number' ? exp : Infinity,
    });
    if (!signIn.ended) this.add(signIn);
  }

  /** Finds the sign-in of a token. */
  find(token: string): SignIn | undefined {
    return this.#byToken.get(toSignatureTail(token))?.signIn;
  }

  /** Whether the sign-in of a token has ended. */
  isEnded(token: string, { iat }: TokenTimes): boolean {
    return this.find(token)?.ended ?? (typeof iat === 'number' && iat <= this.#forgottenSeconds);
  }

  /** The sign-ins of a user that are kept, oldest first. */
  of(userId: string): readonly SignIn[] {
    const own = this.#all.all.filter((signIn) => signIn.userId === userId);
    return own.sort((one, other) => one.startedSeconds - other.startedSeconds);
  }

  /** Ends all sign-ins of a user, including those of tokens that a test signed. */
  endAllOf(userId: string, nowSeconds: number): void {
    this.#allEndedAt.put(userId, nowSeconds);
    for (const signIn of this.of(userId)) signIn.ended = true;
  }

  /** Ends and removes all sign-ins; their tokens stay known, or they would count as signed by a test. */
  clear(): void {
    for (const signIn of this.#all.all) end(signIn);
    this.#all.clear();
    this.#allEndedAt.clear();
    // The clock may have been set back.
    this.#forgottenSeconds = Math.min(this.#forgottenSeconds, this.nowSeconds() - 1);
  }

  /** Whether a token without a sign-in was issued before all sign-ins of its user were ended. */
  wasEnded(userId: string, issuedSeconds: number): boolean {
    const endedSeconds = this.#allEndedAt.find(userId) ?? -Infinity;
    return issuedSeconds <= Math.max(endedSeconds, this.#forgottenSeconds);
  }

  // Expired ones first: a session that is refreshed for weeks has thousands of them, and one refresh token.
  #forgetTokens(): void {
    const now = this.nowSeconds();
    for (const [tail, { expiresSeconds }] of this.#byToken)
      if (expiresSeconds <= now) this.#byToken.delete(tail);
    for (const [tail, { issuedSeconds }] of this.#byToken) {
      if (this.#byToken.size <= MAX_TOKENS / 2) return;
      this.#byToken.delete(tail);
      this.#forgottenSeconds = Math.max(this.#forgottenSeconds, issuedSeconds);
    }
  }
}

// Its tokens are still known, and hold on to it.
function end(signIn: SignIn): void {
  Object.assign(signIn, { ended: true, refreshToken: '', callerClaims: {}, customClaims: {}, overrides: {} });
}

// The end of the signature identifies a token, and takes less memory; as a copy, for a slice would keep all of it.
function toSignatureTail(token: string): string {
  return Buffer.from(token.slice(-48), 'latin1').toString('latin1');
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
    const taken = this.#takenFor(toDigest(JSON.stringify(rest)));
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
