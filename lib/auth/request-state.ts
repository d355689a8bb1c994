// Remembers a session per request, where nobody but the request pipeline can write it: for each application of the process its own.
import type { MaybePromise } from '../core/maybe-promise.js';
import { isThenable } from '../core/maybe-promise.js';
import type { DescopeSession } from '../core/session/session.js';

/** An application, by what it finds out with who calls. */
export interface Owner {
  readonly authenticator: object;
}

interface Remembered extends Owner {
  readonly session: MaybePromise<DescopeSession>;
  /** Whether a guard has found that its kind and audience may come in; what was only found out is for guards alone. */
  readonly isAdmitted?: boolean;
}

interface LoadedUser extends Owner {
  readonly user: unknown;
}

// One value for each object, kept on the object itself where nobody else can see it, copy it or write it.

/** What a weak map does, and costs. */
export interface ObjectMemory<Value> {
  get(object: object): Value | undefined;
  /** Keeps a value; `undefined` forgets it. */
  set(object: object, value: Value | undefined): void;
}

// Hands back what it is given, so that a subclass puts its private fields on that.
class Given {
  constructor(object: object) {
    return object;
  }
}

/**
 * Creates a memory. A weak map with an entry for every request makes each collection of garbage dearer: a microsecond a
 * request, where the private field of a passing object costs a twentieth of that. An object that takes no properties is
 * to take no private fields either (a proposal before TC39), so those do stand in a weak map.
 */
export function createObjectMemory<Value>(): ObjectMemory<Value> {
  const fixed = new WeakMap<object, Value | undefined>();
  return class Memory extends Given {
    #value: Value | undefined;

    static get(object: object): Value | undefined {
      if (#value in object) return object.#value;
      return Object.isExtensible(object) ? undefined : fixed.get(object);
    }

    static set(object: object, value: Value | undefined): void {
      if (#value in object) object.#value = value;
      else if (!Object.isExtensible(object)) fixed.set(object, value);
      else if (value !== undefined) (new Memory(object)).#value = value;
    }
  };
}

// What each application remembers of a request, that of the last one first; nearly always there is one.
type Memory<Entry extends Owner> = ObjectMemory<readonly Entry[]>;

// One memory for all copies of the package in a process: a guard of one and a decorator of another must meet.
const SESSIONS = Symbol.for('nestjs-descope:request-sessions');
const USERS = Symbol.for('nestjs-descope:request-users');
const shared = globalThis as { [SESSIONS]?: Memory<Remembered>; [USERS]?: Memory<LoadedUser> };
const sessions = (shared[SESSIONS] ??= createObjectMemory());
const users = (shared[USERS] ??= createObjectMemory());

/** Remembers the session, or the promise of it, for the rest of the request. */
export function rememberSession(key: object, remembered: Remembered): void {
  remember(sessions, key, remembered);
}

/**
 * Remembers that the request's credential was rejected, or could not be judged, so that its next guard, or the next
 * field of its GraphQL operation, needs no second look.
 */
export function rememberFailure(key: object, error: unknown, authenticator: object): void {
  const session = reject(error);
  session.catch(() => undefined); // a public route never asks for it
  rememberSession(key, { session, authenticator });
}

async function reject(error: unknown): Promise<DescopeSession> {
  throw error;
}

/** Recalls what an application found out. */
export function recallSession(key: object, authenticator: object): MaybePromise<DescopeSession> | undefined {
  return recallOwn(sessions, key, authenticator)?.session;
}

/** Tells whether a guard of an application has let in just this session. */
export function isAccepted(key: object, session: DescopeSession, authenticator: object): boolean {
  const remembered = recallOwn(sessions, key, authenticator);
  return remembered?.isAdmitted === true && remembered.session === session;
}

/** Recalls the session that a guard of an application has let in; of several applications the last one. */
export function recallAccepted(key: object, owners: readonly Owner[]): DescopeSession | undefined {
  const remembered = recall(sessions, key, owners);
  if (remembered?.isAdmitted !== true || isThenable(remembered.session)) return undefined;
  return remembered.session;
}

/** Remembers the user that the application loaded for the request. */
export function rememberUser(key: object, loaded: LoadedUser): void {
  remember(users, key, loaded);
}

/** Recalls the user that an application loaded. */
export function recallUser(key: object, authenticator: object): LoadedUser | undefined {
  return recallOwn(users, key, authenticator);
}

/** Recalls the user that an application loaded; of several applications the last one. */
export function recallAnyUser(key: object, owners: readonly Owner[]): LoadedUser | undefined {
  return recall(users, key, owners);
}

/** Tells whether a value is the user that another application has found for the request. */
export function isForeignUser(key: object, user: unknown, authenticator: object): boolean {
  const isOther = (entry: Owner): boolean => entry.authenticator !== authenticator;
  const ofSessions = (sessions.get(key) ?? []).filter(isOther).map(({ session }) => session);
  const ofUsers = (users.get(key) ?? []).filter(isOther).map((loaded) => loaded.user);
  return [...ofSessions.map((session) => (isThenable(session) ? undefined : session.user)), ...ofUsers].some(
    (other) => other !== undefined && other === user,
  );
}

function remember<Entry extends Owner>(memory: Memory<Entry>, key: object, entry: Entry): void {
  const before = memory.get(key);
  if (before === undefined) { memory.set(key, [entry]); return; }
  const others = before.filter(({ authenticator }) => authenticator !== entry.authenticator);
  memory.set(key, [entry, ...others]);
}

function recallOwn<Entry extends Owner>(
  memory: Memory<Entry>,
  key: object,
  authenticator: object,
): Entry | undefined {
  const entries = memory.get(key);
  if (entries?.[0]?.authenticator === authenticator) return entries[0];
  return entries?.find((entry) => entry.authenticator === authenticator);
}

function recall<Entry extends Owner>(
  memory: Memory<Entry>,
  key: object,
  owners: readonly Owner[],
): Entry | undefined {
  const entries = memory.get(key);
  return entries?.find((entry) => owners.some(({ authenticator }) => authenticator === entry.authenticator));
}
