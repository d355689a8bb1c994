// What core wants its operator to know, without knowing how it is told.

/** Something that is worth a line in the log; `code` names the cause, `message` says what to do. */
export interface Notice {
  readonly code:
    | 'AUDIENCE_NOT_CHECKED'
    | 'BASE_URL_INSECURE'
    | 'KEYS_STATIC'
    | 'KEYS_STALE'
    | 'KEYS_UNAVAILABLE'
    | 'KEYS_RECOVERED'
    | 'USERNAME_CLAIM_MUTABLE'
    | 'USERNAME_CLAIM_MISSING'
    | 'RENEWAL_STORE_FAILED'
    | 'SIGN_OUT_STORE_FAILED'
    | 'SIGN_OUT_INCOMPLETE'
    | 'SESSION_NOT_KEPT'
    | 'SESSION_PLUGIN_MISSING';
  readonly level: 'log' | 'warn' | 'error';
  readonly message: string;
}

/** Takes notices; must not throw. */
export type Notify = (notice: Notice) => void;

/** Passes on the first notice of each code and drops its repetitions. */
export function createOnceNotify(notify: Notify): Notify {
  const seen = new Set<string>();
  return (notice) => {
    if (seen.has(notice.code)) return;
    seen.add(notice.code);
    notify(notice);
  };
}
