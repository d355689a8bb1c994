// Connecting a user or a tenant to an outbound app: the call that starts it, and the page that plays the service.
import { DescopeError } from '../errors.js';
import { readBoolean, readObject, readString, readStrings, requireString } from '../http/fields.js';
import type { JsonObject, RouteResponse } from '../http/message.js';
import { ok } from '../http/message.js';
import { assertRedirectUrl } from '../http/redirect-uris.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { requireSignIn } from '../sign-in/start-sign-in.js';
import { belongsTo } from '../store/roles.js';
import { readVaultCaller } from './caller.js';
import { toConnectPage, toEndedPage } from './connect-page.js';
import { grantTokens } from './grant-tokens.js';
import { requireOutboundApp } from './outbound-apps.js';
import type { PendingConnection } from './pending-connections.js';

// The refresh token says who connects; `options` is what core-js-sdk sends.
const connect: Handler = async (call, state) => {
  const { userId } = await requireSignIn(call, state);
  const options = readObject(call.body, 'options') ?? {};
  return start(state, userId, { ...call.body, ...options });
};

// An agent asks for the user of its token.
const connectFor: Handler = async (call, state) => {
  const caller = await readVaultCaller(call, state);
  const userId = caller.requireUserId(readString(call.body, 'userId') ?? caller.userId);
  return start(state, userId, { ...call.body, ...readObject(call.body, 'options') });
};

const showPage: Handler = (call, state) => {
  const ticket = call.params.get('ticket') ?? '';
  const pending = state.vault.pending.find(ticket, state.clock.now());
  return pending ? toConnectPage(state, ticket, pending) : toEndedPage();
};

// Descope does not document what it adds to the URL; an error is written as OAuth does (RFC 6749 section 4.1.2.1).
const answer: Handler = (call, state) => {
  const ticket = requireString(call.body, 'ticket');
  const pending = state.vault.pending.take(ticket, state.clock.now());
  if (!pending) return toEndedPage();
  const isAllowed = readString(call.body, 'decision') === 'allow';
  if (isAllowed) state.vault.keep(pending, grantTokens(state, pending));
  const location = new URL(pending.redirectUrl);
  if (!isAllowed) location.searchParams.set('error', 'access_denied');
  const headers = { location: location.href, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };
  return { status: 303, body: '', headers };
};

const OPTIONS =
  'options.redirectUrl options.scopes options.tenantId options.tenantLevel options.externalIdentifier';

/** The routes that connect a user or a tenant. */
export const connectRoutes = routesFor('project', {
  'POST /v1/outbound/oauth/connect': takes(`appId tenantId tenantLevel ${OPTIONS}`, connect),
  'POST /v1/mgmt/outbound/app/connect': takes(`appId userId tenantId tenantLevel ${OPTIONS}`, connectFor),
});

/** The page that plays the service. */
export const connectPageRoutes = routesFor('page', {
  'GET /emulator/outbound/:ticket': showPage,
  'POST /emulator/outbound/:ticket': takes('ticket decision', answer),
});

function start(state: ProjectState, connectedBy: string, wishes: JsonObject): RouteResponse {
  const app = requireOutboundApp(state, readString(wishes, 'appId'));
  const redirectUrl = readString(wishes, 'redirectUrl') ?? app.defaultRedirectUrl;
  if (!URL.canParse(redirectUrl) || !/^https?:/i.test(redirectUrl)) {
    throw new DescopeError('invalidArguments', 'The redirectUrl must be an absolute http or https URL');
  }
  assertRedirectUrl(state.federation.approvedDomains, redirectUrl);
  const tenantId = readString(wishes, 'tenantId') ?? '';
  assertMayConnect(state, connectedBy, tenantId);
  const isOfTenant = readBoolean(wishes, 'tenantLevel') ?? false;
  if (isOfTenant && tenantId === '') throw new DescopeError('missingArguments', 'The tenantId is missing');
  const pending: PendingConnection = {
    appId: app.id,
    userId: isOfTenant ? '' : connectedBy,
    tenantId,
    grantedBy: connectedBy,
    scopes: readStrings(wishes, 'scopes') ?? app.defaultScopes,
    externalIdentifier: readString(wishes, 'externalIdentifier') ?? '',
    redirectUrl,
  };
  const ticket = state.vault.pending.add(pending, state.clock.now());
  return ok({ url: `${state.url}/emulator/outbound/${ticket}` });
}

function assertMayConnect(state: ProjectState, userId: string, tenantId: string): void {
  const user = state.project.users.find(userId);
  if (!user) throw new DescopeError('userNotFound', 'User not found');
  if (tenantId !== '' && !belongsTo(user, tenantId)) {
    throw new DescopeError('invalidArguments', `The user does not belong to the tenant ${tenantId}`);
  }
}
