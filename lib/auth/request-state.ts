// The state of a request, which only the request pipeline can read and write; separate for each application of the process.
import type { MaybePromise } from '../core/maybe-promise.js';
import { isThenable } from '../core/maybe-promise.js';
import type { DescopeSession } from '../core/session/session.js';

/** An application, identified by its authenticator. */
export interface Owner {
  readonly authenticator: object;
}

interface RequestState extends Owner {
  /** The session, or its promise. */
  session: MaybePromise<DescopeSession> | undefined;
  /** Whether a guard has accepted the session's kind and audience; until then only guards read it. */
  isAccepted: boolean;
  /** The application's own user, or its promise. */
  loaded: LoadedUser | undefined;
  /** The state of the request in another application of the process; nearly always `undefined`. */
  next: RequestState | undefined;
}

interface LoadedUser {
  readonly user: unknown;
}

interface FoundSession extends Owner {
  readonly session: MaybePromise<DescopeSession>;
  readonly isAccepted?: boolean;
}

// One map for all copies of the package in a process: a decorator of one copy must find the state that a guard of another
// stored. In a profile of an Express server, a weak map costs a third of a private field on the request, which changes the
// request's shape once more.
const STATES = Symbol.for('nestjs-descope:request-states');
const shared = globalThis as { [STATES]?: WeakMap<object, RequestState> };
const states = (shared[STATES] ??= new WeakMap());

/**
 * Finds the session once per request and remembers it, or its promise. A credential that was rejected or could not be
 * checked is remembered too, so that the next guard, or the next field of its GraphQL operation, does not check it again.
 */
export function findOnce(
  key: object,
  authenticator: object,
  find: () => MaybePromise<DescopeSession>,
): MaybePromise<DescopeSession> {
  const state = toState(key, authenticator);
  if (state.session !== undefined) return state.session;
  try {
    return (state.session = find());
  } catch (error) {
    rememberFailure(key, error, authenticator);
    throw error;
  }
}

/** Remembers the session, or its promise, for the rest of the request. */
export function rememberSession(
  key: object,
  { authenticator, session, isAccepted = false }: FoundSession,
): void {
  const state = toState(key, authenticator);
  state.session = session;
  state.isAccepted = isAccepted;
}

/** Remembers that the request's credential was rejected or could not be checked. */
export function rememberFailure(key: object, error: unknown, authenticator: object): void {
  const session = reject(error);
  session.catch(() => undefined); // a public route never reads it
  rememberSession(key, { session, authenticator });
}

async function reject(error: unknown): Promise<DescopeSession> {
  throw error;
}

/** Recalls the session that an application found. */
export function recallSession(key: object, authenticator: object): MaybePromise<DescopeSession> | undefined {
  return find(key, authenticator)?.session;
}

/**
 * Remembers the session and whether a guard has accepted all of it. An accepted session stays accepted when another call
 * of the request accepts less of it.
 */
export function rememberAccepted(
  key: object,
  {
    authenticator,
    session,
    isWhole,
  }: Owner & { readonly session: DescopeSession; readonly isWhole: boolean },
): void {
  const state = toState(key, authenticator);
  if (state.session === session && !isWhole) return;
  state.session = session;
  state.isAccepted = isWhole;
}

/** Recalls the session that a guard has accepted; if several applications have one, the most recent. */
export function recallAccepted(key: object, owners: readonly Owner[]): DescopeSession | undefined {
  for (const { session, isAccepted } of list(key, owners)) {
    if (session !== undefined) return isAccepted && !isThenable(session) ? session : undefined;
  }
  return undefined;
}

/** Remembers the user that the application loaded for the request. */
export function rememberUser(key: object, { authenticator, user }: LoadedUser & Owner): void {
  toState(key, authenticator).loaded = { user };
}

/** Recalls the user that an application loaded. */
export function recallUser(key: object, authenticator: object): LoadedUser | undefined {
  return find(key, authenticator)?.loaded;
}

/** Recalls the user that was loaded; if several applications have one, the most recent. */
export function recallAnyUser(key: object, owners: readonly Owner[]): LoadedUser | undefined {
  return list(key, owners).find(({ loaded }) => loaded !== undefined)?.loaded;
}

/** Checks whether a value is the user that another application has found for the request. */
export function isForeignUser(key: object, user: unknown, authenticator: object): boolean {
  if (user === undefined) return false;
  return list(key).some(({ authenticator: owner, session, loaded }) => {
    const known = session === undefined || isThenable(session) ? undefined : session.user;
    return owner !== authenticator && (known === user || loaded?.user === user);
  });
}

function find(key: object, authenticator: object): RequestState | undefined {
  let state = states.get(key);
  while (state !== undefined && state.authenticator !== authenticator) state = state.next;
  return state;
}

// The state that was used last comes first.
function list(key: object, owners?: readonly Owner[]): readonly RequestState[] {
  const found: RequestState[] = [];
  for (let state = states.get(key); state !== undefined; state = state.next) {
    const { authenticator } = state;
    if (owners?.some((owner) => owner.authenticator === authenticator) ?? true) found.push(state);
  }
  return found;
}

// Moves this application's state to the front; the others keep their order.
function toState(key: object, authenticator: object): RequestState {
  const first = states.get(key);
  if (first?.authenticator === authenticator) return first;
  const state = (first && find(key, authenticator)) ?? createState(authenticator);
  if (first !== undefined) {
    const others = list(key).filter((other) => other !== state);
    for (const [index, other] of others.entries()) other.next = others[index + 1];
    state.next = others[0];
  }
  states.set(key, state);
  return state;
}

function createState(authenticator: object): RequestState {
  return { authenticator, session: undefined, isAccepted: false, loaded: undefined, next: undefined };
}
