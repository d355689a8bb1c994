// The authorization endpoint, and the consent page that answers for it.
import { readString } from '../http/fields.js';
import type { Call, RouteResponse } from '../http/message.js';
import { NO_STORE, OAuthError } from '../http/oauth-error.js';
import type { Handler } from '../http/router.js';
import { ignoresOthers, routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { OAuthGrant, PendingRequest } from '../store/oauth-grants.js';
import type { UserRecord } from '../store/project.js';
import { createId, createSecret, toDigest } from '../store/records.js';
import { readAuthorizationRequest, readTarget } from './authorization-request.js';
import { SERVER_FIELDS, toServer } from './authorization-server.js';
import { toConsentPage, toErrorPage } from './consent-page.js';
import { toAllowedScopes } from './requested-access.js';

const authorize: Handler = (call, state) =>
  withErrorPage(async () => {
    const target = await readTarget(call, state);
    try {
      return showConsent(call, state, readAuthorizationRequest(call, state, target));
    } catch (cause) {
      if (!(cause instanceof OAuthError)) throw cause;
      const issuer = target.server.issuer;
      return redirect(target, { error: cause.code, error_description: cause.message }, issuer);
    }
  });

const answer: Handler = (call, state) => withErrorPage(() => answerRequest(call, state));

// RFC 6749 section 3.1: unrecognized request parameters must be ignored.
const authorization = ignoresOthers(
  takesQuery(
    `${SERVER_FIELDS} client_id redirect_uri response_type response_mode state scope resource nonce prompt ` +
      'code_challenge code_challenge_method login_hint loginHint dpop_jkt',
    authorize,
  ),
);

/** The routes of the authorization endpoint, and the form of its page. */
export const authorizeRoutes = routesFor('page', {
  'GET /oauth2/v1/apps/authorize': authorization,
  'GET /oauth2/v1/apps/:projectId/authorize': authorization,
  'GET /oauth2/v1/apps/agentic/:projectId/:serverId/authorize': authorization,
  'POST /oauth2/v1/apps/consent': takes('ticket loginId decision', answer),
});

async function withErrorPage(respond: () => RouteResponse | Promise<RouteResponse>): Promise<RouteResponse> {
  try {
    return await respond();
  } catch (cause) {
    if (cause instanceof OAuthError) return toErrorPage(cause.code, cause.message);
    throw cause;
  }
}

// As long as a page may stay open.
const PAGE_MS = 10 * 60 * 1000;
const COOKIE = 'emulator-consent';

function showConsent(
  call: Call,
  state: ProjectState,
  request: Omit<PendingRequest, 'browser' | 'expiresMs'>,
): RouteResponse {
  const known = call.cookies.get(COOKIE) ?? '';
  const cookie = /^[A-Za-z0-9]{48}$/.test(known) ? known : createSecret();
  const expiresMs = state.clock.now() + PAGE_MS;
  const pending = { ...request, browser: toDigest(cookie), expiresMs };
  const ticket = state.oauth.keepRequest(pending);
  const loginId = request.loginHint ?? findOnlyLoginId(state) ?? '';
  const page = toConsentPage(state, pending, { ticket, loginId, mistake: '' });
  const setCookie = `${COOKIE}=${cookie}; Path=${state.basePath}/oauth2/; HttpOnly; SameSite=Lax`;
  return { ...page, headers: { ...page.headers, 'set-cookie': setCookie } };
}

// With several users the field is empty, or a browser would suggest no other one.
function findOnlyLoginId({ project }: ProjectState): string | undefined {
  const [only, ...others] = project.users.all;
  return others.length === 0 ? only?.loginIds[0] : undefined;
}

function answerRequest(call: Call, state: ProjectState): RouteResponse {
  const ticket = readString(call.body, 'ticket') ?? '';
  const request = state.oauth.findRequest(ticket);
  const isShownHere = request?.browser === toDigest(call.cookies.get(COOKIE) ?? '');
  if (!request || !isShownHere || request.expiresMs <= state.clock.now()) {
    const message = 'The page is not open in this browser, has expired or was answered before';
    throw new OAuthError('invalid_request', message);
  }
  const { issuer } = toServer(state, request.serverId);
  const decision = readString(call.body, 'decision');
  if (decision !== 'allow') {
    state.oauth.dropRequest(ticket);
    return redirect(request, { error: 'access_denied', error_description: 'The user has denied it' }, issuer);
  }
  const loginId = readString(call.body, 'loginId') ?? '';
  const user = findUser(state, loginId);
  if (typeof user === 'string') return toConsentPage(state, request, { ticket, loginId, mistake: user });
  state.oauth.dropRequest(ticket);
  return allow(state, request, user);
}

function findUser({ project }: ProjectState, loginId: string): UserRecord | string {
  const user = project.users.find(loginId);
  if (!user) return 'There is no such user';
  return user.status === 'disabled' ? 'The user is disabled' : user;
}

function allow(state: ProjectState, request: PendingRequest, user: UserRecord): RouteResponse {
  const { issuer } = toServer(state, request.serverId);
  const scopes = toAllowedScopes(state, user, request);
  if (scopes.length === 0 && request.scopes.length > 0) {
    const error = { error: 'access_denied', error_description: 'The user lacks the roles of the scopes' };
    return redirect(request, error, issuer);
  }
  const consent = state.project.consents.put({
    id: createId('TPC'),
    appId: request.client.id,
    userId: user.userId,
    scopes,
    createdSeconds: state.clock.nowSeconds(),
  });
  const grant: OAuthGrant = {
    consentId: consent.id,
    clientId: request.client.clientId,
    userId: user.userId,
    serverId: request.serverId,
    scopes,
    resources: request.resources,
    nonce: request.nonce,
    isBound: request.client.isBound === true,
    revoked: false,
  };
  const { redirectUri, challenge, thumbprint } = request;
  const expiresMs = state.clock.now() + state.settings.codeSeconds * 1000;
  const code = state.oauth.issueCode({ grant, redirectUri, challenge, thumbprint, expiresMs, used: false });
  return redirect(request, { code }, issuer);
}

/** Where a response goes, and what goes with it. */
interface RedirectTarget {
  readonly redirectUri: string;
  readonly state: string | undefined;
}

// `iss` says whose response it is (RFC 9207). The query that the client has registered stays (RFC 6749 section 3.1.2).
function redirect(
  { redirectUri, state }: RedirectTarget,
  parameters: Readonly<Record<string, string>>,
  iss: string,
): RouteResponse {
  const query = new URLSearchParams({ ...parameters, ...(state === undefined ? {} : { state }), iss });
  const separator = redirectUri.includes('?') ? '&' : '?';
  const headers = {
    ...NO_STORE,
    'referrer-policy': 'no-referrer',
    location: `${redirectUri}${separator}${query.toString()}`,
  };
  return { status: 303, body: '', headers };
}
