// Sessions of the plugins in Redis: found soon, or 503 – a Redis client waits for a lost server as long as it takes.
import { ServiceUnavailableException } from '@nestjs/common';
import { RedisStore } from 'connect-redis';
import type { SessionData } from 'express-session';
import type { Redis } from './redis.js';

const ANSWER_MS = 1000;

/** What both plugins hand over, each with a type of its own. */
type Done = NonNullable<Parameters<RedisStore['get']>[1]>;

export class SessionStore extends RedisStore {
  constructor({ client }: Redis) {
    super({ client, prefix: 'sample:session:' });
  }

  override get(id: string, done?: Done): Promise<void> {
    return super.get(id, bound(done));
  }

  override set(id: string, session: SessionData, done?: Done): Promise<void> {
    return super.set(id, session, bound(done));
  }

  override touch(id: string, session: SessionData, done?: Done): Promise<void> {
    return super.touch(id, session, bound(done));
  }

  override destroy(id: string, done?: Done): Promise<void> {
    return super.destroy(id, bound(done));
  }
}

// Whatever comes first is passed on, and nothing after it.
function bound(done: Done = () => undefined): Done {
  let isOpen = true;
  const settle = (error?: unknown, found?: unknown): void => {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(timer);
    if (error === undefined || error === null) done(null, found);
    else done(new ServiceUnavailableException('Sessions cannot be read at present.', { cause: error }));
  };
  const late = () => settle(new Error(`Redis did not answer in ${ANSWER_MS} ms.`));
  const timer = setTimeout(late, ANSWER_MS);
  return settle;
}
