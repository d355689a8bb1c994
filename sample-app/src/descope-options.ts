// What DescopeModule is told: sessions that are refreshed, access keys of machines, and routes to sign in and out.
import type { DescopeModuleOptions } from 'nestjs-descope';
import type { EmbeddedDescope } from './embedded/embedded-descope.js';
import type { Redis } from './sessions/redis.js';
import type { Settings } from './start/settings.js';

/** What the application stands on beside its own code. */
export interface Surroundings {
  /** Without one, the project that the environment names is used. */
  readonly embedded?: EmbeddedDescope | undefined;
  readonly redis?: Redis | undefined;
}

export function toDescopeOptions(
  { sessionStore }: Settings,
  { embedded, redis }: Surroundings,
): DescopeModuleOptions {
  return {
    ...embedded?.options,
    accessKeys: { header: 'x-api-key' }, // machines send their key itself
    session: { refresh: true, store: sessionStore },
    shared: redis && { store: redis.toKeyValueStore('sample:') },
    routes: {
      path: 'auth',
      login: { mode: embedded ? 'strict' : 'standard' }, // the embedded screens need no library of a CDN
      loginRedirect: true,
    },
  };
}
