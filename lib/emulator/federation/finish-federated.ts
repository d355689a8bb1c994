// Finishes a sign-in with a provider: which user it is, what they get in a tenant, and the response with tokens.
import { DescopeError } from '../errors.js';
import { isObject } from '../http/fields.js';
import type { JsonObject, RouteResponse } from '../http/message.js';
import { createUser } from '../management/user-body.js';
import type { ProjectState } from '../project-state.js';
import { respondWithSignIn } from '../sign-in/jwt-response.js';
import { requireEnabledUser } from '../sign-in/start-sign-in.js';
import type { OAuthAccount, UserRecord } from '../store/project.js';
import type { Identity } from './attributes.js';
import type { FederatedAnswer, FederatedRequest } from './federation.js';
import type { SsoConfiguration } from './sso-configuration.js';
import { protocolOf, rolesFor } from './sso-configuration.js';

/** Exchanges the code of an answer for tokens. */
export async function exchangeCode(
  state: ProjectState,
  kind: 'oauth' | 'sso',
  code: string,
): Promise<RouteResponse> {
  const answer = state.federation.takeCode(code, state.clock.now());
  if (!answer || (answer.request.sso ? 'sso' : 'oauth') !== kind) {
    throw new DescopeError('invalidToken', 'The code is wrong, was used before, or has expired');
  }
  const user = state.project.users.save(toFederatedUser(state, answer));
  return answer.request.sso ? finishSso(state, answer, user) : finishOAuth(state, answer, user);
}

async function finishOAuth(
  state: ProjectState,
  { request }: FederatedAnswer,
  user: UserRecord,
): Promise<RouteResponse> {
  return respondWithSignIn(state, { user, amr: ['oauth'], options: request.options });
}

async function finishSso(
  state: ProjectState,
  { request, identity }: FederatedAnswer,
  user: UserRecord,
): Promise<RouteResponse> {
  const configuration = requireRequested(state, request);
  const { tenantId, ssoId } = configuration;
  const roleNames = rolesFor(configuration, identity.groups);
  if (!isJitDisabled(state, request)) {
    state.federation.keepGrant(user.userId, configuration, { groups: identity.groups, roleNames });
  }
  const options = { ...request.options, tenantId: request.options.tenantId ?? tenantId };
  const response = await respondWithSignIn(state, { user, amr: ['fed'], options });
  const body = isObject(response.body) ? response.body : {};
  const idpResponse = toIdpResponse(configuration, identity);
  return { ...response, body: { ...body, tenantSSOID: ssoId, idpResponse } };
}

// node-sdk's `IDPResponse`.
function toIdpResponse(configuration: SsoConfiguration, { groups, attributes }: Identity): JsonObject {
  return protocolOf(configuration) === 'oidc'
    ? { idpGroups: groups, idpOIDCClaims: attributes }
    : { idpGroups: groups, idpSAMLAttributes: attributes };
}

/** The user of an answer as the sign-in makes them, not saved yet; rejects one who may not sign in. */
export function toFederatedUser(state: ProjectState, answer: FederatedAnswer): UserRecord {
  const { request, identity } = answer;
  const known = findKnown(state, answer);
  if (request.approach === 'update') return addProvider(state, answer, known);
  if (!known && request.approach === 'signin') throw new DescopeError('noSuchUser', 'User not found');
  if (known && request.approach === 'signup') throw new DescopeError('userExists', 'User already exists');
  if (known?.status === 'disabled') throw new DescopeError('invalidToken', 'The user is disabled');
  if (isJitDisabled(state, request)) return requireMember(state, request, known);
  const base = known ?? createUser(toLoginId(state, answer), state.clock.nowSeconds());
  const user = withProfile(base, identity);
  return request.sso
    ? withTenant(state, user, { configuration: requireRequested(state, request), identity })
    : withProvider(user, request.provider ?? '', identity);
}

function isJitDisabled({ project }: ProjectState, { sso }: FederatedRequest): boolean {
  return sso !== undefined && project.tenants.find(sso.tenantId)?.settings?.jitDisabled === true;
}

// Without provisioning at sign-in, users come from elsewhere, and a sign-in changes nothing about them.
function requireMember(state: ProjectState, request: FederatedRequest, user?: UserRecord): UserRecord {
  const configuration = requireRequested(state, request);
  const { tenantId } = configuration;
  if (user?.tenants.some((grant) => grant.tenantId === tenantId)) return withProtocol(user, configuration);
  throw new DescopeError('noSuchUser', `User not found in the tenant ${tenantId}, which has JITDisabled`);
}

