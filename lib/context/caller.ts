// The callers that a context knows: verified by a guard, or carried by a job; and the strict reading of carried ones.
import { DescopeRequestError } from '../core/errors.js';
import type { DescopeSession, SignedInSession } from '../core/session/session.js';
import { isSignedIn } from '../core/session/session.js';
import type { TokenKind } from '../core/token/claims.js';
import { isPortableId, MAX_ID_LENGTH } from '../core/token/claims.js';
import type { RegisteredUser } from '../core/user/descope-user.js';

/** Who a caller is, as plain JSON without a token: for the data of a job, or for a log line. It proves nothing. */
export interface CallerReference {
  /** Descope's id of the user or access key. */
  readonly id: string;
  /** The kind of caller. */
  readonly kind: TokenKind;
  /** The current tenant (the claim `dct`), if one was selected. */
  readonly tenant?: string;
  /**
   * The id of the one who acts as the caller (`user.actor.id`); `'unknown'` if somebody does, and the token does not say who.
   * Left out if nobody does.
   * @see https://www.rfc-editor.org/rfc/rfc8693#section-4.1
   */
  readonly actor?: string;
}

/** The caller whom a guard has accepted for this request or message. */
export interface VerifiedCaller extends CallerReference {
  /** Tells the caller from one that was carried. */
  readonly isVerified: true;
  /** The user, as `@CurrentUser()` passes it. Not enumerable, so that log lines contain the reference only. */
  readonly user: RegisteredUser;
}

/** A caller by the word of a job or another carrier: a name for logs and records, without roles. Nothing has checked it. */
export interface CarriedCaller extends CallerReference {
  /** Tells the caller from one that a guard has accepted. */
  readonly isVerified: false;
}

/** Who acts: narrow it by `isVerified`. */
export type CurrentCaller = VerifiedCaller | CarriedCaller;

/** Creates the caller of an accepted session; `undefined` for an anonymous one. */
export function toVerifiedCaller(session: DescopeSession, own: unknown): VerifiedCaller | undefined {
  if (!isSignedIn(session)) return undefined;
  const { id, kind, tenant, actor } = session.user;
  const acting = actor && (actor.id ?? UNKNOWN_ACTOR);
  const caller = { isVerified: true, ...toReference({ id, kind, tenant, actor: acting }) };
  const verified = Object.freeze(Object.defineProperty(caller, 'user', { value: own })) as VerifiedCaller;
  sessions.set(verified, session);
  return verified;
}

const UNKNOWN_ACTOR = 'unknown'; // as the kind: not left out, or the caller would seem to act in person

const sessions = new WeakMap<object, SignedInSession>(); // not a member: a log line with the caller must not have its token

/** Recalls the session of a verified caller; `undefined` for a carried one. */
export function recallSession(caller: CurrentCaller): SignedInSession | undefined {
  return sessions.get(caller);
}

/** Returns what may be carried of a caller. */
export function toReference({ id, kind, tenant, actor }: Loose): CallerReference {
  return {
    id,
    kind,
    ...(tenant === undefined ? {} : { tenant }),
    ...(actor === undefined ? {} : { actor }),
  };
}

type Loose = { readonly [Member in keyof CallerReference]-?: CallerReference[Member] | undefined } & {
  readonly id: string;
  readonly kind: TokenKind;
};

const KINDS: Readonly<Record<TokenKind, true>> = {
  user: true,
  'access-key': true,
  app: true,
  agent: true,
  unknown: true,
};
const TEXTS = ['id', 'tenant', 'actor'];
const MEMBERS = ['id', 'kind', 'tenant', 'actor'];

/**
 * Reads a carried caller. `undefined` and `null` are nobody: what an anonymous caller carried.
 * @throws {DescopeRequestError} CALLER_INVALID for anything else that `carry()` did not return
 */
export function readCarriedCaller(given: unknown): CarriedCaller | undefined {
  if (given === undefined || given === null) return undefined;
  if (!isPlain(given)) throw invalid('it is not a plain object');
  const own = new Map<string, unknown>(Object.entries(given));
  const isSurplus = [...own.keys()].some((name) => !MEMBERS.includes(name));
  if (isSurplus || Object.getOwnPropertySymbols(given).length > 0)
    throw invalid('it has a member beside id, kind, tenant and actor');
  for (const name of TEXTS)
    if ((name === 'id' || own.has(name)) && !isPortableId(own.get(name)))
      throw invalid(`its "${name}" is not a string of 1 to ${MAX_ID_LENGTH} characters`);
  const kind = own.get('kind');
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind)) throw invalid('its "kind" is unknown');
  return Object.freeze({ isVerified: false, ...toReference(Object.fromEntries(own) as unknown as Loose) });
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

// Without the value, which may be a token.
function invalid(what: string): DescopeRequestError {
  const message = `The carried caller is not valid: ${what}. Pass runAs() the result of carry() unchanged, parsed from JSON if it was a string.`;
  return new DescopeRequestError('CALLER_INVALID', message);
}
