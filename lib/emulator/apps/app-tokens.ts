// Tokens of inbound apps and agents without HTTP: for tests and for sample applications.
import type { JsonObject } from '../http/message.js';
import type { World } from '../project-state.js';
import { requireKnownUser } from '../sign-in/direct.js';
import type { TokenOrder } from '../sign-in/direct.js';
import { toClientId } from '../store/project.js';
import type { InboundAppRecord } from '../store/project.js';
import { toSeededId } from '../store/records.js';
import { toTimes } from '../tokens/claims.js';
import { signToken } from '../tokens/tokens.js';

/** How the token of an inbound app shall be minted. */
export interface AppTokenOrder extends TokenOrder {
  /** The app, by client id or name; any other text stands as `azp`. Default: the first app there is, or a made-up one. */
  readonly app?: string;
  /** The user for whom it calls, by login id or user id. Default: none, as with client credentials. */
  readonly onBehalfOf?: string;
  /** The claim `scope`. Default: none. */
  readonly scopes?: readonly string[];
  /** The claim `aud`. Default: that of the app, which is the project id and the client id; an agent's: its server's id. */
  readonly audience?: Audience;
  /** The tenant it is for: `dct`, and the only one in `tenants`. */
  readonly tenantId?: string;
}

/** How the token of an agent shall be minted. */
export interface AgentTokenOrder extends AppTokenOrder {
  /** The MCP server that the issuer names. Default: `MS2emulator00000000000000000A`. */
  readonly serverId?: string;
}

const SERVER_ID = 'MS2emulator00000000000000000A';

/** Mints the token of an inbound app. */
export function issueAppToken(world: World, order: AppTokenOrder): Promise<string> {
  return issue(world, order);
}

/** Mints the token of an agent. */
export function issueAgentToken(world: World, order: AgentTokenOrder): Promise<string> {
  return issue(world, order, order.serverId ?? SERVER_ID);
}

async function issue(world: World, order: AppTokenOrder, serverId?: string): Promise<string> {
  const app = toApp(world, order.app);
  const { onBehalfOf, tenantId, scopes = [] } = order;
  const claims = toAppClaims(world, {
    subject: onBehalfOf === undefined ? app.id : requireKnownUser(world, onBehalfOf).userId,
    clientId: app.clientId,
    audience: order.audience ?? toDefaultAudience(world, app, serverId),
    scopes,
    tenantId,
    serverId,
    lifetimeSeconds: order.expiresInSeconds ?? world.settings.sessionSeconds,
  });
  return signToken({ ...claims, ...order.claims }, order.key ?? world.keys.current, order.header);
}

type AppIdentity = Pick<InboundAppRecord, 'id' | 'clientId' | 'defaultAudience'>;

function toApp(world: World, wanted: string | undefined): AppIdentity {
  const apps = world.project.inboundApps.all;
  const found =
    wanted === undefined
      ? apps[0]
      : apps.find(({ clientId, name }) => clientId === wanted || name === wanted);
  if (found) return found;
  const id = toSeededId('TPA', wanted ?? 'emulator');
  return { id, clientId: wanted ?? toClientId(world.projectId, id), defaultAudience: '' };
}

// What stands in the token of an inbound app or of an agent.

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
