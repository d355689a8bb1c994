// What people may write about access keys that callers send: `accessKeys: true | { … }`.

/** How access keys that callers send are taken. */
export interface AccessKeyOptions {
  /** The header in which keys stand, such as `'x-api-key'`; then a bearer credential is never a key. Default: `Authorization: Bearer`. */
  readonly header?: string | undefined;
  /** Seconds for which the session of a key may serve, however long it lasts: the worst-case revocation time. Default: 300. */
  readonly maxAgeSeconds?: number | undefined;
  /** Seconds for which a key that Descope refused is refused without asking again. Default: 60. */
  readonly refusedSeconds?: number | undefined;
  /** Most keys whose sessions are remembered. Default: 10 000. */
  readonly maxKeys?: number | undefined;
  /** Most exchanges a second of keys that are not known to be good; five times as many at once. Half as much again is kept for senders of whom none was refused. Default: 20. */
  readonly unknownPerSecond?: number | undefined;
}

/** The name of every option of `accessKeys`; the compiler keeps the list complete. */
export const ACCESS_KEY_OPTIONS: readonly string[] = Object.keys({
  header: 0,
  maxAgeSeconds: 0,
  refusedSeconds: 0,
  maxKeys: 0,
  unknownPerSecond: 0,
} satisfies Record<keyof AccessKeyOptions, 0>);
