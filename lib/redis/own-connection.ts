// A connection beside that of the application: opened when it is first used, and given up when it fails.
import { withDeadline } from '../core/deadline.js';
import type { RedisConnection } from './redis-client.js';

export class OwnConnection {
  readonly #beside: RedisConnection;
  #opening: Promise<RedisConnection> | undefined;
  #isClosed = false;

  constructor(beside: RedisConnection) {
    this.#beside = beside;
  }

  /** Runs a command. After a failure, or an answer that is late, the next one has another connection. */
  async use<T>(run: (connection: RedisConnection) => Promise<T>, timeoutMs: number): Promise<T> {
    const opening = (this.#opening ??= this.#open());
    try {
      const connection = await opening;
      return await withDeadline(() => run(connection), { timeoutMs, who: 'Redis', inBackground: true });
    } catch (error) {
      if (this.#opening === opening) this.drop();
      throw error;
    }
  }

  /** Ends the connection; the next use opens another. */
  drop(): void {
    const dropped = this.#opening;
    this.#opening = undefined;
    dropped?.then(
      (connection) => connection.close(),
      () => undefined, // it was never open
    );
  }

  /** Ends the connection for good. */
  close(): void {
    this.#isClosed = true;
    this.drop();
  }

  async #open(): Promise<RedisConnection> {
    if (this.#isClosed) throw new Error('The channel is closed.');
    return this.#beside.open();
  }
}
