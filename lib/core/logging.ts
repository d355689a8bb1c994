// Reports to the operator: notices for the log, rejections, and the reasons of failures.
import type { Clock } from './clock.js';
import type { DescopeError, DescopeErrorDetails } from './errors.js';
import { readConsequence } from './errors.js';
import { publishRejected } from './events.js';

/** A line for the log: `code` is the cause, `message` explains what to do. */
export interface Notice {
  readonly code:
    | 'AUDIENCE_NOT_CHECKED'
    | 'BASE_URL_INSECURE'
    | 'BASE_URL_LOOPBACK'
    | 'DEMAND_UNCHECKED'
    | 'GATEWAY_UNGUARDED'
    | 'GRAPHQL_GATEWAY_UNGUARDED'
    | 'GUARD_MISSING'
    | 'KEYS_STATIC'
    | 'PROMISE_REPLACED'
    | 'KEYS_STALE'
    | 'KEYS_UNAVAILABLE'
    | 'KEYS_RECOVERED'
    | 'DESCOPE_UNAVAILABLE'
    | 'FGA_UNAVAILABLE'
    | 'ACCESS_KEYS_LIMITED'
    | 'TOKEN_AUDIENCE_MISMATCH'
    | 'TOKEN_DRN_MISSING'
    | 'USERNAME_CLAIM_MUTABLE'
    | 'USERNAME_CLAIM_MISSING'
    | 'RENEWAL_STORE_FAILED'
    | 'ROUTE_SHADOWED'
    | 'SIGN_OUT_STORE_FAILED'
    | 'SIGN_OUT_INCOMPLETE'
    | 'SIGN_OUT_LIST_FULL'
    | 'SESSION_NOT_KEPT'
    | 'SESSION_TOO_LARGE'
    | 'SESSION_PLUGIN_MISSING';
  readonly level: 'log' | 'warn' | 'error';
  readonly message: string;
}

/** Receives notices; must not throw. */
export interface Notify {
  (notice: Notice): void;
  /** The project of the application, as in its events. */
  readonly projectId?: string;
}

/** Reads the project of the application that receives the notices; `''` if it is not known. */
export function readProjectId({ projectId = '' }: Notify): string {
  return projectId;
}

// A mistake in the set-up stays until the next start, and any caller can trigger it again: reported once.
const REPORTED_ONCE: readonly Notice['code'][] = [
  'TOKEN_AUDIENCE_MISMATCH',
  'TOKEN_DRN_MISSING',
  'USERNAME_CLAIM_MISSING',
  'SESSION_PLUGIN_MISSING',
  'SESSION_TOO_LARGE',
];
const KEY_FAILURES: readonly Notice['code'][] = ['KEYS_STALE', 'KEYS_UNAVAILABLE'];
const QUIET_MS = 60_000;

/** Passes on one notice per minute and code; the next one has the number of suppressed notices. */
export function createLimitedNotify(write: Notify, clock: Clock): Notify {
  const reported = new Map<Notice['code'], { readonly atMs: number; leftOut: number }>();
  let isKeyFailureReported = false;
  const limited: Notify = (notice) => {
    const { code } = notice;
    // Not limited by time: the recovery is reported for every failure that was reported, and for no other.
    if (code === 'KEYS_RECOVERED' && !isKeyFailureReported) return;
    const last = code === 'KEYS_RECOVERED' ? undefined : reported.get(code);
    const nowMs = clock();
    if (last !== undefined && (REPORTED_ONCE.includes(code) || isQuiet(last.atMs, nowMs))) {
      last.leftOut += 1;
      return;
    }
    reported.set(code, { atMs: nowMs, leftOut: 0 });
    if (code === 'KEYS_RECOVERED' || KEY_FAILURES.includes(code))
      isKeyFailureReported = code !== 'KEYS_RECOVERED';
    write(last === undefined || last.leftOut === 0 ? notice : addCount(notice, last.leftOut));
  };
  return Object.assign(limited, { projectId: readProjectId(write) });
}

// A clock that was set back suppresses no notice for longer than a minute.
function isQuiet(reportedAtMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - reportedAtMs) < QUIET_MS;
}

function addCount(notice: Notice, leftOut: number): Notice {
  return { ...notice, message: `${notice.message} (${leftOut} more since this was last logged)` };
}

// Each rejection is an event, and a line in the log only if the set-up may be the cause.

const MAX_DETAIL_CHARACTERS = 200;

