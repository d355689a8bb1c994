// OAuth's token endpoint for inbound apps and agents: the client credentials grant.
import { timingSafeEqual } from 'node:crypto';
import type { Answer } from '../http/answer.js';
import type { Call, ClientCredential } from '../http/call.js';
import { readText } from '../http/fields.js';
import { routesFor } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { toDigest } from '../store/ids.js';
import type { InboundAppRecord } from './inbound-apps.js';
import { signToken } from '../tokens/token-signer.js';
import type { World } from '../world.js';
import { toAppClaims, toDefaultAudience } from './app-claims.js';
import { NO_STORE, OAuthError } from './oauth-error.js';

const token: Handler = async (call, world) => {
  try {
    return await grant(call, world);
  } catch (cause) {
    if (cause instanceof OAuthError) return cause.toAnswer();
    throw cause;
  }
};

/** The routes of the token endpoint; the agentic one names its MCP server. */
export const tokenEndpointRoutes = routesFor('open', {
  'POST /oauth2/v1/apps/token': token,
  'POST /oauth2/v1/apps/:projectId/token': token,
  'POST /oauth2/v1/apps/agentic/:projectId/:serverId/token': token,
});

async function grant(call: Call, world: World): Promise<Answer> {
  assertProject(call, world);
  assertGrantType(call);
  const app = requireApp(call, world);
  const scopes = readScopes(call, app);
  const serverId = call.params.get('serverId') ?? readText(call.body, 'mcp_server_id');
  const claims = world.issueTimes.distinguish(
    toAppClaims(world, {
      subject: app.id,
      clientId: app.clientId,
      audience:
        readText(call.body, 'resource') ??
        readText(call.body, 'audience') ??
        toDefaultAudience(world, app, serverId),
      scopes,
      tenantId: readTenant(call, world, app),
      serverId,
      lifetimeSeconds: world.settings.sessionSeconds,
    }),
  );
  const body = {
    access_token: await signToken(claims, world.keys.current),
    token_type: 'Bearer',
    expires_in: world.settings.sessionSeconds,
    scope: scopes.join(' '),
  };
  return { status: 200, body, headers: NO_STORE };
}

function assertProject(call: Call, world: World): void {
  const named = call.params.get('projectId') ?? readText(call.body, 'project_id') ?? world.projectId;
  if (named !== world.projectId) throw new OAuthError('invalid_client', 'There is no such project');
}

function assertGrantType(call: Call): void {
  const grantType = readText(call.body, 'grant_type');
  if (grantType === undefined) throw new OAuthError('invalid_request', 'The grant_type is missing');
  if (grantType === 'client_credentials') return;
  throw new OAuthError('unsupported_grant_type', 'The emulator grants client_credentials alone');
}

function requireApp(call: Call, world: World): InboundAppRecord {
  const shown = call.client ?? readPostedClient(call);
  const app = world.project.inboundApps.all.find(({ clientId }) => clientId === shown?.clientId);
  if (app && shown && isSame(shown.clientSecret, app.clientSecret)) return app;
  throw new OAuthError('invalid_client', 'The client is unknown, or its secret is missing or wrong');
}

function readPostedClient({ body }: Call): ClientCredential {
  return {
    clientId: readText(body, 'client_id') ?? '',
    clientSecret: readText(body, 'client_secret') ?? '',
  };
}

function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(Buffer.from(toDigest(given)), Buffer.from(toDigest(wanted)));
}

// RFC 6749 section 3.3 leaves to the server what no scope means: here all that are not optional.
function readScopes(call: Call, app: InboundAppRecord): readonly string[] {
  const asked = readText(call.body, 'scope')?.split(' ').filter(Boolean);
  if (asked === undefined) {
    return app.permissionsScopes.filter(({ optional }) => !optional).map(({ name }) => name);
  }
  const stranger = asked.find((scope) => !app.permissionsScopes.some(({ name }) => name === scope));
  if (stranger === undefined) return [...new Set(asked)];
  throw new OAuthError('invalid_scope', `The app may not have the scope ${stranger}`);
}

function readTenant(call: Call, world: World, app: InboundAppRecord): string | undefined {
  const tenantId = readText(call.body, 'tenantId') ?? readText(call.body, 'tenant_id');
  if (tenantId === undefined) return undefined;
  const isAllowed = app.tenantIds.length === 0 || app.tenantIds.includes(tenantId);
  if (isAllowed && world.project.tenants.find(tenantId)) return tenantId;
  throw new OAuthError('invalid_target', `The app has no access to the tenant ${tenantId}`);
}
