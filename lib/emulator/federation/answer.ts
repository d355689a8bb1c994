// Answers for a provider: who the person is, by a form or a hint, and the redirect with a code or an error.
import { noteLoginFailed } from '../audit/sign-in-events.js';
import { DescopeError } from '../errors.js';
import type { JsonObject, RouteResponse } from '../http/message.js';
import { NO_STORE } from '../http/oauth-error.js';
import type { ProjectState } from '../project-state.js';
import type { Assertion, AttributeMapping } from './attributes.js';
import { groupAttribute, parseAttributes, toIdentity } from './attributes.js';
import type { FederatedRequest } from './federation.js';
import { requireRequested, toFederatedUser } from './finish-federated.js';
import { requireProvider, withParameter } from './providers.js';
import { protocolOf, settingsOf, toSubject } from './sso-configuration.js';

/** Who a person says they are, on the page that plays a provider. */
export interface PersonForm {
  readonly email: string;
  readonly name: string;
  /** Whether the provider has not verified the address. */
  readonly unverified: boolean;
  /** The names of groups, with commas; undefined for those of the last sign-in. */
  readonly groups: string | undefined;
  /** Further attributes, as JSON; they replace those of the other fields. */
  readonly attributes: string;
}

/** A form that says nothing. */
export const NO_PERSON: PersonForm = { email: '', name: '', unverified: false, groups: '', attributes: '' };

/** Says what is wrong with a form; undefined if nothing is. */
export function findFormMistake(form: PersonForm): string | undefined {
  try {
    const { email, sub } = parseAttributes(form.attributes);
    const hasAddress = /^[^@\s]+@[^@\s]+$/.test(form.email);
    if (hasAddress || (form.email === '' && (email !== undefined || sub !== undefined))) return undefined;
    return 'Enter an e-mail address';
  } catch (cause) {
    if (cause instanceof DescopeError) return cause.message;
    throw cause;
  }
}

/** Sends a person back as who the form says; or with an error, if the project rejects them. */
export function answerAs(state: ProjectState, request: FederatedRequest, form: PersonForm): RouteResponse {
  state.audit.setMethod(request.sso ? 'saml' : 'oauth');
  try {
    const { mapping, assertion } = assertPerson(state, request, form);
    const identity = toIdentity(assertion, mapping);
    if (request.sso) assertExpected(state, request, identity.email);
    const expiresMs = state.clock.now() + state.settings.codeSeconds * 1000;
    const answer = { request, identity, expiresMs };
    toFederatedUser(state, answer);
    return redirectTo(request, 'code', state.federation.issueCode(answer));
  } catch (cause) {
    if (!(cause instanceof DescopeError)) throw cause;
    noteLoginFailed(state, form.email || undefined, cause);
    return redirectTo(request, 'err', cause.message);
  }
}

/** Sends a person back who has cancelled. */
export function answerCancelled(request: FederatedRequest): RouteResponse {
  return redirectTo(request, 'err', 'access_denied: the person has cancelled the sign-in');
}

/** Sends a person back without a page: as whom the hint names, if the project has them. */
export function answerSilently(state: ProjectState, request: FederatedRequest): RouteResponse {
  const { loginHint } = request;
  const user = loginHint === '' ? undefined : state.project.users.find(loginHint);
  const email = user?.email ?? '';
  if (email !== '') return answerAs(state, request, { ...NO_PERSON, email, groups: undefined });
  return redirectTo(request, 'err', 'login_required: prompt=none needs a loginHint that names a user');
}

// What the emulator plays sends what the project expects: an identity provider is set up for its mapping.
function assertPerson(
  state: ProjectState,
  request: FederatedRequest,
  form: PersonForm,
): { readonly mapping: AttributeMapping; readonly assertion: Assertion } {
  const mapping = mappingOf(state, request);
  const email = form.email.trim();
  const more = parseAttributes(form.attributes);
  const source = request.provider ?? JSON.stringify([request.sso?.tenantId, request.sso?.ssoId]);
  const subject = toSubject(source, email);
  const isSaml = request.sso !== undefined && protocolOf(requireRequested(state, request)) === 'saml';
  const own = {
    ...(isSaml ? {} : { sub: subject, email_verified: !form.unverified }),
    [mapping.email || 'email']: email,
    [mapping.name || 'name']: form.name.trim(),
    ...(request.sso ? { [groupAttribute(mapping)]: toGroups(state, request, form) } : {}),
  };
  const present = Object.entries(own).filter(([, value]) => value !== '');
  const attributes: JsonObject = { ...Object.fromEntries(present), ...more };
  const claimed = typeof attributes.email === 'string' ? attributes.email : email;
  return { mapping, assertion: { subject, email: isSaml ? email : claimed, attributes } };
}

function mappingOf(state: ProjectState, request: FederatedRequest): AttributeMapping {
  return request.sso
    ? settingsOf(requireRequested(state, request)).attributeMapping
    : requireProvider(state, request.provider ?? '').attributeMapping;
}

function toGroups(state: ProjectState, { sso }: FederatedRequest, form: PersonForm): readonly string[] {
  if (form.groups !== undefined) return form.groups.split(',').flatMap((name) => name.trim() || []);
  const user = state.project.users.find(form.email);
  return (user && sso && state.federation.findGrant(user.userId, sso)?.groups) ?? [];
}

// Descope's documentation, page "SSO (Single Sign-On)": only users of the listed domains may sign in.
function assertExpected(state: ProjectState, request: FederatedRequest, email: string): void {
  const { domains } = requireRequested(state, request);
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  if (domains.length > 0 && !domains.some((allowed) => allowed.toLowerCase() === domain)) {
    throw new DescopeError('invalidToken', `The e-mail domain ${domain} is not one of the SSO configuration`);
  }
  const { initiatedEmail } = request;
  if (initiatedEmail === '' || initiatedEmail.toLowerCase() === email.toLowerCase()) return;
  throw new DescopeError('invalidToken', `The sign-in was started for ${initiatedEmail}, not for ${email}`);
}

// Descope's web component reads the parameters `code` and `err`.
function redirectTo({ redirectUrl }: FederatedRequest, name: 'code' | 'err', value: string): RouteResponse {
  const location = withParameter(redirectUrl, name, value);
  return { status: 303, body: '', headers: { ...NO_STORE, 'referrer-policy': 'no-referrer', location } };
}
