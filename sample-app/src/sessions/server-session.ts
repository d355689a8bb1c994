// A session on the server: express-session or @fastify/session, in memory or in Redis.
import { randomBytes } from 'node:crypto';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Application } from '../start/application.js';
import type { Settings } from '../start/settings.js';
import type { Redis } from './redis.js';

const COOKIE_NAME = 'sid';

/** Sets the plugin of the adapter up; it must stand before the application is initialised. */
export async function addServerSession(
  app: Application,
  settings: Settings,
  redis: Redis | undefined,
): Promise<void> {
  const options = {
    secret: settings.sessionSecret ?? randomBytes(32).toString('base64url'),
    saveUninitialized: false, // nobody gets a cookie before signing in
    cookie: { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto' },
  } as const;
  const store = await createStore(redis);
  if (settings.adapter === 'fastify') {
    const { default: cookies } = await import('@fastify/cookie');
    const { default: sessions } = await import('@fastify/session');
    const fastify = (app as unknown as NestFastifyApplication).getHttpAdapter().getInstance();
    await fastify.register(cookies);
    await fastify.register(sessions, { ...options, ...store, cookieName: COOKIE_NAME });
    return;
  }
  const { default: sessions } = await import('express-session');
  const express = app as unknown as NestExpressApplication;
  express.use(sessions({ ...options, ...store, name: COOKIE_NAME, resave: false }));
}

// Without Redis the plugin's own store stands: in memory, for this process.
async function createStore(redis: Redis | undefined) {
  if (redis === undefined) return {};
  const { SessionStore } = await import('./session-store.js');
  return { store: new SessionStore(redis) };
}
