// Reports to the operator: notices for the log, limited in rate, and rejections.
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
    | 'CHANNEL_SILENT'
    | 'CHANNEL_RECOVERED'
    | 'CHANNEL_UNREADABLE'
    | 'CHANNEL_RESET'
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
    | 'EVENT_HANDLER_FAILED'
    | 'EVENT_WITHOUT_ID'
    | 'EXCHANGE_REFUSED'
    | 'FGA_UNAVAILABLE'
    | 'FGA_CONTEXT_MISSING'
    | 'ACCESS_KEYS_LIMITED'
    | 'TOKEN_AUDIENCE_MISMATCH'
    | 'TOKEN_DRN_MISSING'
    | 'DPOP_PROOF_INVALID'
    | 'USERNAME_CLAIM_MUTABLE'
    | 'USERNAME_CLAIM_MISSING'
    | 'ROUTE_SHADOWED'
    | 'SHARED_STORE_FAILED'
    | 'SHARED_WITHOUT_CHANNEL'
    | 'SIGN_OUT_INCOMPLETE'
    | 'SIGN_OUT_LIST_FULL'
    | 'SESSION_NOT_KEPT'
    | 'SESSION_TOO_LARGE'
    | 'SESSION_PLUGIN_MISSING'
    | 'WEBHOOK_SIGNATURE_INVALID';
  readonly level: 'log' | 'warn' | 'error';
  readonly message: string;
  /** What it is about, if each of them is a mistake of its own: such notices do not suppress each other. Never from a caller. */
  readonly subject?: string;
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
  'DPOP_PROOF_INVALID',
  'USERNAME_CLAIM_MISSING',
  'SESSION_PLUGIN_MISSING',
  'SESSION_TOO_LARGE',
  'WEBHOOK_SIGNATURE_INVALID',
];
// The end of a failure, and the failures that it ends.
const RECOVERIES = new Map<Notice['code'], readonly Notice['code'][]>([
  ['KEYS_RECOVERED', ['KEYS_STALE', 'KEYS_UNAVAILABLE']],
  ['CHANNEL_RECOVERED', ['CHANNEL_SILENT']],
]);
const QUIET_MS = 60_000;
const MAX_SUBJECTS = 50; // those beyond share the notice of their code

/** Passes on one notice per minute, code and subject; the next one has the number of suppressed notices. */
export function createLimitedNotify(write: Notify, clock: Clock): Notify {
  const reported = new Map<string, { readonly atMs: number; leftOut: number }>();
  const failing = new Set<Notice['code']>(); // whose recovery is to be reported
  const limited: Notify = (notice) => {
    const { code } = notice;
    const isRecovery = RECOVERIES.has(code);
    // Not limited by time: the recovery is reported for every failure that was reported, and for no other.
    if (isRecovery && !failing.delete(code)) return;
    const key = toKey(notice, reported);
    const last = isRecovery ? undefined : reported.get(key);
    const nowMs = clock();
    if (last !== undefined && (REPORTED_ONCE.includes(code) || isQuiet(last.atMs, nowMs))) {
      last.leftOut += 1;
      return;
    }
    reported.set(key, { atMs: nowMs, leftOut: 0 });
    for (const [recovery, failures] of RECOVERIES) if (failures.includes(code)) failing.add(recovery);
    write(last === undefined || last.leftOut === 0 ? notice : addCount(notice, last.leftOut));
  };
  return Object.assign(limited, { projectId: readProjectId(write) });
}

function toKey({ code, subject }: Notice, reported: ReadonlyMap<string, unknown>): string {
  if (subject === undefined) return code;
  const key = `${code} ${subject}`;
  return reported.has(key) || reported.size < MAX_SUBJECTS ? key : code;
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
  if (code === 'WEBHOOK_SIGNATURE_INVALID') notify({ code, level: 'warn', message: UNSIGNED });
  if (code === 'TOKEN_DRN_MISSING') notify({ code, level: 'warn', message: NAMELESS });
  const found = `Expected ${toDetailText(details, 'expected')}, found ${toDetailText(details, 'actual')}.`;
  if (code === 'DPOP_PROOF_INVALID' && 'expected' in details)
    notify({ code, level: 'warn', message: `${OTHER_URL} ${found}` });
  if (code !== 'TOKEN_AUDIENCE_MISMATCH') return;
  const message = `${AUDIENCE} ${found}${isEmptyList(details['actual']) ? ` ${NO_AUDIENCE}` : ''}`;
  notify({ code, level: 'warn', message });
}

const AUDIENCE =
  'A token of this project was rejected, because it is for another audience. If this happens to every token, set audience (or DESCOPE_AUDIENCE) to the "aud" of the project\'s JWT template. Further rejections are not logged.';

const NO_AUDIENCE =
  "The token has no audience (aud): add it to the project's JWT template, or set audience: null.";

const OTHER_URL =
  'A DPoP proof was rejected, because it is for another URL than publicOrigin and the path of the request. If this happens to every proof, compare publicOrigin with the origin that clients call, and if both are the same, set dpop.pathPrefix to what a proxy removes from the path. Further rejections are not logged.';

const UNSIGNED =
  "A delivery to the route of Descope's events was rejected: its signature is of another body, or by another secret. If Descope sent it, compare the HMAC secret of the audit webhook connector in its console with events.secret (or DESCOPE_WEBHOOK_SECRET). Further rejections are not logged.";

const NAMELESS =
  'A token of this project was rejected, because its issuer is a URL and it has no "drn". An OIDC ID token looks the same. If these are session tokens, and a JWT template removes "drn", change the template to keep "drn", or set allowMissingDrn: true and an audience. Further rejections are not logged.';

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

// As JSON, so that no name can start a new line.
function toDetailText(details: DescopeErrorDetails, name: string): string {
  return JSON.stringify(details[name] ?? []).slice(0, MAX_DETAIL_CHARACTERS);
}