/** Reports an error that rejects a request; ignores an error that is not of the request pipeline. */
export function reportRejection(error: unknown, notify: Notify): void {
  const consequence = readConsequence(error);
  if (consequence === undefined) return;
  const { code, details } = error as DescopeError;
  publishRejected(code, consequence, readProjectId(notify));
  if (code === 'TOKEN_DRN_MISSING') notify({ code, level: 'warn', message: NAMELESS });
  if (code !== 'TOKEN_AUDIENCE_MISMATCH') return;
  const message = `${AUDIENCE} Expected ${toDetailText(details, 'expected')}, found ${toDetailText(details, 'actual')}.`;
  notify({ code, level: 'warn', message });
}

const AUDIENCE =
  'A token of this project was rejected, because it is meant for another audience. If all are, set audience (or DESCOPE_AUDIENCE) to what the project\'s JWT template writes as "aud". Further ones are not logged.';

const NAMELESS =
  'A token of this project was rejected, because it has a URL for its issuer and no "drn", as an ID token of an application that uses the project as its identity provider has. If your users\' sessions look so, because a JWT template drops "drn", let it be kept, or set allowMissingDrn: true and an audience. Further ones are not logged.';

// As JSON, so that no name can start a new line.
function toDetailText(details: DescopeErrorDetails, name: string): string {
  return JSON.stringify(details[name] ?? []).slice(0, MAX_DETAIL_CHARACTERS);
}

// The reason of a failure: the innermost cause with its code, as a string that is safe in a log.

const MAX_DEPTH = 10;
const MAX_REASONS = 3;
const MAX_CHARACTERS = 200;

/** A request that failed. Its message has the host, the status if there was one, and the reason. */
export class RequestFailure extends Error {
  constructor(input: {
    readonly url: string;
    readonly status?: number | undefined;
    readonly cause?: unknown;
    /** In place of a cause: a part of the response, such as Descope's error code. */
    readonly detail?: string | undefined;
    /** The credentials that were sent; they are removed from the message. */
    readonly secrets?: readonly string[];
  }) {
    const { url, status, cause, detail, secrets = [] } = input;
    const why = cause === undefined ? detail : hide(toReason(cause), secrets);
    const where = [toHost(url), ...(status === undefined ? [] : [`status ${status}`])].join(', ');
    super(why === undefined ? where : `${where}: ${why}`, cause === undefined ? undefined : { cause });
    this.name = 'RequestFailure';
  }
}

/** Returns the reason of a failure, for the message of a notice: the innermost cause, with its code. */
export function toReason(cause: unknown): string {
  const reasons = new Set(findInnermost(cause, undefined, MAX_DEPTH));
  return [...reasons].slice(0, MAX_REASONS).join('; ');
}

/** Returns the host of a URL, with its port if that is not the default. */
export function toHost(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'a host without a name';
}

// A connection that was tried at several addresses fails with an error for each (RFC 8305), and the outer error has no
// message.
function findInnermost(error: unknown, outerCode: string | undefined, depth: number): readonly string[] {
  if (error instanceof RequestFailure) return [error.message];
  const { message, cause, errors, code } = toMembers(error);
  const ownCode = readCode(code) ?? outerCode;
  if (depth > 0 && Array.isArray(errors) && errors.length > 0)
    return errors.flatMap((inner: unknown) => findInnermost(inner, ownCode, depth - 1));
  if (depth > 0 && hasReason(cause)) return findInnermost(cause, ownCode, depth - 1);
  const text = typeof error === 'string' ? error : message;
  return [toText(typeof text === 'string' ? text : '', ownCode)];
}

function hasReason(cause: unknown): boolean {
  if (typeof cause === 'string') return cause !== '';
  const { message, code, errors } = toMembers(cause);
  return typeof message === 'string' || readCode(code) !== undefined || Array.isArray(errors);
}

function toText(message: string, code: string | undefined): string {
  const text = toSafe(message);
  if (code === undefined || text.includes(code)) return text === '' ? 'unknown reason' : text;
  return text === '' ? code : `${text} [${code}]`;
}

// The codes of Node and of this package are in capitals; the number of a DOMException explains nothing.
function readCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : undefined;
}

// A message of other software: on one line, without any possible credential.
function toSafe(message: string): string {
  return message
    .replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ')
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#@]*@)?([^\s/?#'"<>)]*)[^\s'"<>)]*/gi, '$1$2')
    .replace(/\beyJ[\w-]+(?:\.[\w-]*)*/g, '…')
    .replace(/\b(Bearer|Basic|DPoP)\s+[^\s"',]+/gi, '$1 …')
    .trim()
    .slice(0, MAX_CHARACTERS);
}

function hide(text: string, secrets: readonly string[]): string {
  return secrets
    .filter(({ length }) => length > 3)
    .reduce((left, secret) => left.replaceAll(secret, '…'), text);
}

function toMembers(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
