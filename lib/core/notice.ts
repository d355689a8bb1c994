// What core wants its operator to know, without knowing how it is told.
import type { Clock } from './clock.js';

/** Something that is worth a line in the log; `code` names the cause, `message` says what to do. */
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

/** Takes notices; must not throw. */
export interface Notify {
  (notice: Notice): void;
  /** The project of the application that is told; its events say it too. */
  readonly projectId?: string;
}

/** Reads for which project an application is told; none where nothing but notices is taken. */
export function readProjectId({ projectId = '' }: Notify): string {
  return projectId;
}

// A slip in the set-up stays until the next start, and any caller can show it again: told once.
const TOLD_ONCE: readonly Notice['code'][] = [
  'TOKEN_AUDIENCE_MISMATCH',
  'TOKEN_DRN_MISSING',
  'USERNAME_CLAIM_MISSING',
  'SESSION_PLUGIN_MISSING',
  'SESSION_TOO_LARGE',
];
const KEY_FAILURES: readonly Notice['code'][] = ['KEYS_STALE', 'KEYS_UNAVAILABLE'];
const QUIET_MS = 60_000;

/** Passes on one notice a minute of each code; the next one says how many were left out. */
export function createLimitedNotify(write: Notify, clock: Clock): Notify {
  const told = new Map<Notice['code'], { readonly atMs: number; leftOut: number }>();
  let isKeyFailureTold = false;
  const limited: Notify = (notice) => {
    const { code } = notice;
    // No limit of its own: the end of what was told is always told, and nothing else of it.
    if (code === 'KEYS_RECOVERED' && !isKeyFailureTold) return;
    const last = code === 'KEYS_RECOVERED' ? undefined : told.get(code);
    const nowMs = clock();
    if (last !== undefined && (TOLD_ONCE.includes(code) || isQuiet(last.atMs, nowMs))) {
      last.leftOut += 1;
      return;
    }
    told.set(code, { atMs: nowMs, leftOut: 0 });
    if (code === 'KEYS_RECOVERED' || KEY_FAILURES.includes(code))
      isKeyFailureTold = code !== 'KEYS_RECOVERED';
    write(last === undefined || last.leftOut === 0 ? notice : addCount(notice, last.leftOut));
  };
  return Object.assign(limited, { projectId: readProjectId(write) });
}

// A clock that was set back does not silence anything for longer than a minute.
function isQuiet(toldAtMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - toldAtMs) < QUIET_MS;
}

function addCount(notice: Notice, leftOut: number): Notice {
  return { ...notice, message: `${notice.message} (${leftOut} more since this was last said)` };
}
