// Tokens of inbound apps and agents without HTTP: for tests and for sample applications.
import type { JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import type { TokenOrder } from '../sign-in/direct.js';
import { requireKnownUser } from '../sign-in/direct.js';
import type { InboundAppRecord } from '../store/project.js';
import { toClientId } from '../store/project.js';
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
export function issueAppToken(state: ProjectState, order: AppTokenOrder): Promise<string> {
  return issue(state, order);
}

/** Mints the token of an agent. */
export function issueAgentToken(state: ProjectState, order: AgentTokenOrder): Promise<string> {
  return issue(state, order, order.serverId ?? SERVER_ID);
}

async function issue(state: ProjectState, order: AppTokenOrder, serverId?: string): Promise<string> {
  const app = toApp(state, order.app);
  const { onBehalfOf, tenantId, scopes = [] } = order;
  const claims = toAppClaims(state, {
    subject: onBehalfOf === undefined ? app.id : requireKnownUser(state, onBehalfOf).userId,
    clientId: app.clientId,
    audience: order.audience ?? toDefaultAudience(state, app, serverId),
    scopes,
    tenantId,
    serverId,
    lifetimeSeconds: order.expiresInSeconds ?? state.settings.sessionSeconds,
  });
  return signToken({ ...claims, ...order.claims }, order.key ?? state.keys.current, order.header);
}

type AppIdentity = Pick<InboundAppRecord, 'id' | 'clientId' | 'defaultAudience'>;

function toApp(state: ProjectState, wanted: string | undefined): AppIdentity {
  const apps = state.project.inboundApps.all;
  const found =
    wanted === undefined
      ? apps[0]
      : apps.find(({ clientId, name }) => clientId === wanted || name === wanted);
  if (found) return found;
  const id = toSeededId('TPA', wanted ?? 'emulator');
  return { id, clientId: wanted ?? toClientId(state.projectId, id), defaultAudience: '' };
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
export function toAppIssuer(state: ProjectState, serverId?: string): string {
  const base = `${state.url}/v1/apps`;
  return serverId === undefined
    ? `${base}/${state.projectId}`
    : `${base}/agentic/${state.projectId}/${serverId}`;
}

/** The audience of an app's token when none is asked for. */
export function toDefaultAudience(
  state: ProjectState,
  app: Pick<InboundAppRecord, 'clientId' | 'defaultAudience'>,
  serverId?: string,
): Audience {
  if (serverId !== undefined) return serverId;
  if (app.defaultAudience === 'projectId') return state.projectId;
  if (app.defaultAudience === 'clientId') return app.clientId;
  return [state.projectId, app.clientId];
}

/** The claims of a grant. */
export function toAppClaims(state: ProjectState, grant: AppGrant): JsonObject {
  const { tenantId, scopes } = grant;
  return {
    iss: toAppIssuer(state, grant.serverId),
    sub: grant.subject,
    aud: grant.audience,
    azp: grant.clientId,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    // `fromEntries` defines own members, also for a tenant called `__proto__`.
    ...(tenantId === undefined ? {} : { dct: tenantId, tenants: Object.fromEntries([[tenantId, {}]]) }),
    drn: state.settings.sessionCookieName,
    ...toTimes(state, grant.lifetimeSeconds),
  };
}
