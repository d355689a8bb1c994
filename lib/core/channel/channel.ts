// The interface of a channel of revocations: a log that every instance of an application reads, and the set of what still counts.

/**
 * Carries revocations between the instances of an application. `redisChannel` of `nestjs-descope/redis` makes one; another
 * log can serve, if it numbers its records and keeps the set of the revocations that still count.
 */
export interface RevocationChannel {
  /**
   * Opens the log of a project. It must neither wait for the server nor throw because of it.
   * @param projectId the Descope project id, which separates the applications that share a server
   * @returns the log of this project
   */
  open(projectId: string): RevocationLog;
  /** A store on the same server, for what the instances share beside revocations. Left out: there is none. */
  readonly store?: ChannelStore;
}

/**
 * The log of one project, with the set of its living revocations. Both are changed in one step: what `readLiving` returns
 * is what all records up to its position have carried, less what is over. Every method rejects if the server failed. One that
 * does not end is called again after a while: `read` after 6 s, `append` after 10 s, `readLiving` after a minute.
 */
export interface RevocationLog {
  /**
   * Appends one record with these entries, and adds them to the living ones. A log that does not exist, or that has lost
   * entries on its own, begins with a new epoch.
   * @returns the last record of the log, after that
   */
  append(entries: readonly ChannelEntry[], options?: AppendOptions): Promise<LogHead>;
  /**
   * Reads all living entries, page by page.
   * @param onPage receives the texts of one page; a text may be repeated
   * @returns the position before the first page was read: what is appended after it is found by `read`
   */
  readLiving(onPage: (texts: readonly unknown[]) => void): Promise<LogPosition>;
  /**
   * Reads the records after a position, in their order. Without any, it waits for one.
   * @param waitMs how long it waits, in milliseconds
   * @returns the records, or none after that time
   */
  read(position: LogPosition, waitMs: number): Promise<LogPart>;
  /**
   * Starts a new epoch with a record without entries, if `epoch` is still the current one. The living entries stay.
   * @returns the last record of the log, after that
   */
  renew(epoch: string): Promise<LogHead>;
  /** Ends the connections that the log has opened itself; a call that is under way rejects. */
  close(): Promise<void>;
}

/** A revocation as it is stored. */
export interface ChannelEntry {
  /** The text of the revocation, of at most 64 characters of base64url. */
  readonly text: string;
  /** When it is over and may be removed, in epoch seconds. */
  readonly until: number;
}

/** Options of `RevocationLog.append`. */
export interface AppendOptions {
  /**
   * Appends nothing if the last record is younger than this, in milliseconds by the clock of the log.
   * @defaultValue none: the record is appended
   */
  readonly ifSilentMs?: number;
}

/** The last record of a log. */
export interface LogHead {
  /** Changes when the log was lost or has lost records. `''` if there is no record. */
  readonly epoch: string;
  /** The number of the record, counted from 1 in each epoch. 0 if there is none. */
  readonly number: number;
}

/** A record that was read, or before which reading starts. */
export interface LogPosition extends LogHead {
  /** The place of the record in the log, in a form of its own. */
  readonly cursor: string;
}

/** Records that were read. */
export interface LogPart {
  /** In their order. */
  readonly records: readonly LogRecord[];
  /** Whether the log had further records at that time. */
  readonly hasMore: boolean;
}

/** One record. */
export interface LogRecord {
  /** Where it stands in the log. */
  readonly position: LogPosition;
  /**
   * The cursor of the record before it, `''` for the first of a log: so that a log which came back in an earlier state, and went
   * on to the same number, is not taken for the one that was read.
   */
  readonly previous: string;
  /** The texts of its entries; `undefined` if the record cannot be read, such as one in a newer format. */
  readonly texts: readonly unknown[] | undefined;
}

/** A store of strings that expire. Its methods reject if the server failed. */
export interface ChannelStore {
  /**
   * Reads a value.
   * @returns the value; `undefined` or `null` if there is none
   */
  get(key: string): Promise<unknown>;
  /**
   * Reads several values in one call.
   * @returns one value for each key, in the order of the keys
   */
  getMany(keys: readonly string[]): Promise<readonly unknown[]>;
  /**
   * Keeps a string for `ttlMs` milliseconds.
   * @returns a promise that rejects if the store did not keep the value
   */
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  /**
   * Keeps a string for `ttlMs` milliseconds if the key has no value.
   * @returns whether it was kept
   */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>;
  /**
   * Deletes a value.
   * @returns a promise that rejects if the store failed
   */
  delete(key: string): Promise<unknown>;
}
