// The authorization servers of the project: the one of its inbound apps, and one for each MCP server.
import { DescopeError } from '../errors.js';
import { readString } from '../http/fields.js';
import type { Call } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import type { AppScope, InboundAppRecord } from '../store/project.js';
import { toAppIssuer } from '../tokens/claims.js';

/** An authorization server: who it is, and where its endpoints are. */
export interface AuthorizationServer {
  /** The MCP server whose tokens it issues; absent for inbound apps. */
  readonly serverId: string | undefined;
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly userInfoEndpoint: string;
  readonly revocationEndpoint: string;
  readonly registrationEndpoint: string;
}

/** The fields that name an authorization server where the path does not. */
export const SERVER_FIELDS = 'project_id mcp_server_id';

/** Finds the authorization server of a path, or of the field `mcp_server_id`; undefined if there is none. */
export function findServer(call: Call, state: ProjectState): AuthorizationServer | undefined {
  const projectId = readName(call, 'projectId', 'project_id') ?? state.projectId;
  const serverId = readName(call, 'serverId', 'mcp_server_id');
  if (projectId !== state.projectId || !isServer(state, serverId)) return undefined;
  return toServer(state, serverId);
}

/** Finds the authorization server of a path; rejects as Descope does where there is none. */
export function requireServer(call: Call, state: ProjectState): AuthorizationServer {
  const server = findServer(call, state);
  if (server) return server;
  if (call.params.get('projectId') !== state.projectId) {
    throw new DescopeError('invalidToken', 'There is no such project');
  }
  throw new DescopeError('noSuchEndpoint', 'There is no such MCP server');
}

/** Describes an authorization server. */
export function toServer(state: ProjectState, serverId: string | undefined): AuthorizationServer {
  const oauth = `${state.url}/oauth2/v1/apps`;
  const own = serverId === undefined ? oauth : `${oauth}/agentic/${state.projectId}/${serverId}`;
  const shared = serverId === undefined ? oauth : `${oauth}/${state.projectId}`;
  const registration =
    serverId === undefined
      ? `inboundapp/app/${state.projectId}`
      : `mcp/client/${state.projectId}/${serverId}`;
  return {
    serverId,
    issuer: toAppIssuer(state, serverId),
    authorizationEndpoint: `${own}/authorize`,
    tokenEndpoint: `${own}/token`,
    userInfoEndpoint: `${shared}/userinfo`,
    revocationEndpoint: `${shared}/revoke`,
    registrationEndpoint: `${state.url}/v1/mgmt/${registration}/register`,
  };
}

/** The scopes of an authorization server: those of the MCP server in the seed, or of all inbound apps. */
export function scopesOf(state: ProjectState, serverId: string | undefined): readonly AppScope[] {
  const declared = serverId === undefined ? undefined : state.project.mcpServers.find(serverId);
  if (declared) return declared.scopes;
  const apps = state.project.inboundApps.all.filter(({ registered }) => !registered);
  const scopes = apps.flatMap((app) => [...app.permissionsScopes, ...app.attributesScopes]);
  return [...new Map(scopes.map((scope) => [scope.name, scope])).values()];
}

/** The scopes that a client may be granted: its own, and at an MCP server of the seed only those of the server. */
export function grantableScopes(
  state: ProjectState,
  client: InboundAppRecord,
  serverId: string | undefined,
): readonly AppScope[] {
  const own = [...client.permissionsScopes, ...client.attributesScopes];
  const declared = serverId === undefined ? undefined : state.project.mcpServers.find(serverId);
  return declared ? own.filter(({ name }) => declared.scopes.some((scope) => scope.name === name)) : own;
}

// A seed without MCP servers has any of them.
function isServer({ project }: ProjectState, serverId: string | undefined): boolean {
  if (serverId === undefined || project.mcpServers.all.length === 0) return true;
  return project.mcpServers.find(serverId) !== undefined;
}

function readName(call: Call, parameter: string, field: string): string | undefined {
  return call.params.get(parameter) ?? readString(call.body, field) ?? (call.query.get(field) || undefined);
}
