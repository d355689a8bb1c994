// The scopes and resources that a request asks for, limited to what its client may be granted.
import { OAuthError } from '../http/oauth-error.js';
import type { ProjectState } from '../project-state.js';
import type { InboundAppRecord, UserRecord } from '../store/project.js';
import type { Audience } from '../tokens/claims.js';
import { toDefaultAudience } from '../tokens/claims.js';
import { grantableScopes } from './authorization-server.js';

// Those of OpenID Connect, which any client may ask a user for.
const STANDARD_SCOPES = ['openid', 'profile', 'email', 'phone', 'offline_access'];

/** The scope of a request, and who asks for it. */
interface ScopeRequest {
  readonly scope: string | undefined;
  readonly serverId: string | undefined;
  /** Whether a user is asked. */
  readonly interactive: boolean;
}

/** Reads the requested scopes; throws `invalid_scope` for one that the client may not be granted. */
export function readRequestedScopes(
  state: ProjectState,
  client: InboundAppRecord,
  { scope, serverId, interactive }: ScopeRequest,
): readonly string[] {
  const grantable = interactive
    ? grantableScopes(state, client, serverId)
    : grantableScopes(state, { ...client, attributesScopes: [] }, serverId);
  // Without a scope the server chooses (RFC 6749 section 3.3): here all scopes that are not optional.
  if (scope === undefined) return grantable.filter(({ optional }) => !optional).map(({ name }) => name);
  const known = new Set([...grantable.map(({ name }) => name), ...(interactive ? STANDARD_SCOPES : [])]);
  const requested = scope.split(' ').filter(Boolean);
  const unknown = requested.find((name) => !known.has(name));
  if (unknown === undefined) return [...new Set(requested)];
  const message = `The app is not permitted to use the scope ${unknown.slice(0, 100)}`;
  throw new OAuthError('invalid_scope', message);
}

/** The scopes that a user can allow: a scope with roles needs one of them. */
export function toAllowedScopes(
  state: ProjectState,
  user: UserRecord,
  request: {
    readonly client: InboundAppRecord;
    readonly serverId: string | undefined;
    readonly scopes: readonly string[];
  },
): readonly string[] {
  const roles = new Set([...user.roleNames, ...user.tenants.flatMap(({ roleNames }) => roleNames)]);
  const denied = grantableScopes(state, request.client, request.serverId)
    .filter(({ values }) => values.length > 0 && !values.some((role) => roles.has(role)))
    .map(({ name }) => name);
  return request.scopes.filter((name) => !denied.includes(name));
}

/** Reads resource indicators (RFC 8707 section 2); throws `invalid_target`. */
export function readResources(
  state: ProjectState,
  values: readonly string[],
  serverId: string | undefined,
): readonly string[] {
  const only = serverId === undefined ? undefined : state.project.mcpServers.find(serverId)?.url;
  return [...new Set(values.filter(Boolean).map((value) => toResource(value, only)))];
}

/** The audience of a token: the resources that were named, or what the client's tokens are for by default. */
export function toAudience(
  state: ProjectState,
  client: InboundAppRecord,
  { resources, serverId }: { readonly resources: readonly string[]; readonly serverId: string | undefined },
): Audience {
  const [only, ...others] = resources;
  if (only === undefined) return toDefaultAudience(state, client, serverId);
  return others.length === 0 ? only : resources;
}

// An MCP server with a URL issues tokens for it alone; URLs are compared in their normal form.
function toResource(value: string, only: string | undefined): string {
  if (value.length > 2000 || !URL.canParse(value) || value.includes('#')) {
    throw new OAuthError('invalid_target', 'The resource must be an absolute URI without a fragment');
  }
  if (only === undefined) return value;
  if (new URL(value).href === new URL(only).href) return only;
  throw new OAuthError('invalid_target', 'The MCP server has another URL than the resource');
}
