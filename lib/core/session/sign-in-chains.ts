// The tokens of one sign-in as a chain, because tokens do not name it.
import type { Clock } from '../clock.js';
import { DescopeCredentialError } from '../errors.js';
import type { DigestedToken } from '../revocation/ahead-tokens.js';
import { toTokenKey } from '../revocation/ahead-tokens.js';
import type { KeyValueStore } from '../store/key-value-store.js';
import { decodeToken } from '../token/decode.js';

const MAX_TOKENS = 100_000;
const MAX_OF_ONE_SUBJECT = 500;
const MAX_SESSIONS = 100;
const MAX_REFRESH_TOKENS = 10; // Descope accepts the newest only
const LEEWAY_MS = 60_000; // the greatest leewaySeconds, for which a token is accepted after its end
const MAX_STEPS = 3;
const PREFIX = 'nestjs-descope:sign-in:';
const TOKEN = /^([sr])([A-Za-z0-9_-]{43})=(\d{1,16})$/;

/** A token by its key in the revocation list, and its end. */
export interface ChainedToken extends DigestedToken {
  readonly isRefresh: boolean;
}

/** Tokens of one sign-in; the others were issued for the first refresh token. */
export interface TokensOfOneSignIn {
  readonly refresh: readonly string[];
  readonly sessions: readonly string[];
}

interface Chain {
  readonly subject: string;
  tokens: Map<string, ChainedToken>;
}

// Not an `ExpiringCache`: a chain is kept and dropped as a whole, has a key for each of its tokens, and is merged with
// another chain when a token of both is linked.
export class SignInChains {
  readonly #clock: Clock;
  readonly #store: KeyValueStore | undefined;
  readonly #chains = new Map<string, Chain>(); // by each of their tokens
  readonly #subjects = new Map<string, Set<Chain>>(); // the latest at the end

  /** Shares chains through a store, if there is one. */
  constructor(clock: Clock, store: KeyValueStore | undefined) {
    this.#clock = clock;
    this.#store = store;
  }

