// Tokens of inbound apps and agents without HTTP: for tests and for sample applications.
import { requireKnownUser } from '../sign-in/direct.js';
import type { TokenOrder } from '../sign-in/direct.js';
import { toSeededId } from '../store/ids.js';
import { toClientId } from './inbound-apps.js';
import type { InboundAppRecord } from './inbound-apps.js';
import { signToken } from '../tokens/token-signer.js';
import type { World } from '../world.js';
import { toAppClaims, toDefaultAudience } from './app-claims.js';
import type { Audience } from './app-claims.js';

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
