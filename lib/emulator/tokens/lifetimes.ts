// The lifetimes of a sign-in: those of its tenant, where the tenant has its own, or those of the project.
import type { ProjectState } from '../project-state.js';
import { toSeconds } from '../store/tenant-settings.js';

/** The lifetimes of a sign-in, in seconds. */
interface Lifetimes {
  readonly session: number;
  readonly refresh: number;
  /** Of the session token after a step-up. */
  readonly stepUp: number;
  /** After this time without a refresh, the sign-in has ended; undefined for never. */
  readonly inactivity: number | undefined;
}

/** Returns the lifetimes of a sign-in to a tenant, or to none. */
export function lifetimesOf({ settings, project }: ProjectState, tenantId: string | undefined): Lifetimes {
  const own = tenantId === undefined ? undefined : project.tenants.find(tenantId)?.settings;
  const { sessionSeconds, refreshSeconds } = settings;
  if (!own?.enabled) {
    return {
      session: sessionSeconds,
      refresh: refreshSeconds,
      stepUp: sessionSeconds,
      inactivity: undefined,
    };
  }
  const session = toSeconds(own.sessionToken) ?? sessionSeconds;
  return {
    session,
    refresh: toSeconds(own.refreshToken) ?? refreshSeconds,
    stepUp: toSeconds(own.stepupToken) ?? session,
    inactivity: own.inactivityEnabled ? toSeconds(own.inactivity) : undefined,
  };
}
