// Settings → a running sample app.
import { EmbeddedDescope } from '../embedded/embedded-descope.js';
import type { Redis } from '../sessions/redis.js';
import type { Application } from './application.js';
import { createApplication } from './application.js';
import { readUrl } from './own-url.js';
import type { Settings } from './settings.js';

export interface Sample {
  readonly app: Application;
  /** Where a browser on this machine finds it. */
  readonly url: string;
  readonly settings: Settings;
  readonly embedded: EmbeddedDescope | undefined;
}

/** Starts the sample app, with an embedded Descope unless the settings name a project. */
export async function startSample(settings: Settings): Promise<Sample> {
  const { projectId, redisUrl, sessionSeconds } = settings;
  const redis = redisUrl === undefined ? undefined : await connectRedis(redisUrl);
  const embedded = projectId === undefined ? await EmbeddedDescope.start(sessionSeconds) : undefined;
  let app: Application | undefined;
  try {
    app = await createApplication(settings, { embedded, redis });
    await app.listen(settings.port, settings.host);
  } catch (error) {
    await app?.close();
    await embedded?.emulator.close();
    redis?.onApplicationShutdown();
    throw error;
  }
  app.flushLogs();
  return { app, url: readUrl(app.getHttpServer()), settings, embedded };
}

// Only who shares something needs the client.
async function connectRedis(url: string): Promise<Redis> {
  const { Redis } = await import('../sessions/redis.js');
  return Redis.connect(url);
}
