// The endpoints of OAuth and SSO: start a sign-in, and exchange the code that the browser came back with.
import { noteLoginFailed } from '../audit/sign-in-events.js';
import { DescopeError } from '../errors.js';
import { requireString } from '../http/fields.js';
import type { Call } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { readLoginOptions, requireSignIn } from '../sign-in/start-sign-in.js';
import type { LoginOptions } from '../store/sign-ins.js';
import type { FederatedApproach, FederatedRequest } from './federation.js';
import { exchangeCode } from './finish-federated.js';
import { startProviderSignIn, startSsoSignIn } from './start-federated.js';

function startOAuth(approach: FederatedApproach): Handler {
  return async (call, state) => {
    const userId = approach === 'update' ? (await requireSignIn(call, state)).userId : undefined;
    const start = {
      provider: requireQuery(call, 'provider'),
      approach,
      userId,
      ...(await readStart(call, state)),
    };
    return ok({ url: startProviderSignIn(state, start) });
  };
}

const startSso: Handler = async (call, state) => {
  const start = {
    tenant: requireQuery(call, 'tenant'),
    ssoId: readQuery(call, 'ssoId'),
    initiatedEmail: readQuery(call, 'initiatedEmail'),
    ...(await readStart(call, state)),
  };
  return ok({ url: startSsoSignIn(state, start) });
};

function exchange(kind: 'oauth' | 'sso'): Handler {
  return async (call, state) => {
    try {
      return await exchangeCode(state, kind, requireString(call.body, 'code'));
    } catch (cause) {
      noteLoginFailed(state, undefined, cause);
      throw cause;
    }
  };
}

// The body is the login options themselves.
const OPTIONS = 'stepup mfa customClaims tenantId revokeOtherSessions templateId templateOptions locale';

const QUERY = 'redirectURL redirectUrl loginHint prompt';

function takesOAuth(approach: FederatedApproach) {
  return takesQuery(`provider ${QUERY}`, takes(OPTIONS, startOAuth(approach)));
}

const takesSso = takesQuery(`tenant ssoId forceAuthn initiatedEmail ${QUERY}`, takes(OPTIONS, startSso));

/** The routes of sign-ins with OAuth providers. */
export const oauthSignInRoutes = routesFor('project', {
  'POST /v1/auth/oauth/authorize': takesOAuth('signup-in'),
  'POST /v1/auth/oauth/authorize/signin': takesOAuth('signin'),
  'POST /v1/auth/oauth/authorize/signup': takesOAuth('signup'),
  'POST /v1/auth/oauth/authorize/update': takesOAuth('update'),
  'POST /v1/auth/oauth/exchange': takes('code', exchange('oauth')),
});

/** The routes of sign-ins with tenants' identity providers; SDKs call them by both names. */
export const ssoSignInRoutes = routesFor('project', {
  'POST /v1/auth/saml/authorize': takesSso,
  'POST /v1/auth/saml/exchange': takes('code', exchange('sso')),
  'POST /v1/auth/sso/authorize': takesSso,
  'POST /v1/auth/sso/exchange': takes('code', exchange('sso')),
});

/** What the start of both kinds reads from the request. */
interface CommonStart {
  readonly redirectUrl: string | undefined;
  readonly loginHint: string | undefined;
  readonly ask: FederatedRequest['ask'];
  readonly options: LoginOptions;
}

// SDKs write `redirectURL`; Descope's API reference names it `redirectUrl`.
async function readStart(call: Call, state: ProjectState): Promise<CommonStart> {
  const options = await readLoginOptions({ ...call, body: { loginOptions: call.body } }, state);
  const redirectUrl = readQuery(call, 'redirectURL') ?? readQuery(call, 'redirectUrl');
  return { redirectUrl, loginHint: readQuery(call, 'loginHint'), ask: readAsk(call), options };
}

function readAsk(call: Call): FederatedRequest['ask'] {
  const prompts = call.query.getAll('prompt').flatMap((prompt) => prompt.split(/[\s,]+/));
  if (call.query.get('forceAuthn') === 'true' || prompts.includes('login')) return 'always';
  return prompts.includes('none') ? 'never' : 'default';
}

function requireQuery(call: Call, name: string): string {
  const value = readQuery(call, name);
  if (value === undefined) throw new DescopeError('missingArguments', `The ${name} argument is missing`);
  return value;
}

function readQuery(call: Call, name: string): string | undefined {
  return call.query.get(name) || undefined;
}