  /** Links tokens of one sign-in. Never rejects: a store that is down must not sign users out. */
  async link(subject: string, { refresh, sessions }: TokensOfOneSignIn): Promise<void> {
    const tokens = [
      ...refresh.map((token) => toChained(token, true)),
      ...sessions.map((token) => toChained(token, false)),
    ].filter((token) => token !== undefined);
    const distinct = [...new Map(tokens.map((token) => [token.key, token])).values()];
    if (distinct.length < 2) return;
    this.#keep(subject, distinct);
    if (this.#store !== undefined) await share(this.#store, distinct, this.#clock()).catch(() => undefined); // reported by the bounded store
  }

  /** Finds the known tokens of the same sign-ins in this process, including the given ones. */
  find(tokens: readonly string[]): readonly ChainedToken[] {
    const found = new Map<string, ChainedToken>();
    for (const token of tokens)
      for (const [key, chained] of this.#chains.get(toTokenKey(token))?.tokens ?? []) found.set(key, chained);
    return [...found.values()];
  }

  /** Like `find`, with the tokens of other instances. Rejects if the store cannot be reached. */
  async findShared(tokens: readonly string[]): Promise<readonly ChainedToken[]> {
    const found = new Map(this.find(tokens).map((token) => [token.key, token]));
    const store = this.#store;
    const visited = new Set<string>();
    let next = new Set([...tokens.map(toTokenKey), ...found.keys()]);
    for (let step = 0; store !== undefined && next.size > 0 && step < MAX_STEPS; step += 1) {
      for (const key of next) visited.add(key);
      const entries = await Promise.all([...next].map((key) => read(store, key)));
      for (const token of entries.flat()) found.set(token.key, token);
      next = new Set([...found.keys()].filter((key) => !visited.has(key)));
    }
    return [...found.values()];
  }

  #keep(subject: string, tokens: readonly ChainedToken[]): void {
    const known = tokens.map(({ key }) => this.#chains.get(key));
    const met = new Set(known.filter((chain) => chain !== undefined && chain.subject === subject));
    const all = new Map([...met].flatMap((chain) => [...(chain?.tokens ?? [])]));
    for (const token of tokens) all.set(token.key, token);
    for (const chain of met) if (chain !== undefined) this.#drop(chain);
    const chain = { subject, tokens: choose(all, this.#clock()) };
    for (const key of chain.tokens.keys()) this.#chains.set(key, chain);
    const own = this.#subjects.get(subject) ?? new Set<Chain>();
    this.#subjects.delete(subject);
    this.#subjects.set(subject, own.add(chain));
    this.#makeRoom(own, chain);
  }

  // First among the chains of the same user, so that one user cannot evict those of others; then the least recently used.
  #makeRoom(own: ReadonlySet<Chain>, latest: Chain): void {
    let count = 0;
    for (const chain of own) count += chain.tokens.size;
    for (const chain of own) {
      if (count <= MAX_OF_ONE_SUBJECT || chain === latest) break;
      count -= chain.tokens.size;
      this.#drop(chain);
    }
    const now = this.#clock();
    for (const [, chains] of this.#subjects) {
      const isOver = [...chains].every((chain) => choose(chain.tokens, now).size === 0);
      if ((this.#chains.size <= MAX_TOKENS && !isOver) || chains === own) return;
      for (const chain of chains) this.#drop(chain);
    }
  }

  #drop(chain: Chain): void {
    for (const key of chain.tokens.keys()) if (this.#chains.get(key) === chain) this.#chains.delete(key);
    const own = this.#subjects.get(chain.subject);
    own?.delete(chain);
    if (own?.size === 0) this.#subjects.delete(chain.subject);
  }
}

// The entry of each token names the tokens of its chain. Two instances may write an entry at the same time: an instance that
// reads back another value merges and writes again.
async function share(store: KeyValueStore, tokens: readonly ChainedToken[], nowMs: number): Promise<void> {
  const [first, ...others] = tokens;
  if (first === undefined) return;
  const all = await merge(store, { to: first, tokens: others, nowMs });
  // The entries of refresh tokens name all tokens that have not ended, so that a sign-out need not follow the whole chain.
  await Promise.all(
    others.map((to) => merge(store, { to, tokens: to.isRefresh ? [first, ...all] : [first], nowMs })),
  );
}

async function merge(
  store: KeyValueStore,
  { to, tokens, nowMs }: { to: ChainedToken; tokens: readonly ChainedToken[]; nowMs: number },
): Promise<readonly ChainedToken[]> {
  const ttlMs = Math.ceil(to.untilMs + LEEWAY_MS - nowMs);
  const wanted = [...choose(new Map(tokens.map((token) => [token.key, token])), nowMs).values()];
  for (let turn = 0; turn < MAX_STEPS; turn += 1) {
    const there = await read(store, to.key);
    const all = new Map([...there, ...wanted].map((token) => [token.key, token]));
    all.delete(to.key);
    if (ttlMs <= 0 || all.size === there.length) return there;
    const text = [...choose(all, nowMs).values()].map(toText).join(' ');
    await store.set(PREFIX + to.key, text, ttlMs);
  }
  return wanted;
}

async function read(store: KeyValueStore, key: string): Promise<readonly ChainedToken[]> {
  const text = await store.get(PREFIX + key);
  if (text === undefined || text === null) return [];
  if (typeof text === 'string') {
    const tokens = text.split(' ').map(fromText);
    if (tokens.every((token) => token !== undefined)) return tokens;
  }
  throw new Error('The shared.store returned a value other than the one that was written.');
}

function toText({ key, untilMs, isRefresh }: ChainedToken): string {
  return `${isRefresh ? 'r' : 's'}${key.slice('token:'.length)}=${untilMs}`;
}

function fromText(text: string): ChainedToken | undefined {
  const [, kind, digest, untilMs] = TOKEN.exec(text) ?? [];
  return digest === undefined
    ? undefined
    : { key: `token:${digest}`, untilMs: Number(untilMs), isRefresh: kind === 'r' };
}

// Tokens that have not ended; if there are too many, the last ones to end.
function choose(tokens: ReadonlyMap<string, ChainedToken>, nowMs: number): Map<string, ChainedToken> {
  const living = [...tokens.values()]
    .filter(({ untilMs }) => untilMs + LEEWAY_MS > nowMs)
    .sort((one, other) => other.untilMs - one.untilMs);
  const refresh = living.filter(({ isRefresh }) => isRefresh).slice(0, MAX_REFRESH_TOKENS);
  const sessions = living.filter(({ isRefresh }) => !isRefresh).slice(0, MAX_SESSIONS);
  return new Map([...refresh, ...sessions].map((token) => [token.key, token]));
}

// Unverified: being in a chain can only lead to a rejection.
function toChained(token: string, isRefresh: boolean): ChainedToken | undefined {
  try {
    const { exp, iat } = decodeToken(token).payload;
    if (typeof exp !== 'number') return undefined;
    const issuedAt = typeof iat === 'number' ? iat : undefined;
    return { key: toTokenKey(token), untilMs: Math.ceil(exp * 1000), isRefresh, issuedAt };
  } catch (error) {
    if (error instanceof DescopeCredentialError) return undefined;
    throw error;
  }
}