/** The SSO configuration of a request, which may have been deleted since. */
export function requireRequested({ federation }: ProjectState, { sso }: FederatedRequest): SsoConfiguration {
  const configuration = sso && federation.configurations.find(sso.tenantId, sso.ssoId);
  if (configuration && protocolOf(configuration) !== undefined) return configuration;
  throw new DescopeError('invalidArguments', 'The SSO configuration was deleted');
}

// By login id and not by user id: a provider must not name any user it likes. An address that the provider has not
// verified belongs to nobody yet: with it, anyone could take a user over.
function findKnown(
  { project }: ProjectState,
  { request, identity }: FederatedAnswer,
): UserRecord | undefined {
  const { provider } = request;
  const users = project.users.all;
  const isLinked = (one: OAuthAccount) => one.provider === provider && one.subject === identity.subject;
  const linked = users.find((user) => user.oauthAccounts?.some(isLinked));
  if (linked) return linked;
  const { loginId, email, verifiedEmail } = identity;
  const named = loginId === '' ? undefined : users.find((user) => user.loginIds.includes(loginId));
  if (named || email === '' || !verifiedEmail) return named;
  const owner = users.find((user) => user.loginIds.includes(email));
  return owner ?? users.find((user) => user.verifiedEmail && user.email === email);
}

function addProvider(state: ProjectState, answer: FederatedAnswer, known?: UserRecord): UserRecord {
  const { request, identity } = answer;
  const user = requireEnabledUser(state, request.userId ?? '');
  if (known && known.userId !== user.userId) {
    throw new DescopeError('userExists', 'The account belongs to another user');
  }
  return withProvider(withProfile(user, identity), request.provider ?? '', identity);
}

function toLoginId({ project }: ProjectState, { request, identity }: FederatedAnswer): string {
  const { loginId } = identity;
  // A login id that is a user id would hide that user.
  if (project.users.find(loginId)) throw new DescopeError('userExists', 'The login id is the id of a user');
  if (loginId !== '') return loginId;
  const { email, verifiedEmail } = identity;
  const isTaken = project.users.all.some((user) => user.loginIds.includes(email));
  if (email !== '' && verifiedEmail && !isTaken) return email;
  if (request.provider) return `${request.provider}-${identity.subject}`;
  throw new DescopeError('invalidArguments', 'The identity provider sent no login id and no e-mail address');
}

// What the provider does not send stays; an address stays that the user has got from elsewhere.
function withProfile(user: UserRecord, identity: Identity): UserRecord {
  const { email, profile } = identity;
  const isOwn = email !== '' && (user.email === undefined || user.email === email);
  const isVerified = identity.verifiedEmail || (user.email === email && user.verifiedEmail);
  return {
    ...user,
    ...profile,
    ...(isOwn ? { email, verifiedEmail: isVerified } : {}),
    ...(profile.phone === undefined ? {} : { verifiedPhone: identity.verifiedPhone }),
    customAttributes: { ...user.customAttributes, ...identity.customAttributes },
  };
}

function withProvider(user: UserRecord, provider: string, { subject }: Identity): UserRecord {
  const others = (user.oauthAccounts ?? []).filter((account) => account.provider !== provider);
  return { ...user, oauthAccounts: [...others, { provider, subject }] };
}

/** What SSO gives a user. */
interface SsoMembership {
  readonly configuration: SsoConfiguration;
  readonly identity: Pick<Identity, 'groups'>;
}

/** Adds a user to the tenant of SSO, with the roles of their groups in place of those that SSO gave before. */
export function withTenant(
  state: ProjectState,
  user: UserRecord,
  { configuration, identity }: SsoMembership,
): UserRecord {
  const { tenantId } = configuration;
  const earlier = state.federation.findGrant(user.userId, configuration)?.roleNames ?? [];
  const current = user.tenants.find((grant) => grant.tenantId === tenantId);
  const kept = current?.roleNames.filter((name) => !earlier.includes(name)) ?? [];
  const grant = {
    tenantId,
    roleNames: [...new Set([...kept, ...rolesFor(configuration, identity.groups)])],
  };
  const tenants = current
    ? user.tenants.map((one) => (one.tenantId === tenantId ? grant : one))
    : [...user.tenants, grant];
  return withProtocol({ ...user, tenants }, configuration);
}

function withProtocol(user: UserRecord, configuration: SsoConfiguration): UserRecord {
  const protocols = new Set([...(user.ssoProtocols ?? []), protocolOf(configuration) ?? 'saml']);
  return { ...user, ssoProtocols: [...protocols] };
}
