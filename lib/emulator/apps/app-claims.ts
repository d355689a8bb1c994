// What stands in the token of an inbound app or of an agent.
import type { JsonObject } from '../http/call.js';
import type { InboundAppRecord } from './inbound-apps.js';
import { toTimes } from '../tokens/claims.js';
import type { World } from '../world.js';

/** For whom a token is meant. */
export type Audience = string | readonly string[];

/** A token of an app, before its claims are written. */
export interface AppGrant {
  /** A user's id, or the app's own. */
  readonly subject: string;
  readonly clientId: string;
  readonly audience: Audience;
  readonly scopes: readonly string[];
  readonly tenantId?: string | undefined;
  /** The MCP server whose agent it is; without one it is an inbound app's. */
  readonly serverId?: string | undefined;
  readonly lifetimeSeconds: number;
}

/** The issuer of the project's inbound apps, or of one MCP server's agents. */
export function toAppIssuer(world: World, serverId?: string): string {
  const base = `${world.url}/v1/apps`;
  return serverId === undefined
    ? `${base}/${world.projectId}`
    : `${base}/agentic/${world.projectId}/${serverId}`;
}

/** The audience of an app's token when none is asked for. */
export function toDefaultAudience(
  world: World,
  app: Pick<InboundAppRecord, 'clientId' | 'defaultAudience'>,
  serverId?: string,
): Audience {
  if (serverId !== undefined) return serverId;
  if (app.defaultAudience === 'projectId') return world.projectId;
  if (app.defaultAudience === 'clientId') return app.clientId;
  return [world.projectId, app.clientId];
}

/** The claims of a grant. */
export function toAppClaims(world: World, grant: AppGrant): JsonObject {
  const { tenantId, scopes } = grant;
  return {
    iss: toAppIssuer(world, grant.serverId),
    sub: grant.subject,
    aud: grant.audience,
    azp: grant.clientId,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    // `fromEntries` defines own members, also for a tenant called `__proto__`.
    ...(tenantId === undefined ? {} : { dct: tenantId, tenants: Object.fromEntries([[tenantId, {}]]) }),
    drn: world.settings.sessionCookieName,
    ...toTimes(world, grant.lifetimeSeconds),
  };
}
