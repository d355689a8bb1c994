// The application's own server-side session, set up as a main.ts would, on either adapter.
import type { Server } from 'node:http';
import fastifyCookie from '@fastify/cookie';
import type { FastifySessionOptions } from '@fastify/session';
import fastifySession from '@fastify/session';
import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import session from 'express-session';
import type { AdapterName } from './application.js';

/** The name of the cookie that carries the session's id. */
export const SESSION_ID = 'sid';
type FastifyStore = NonNullable<FastifySessionOptions['store']>;

const SECRET = 'a secret of at least thirty-two characters';

/** A store in memory that a test can look into; both plugins take it. */
export class VisibleStore extends session.MemoryStore {
  /** What is kept, session id → JSON. */
  get texts(): string[] {
    return Object.values((this as unknown as { sessions: Record<string, string> }).sessions);
  }
}

/** Makes what sets the plugin up; every visitor gets a session at once, so that its id could be planted. */
export function useServerSession(
  adapter: AdapterName,
  store: VisibleStore,
): (app: INestApplication<Server>) => Promise<void> {
  return async (app) => {
    if (adapter === 'express') {
      app.use(session({ name: SESSION_ID, secret: SECRET, store, resave: false, saveUninitialized: true }));
      return;
    }
    const fastify = app as unknown as NestFastifyApplication;
    await fastify.register(fastifyCookie);
    await fastify.register(fastifySession, {
      cookieName: SESSION_ID,
      secret: SECRET,
      store: store as FastifyStore,
      cookie: { secure: false },
    });
  };
}
