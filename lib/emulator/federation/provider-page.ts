// The page on which a developer chooses who comes back from a provider.
import type { RouteResponse } from '../http/message.js';
import { escapeHtml, toFormTarget, toPage } from '../http/page.js';
import type { ProjectState } from '../project-state.js';
import type { UserRecord } from '../store/project.js';
import type { PersonForm } from './answer.js';
import { groupAttribute } from './attributes.js';
import type { FederatedRequest } from './federation.js';
import { requireProvider } from './providers.js';
import { protocolOf, settingsOf } from './sso-configuration.js';

/** What the page shows beside its request. */
interface PageForm {
  readonly form: PersonForm;
  /** What was wrong with the last answer; empty at first. */
  readonly mistake: string;
}

/** What a provider is called, and what it is asked about a person. */
interface ProviderView {
  readonly title: string;
  readonly note: string;
  /** The attribute of groups; absent for OAuth, which has none. */
  readonly groups?: string;
  /** What the provider's protocol calls an attribute. */
  readonly attribute: 'claim' | 'attribute';
}

const MAX_BUTTONS = 6;
const MAX_SUGGESTIONS = 100;

/** Writes the page that plays a provider. */
export function toProviderPage(
  state: ProjectState,
  request: FederatedRequest,
  { form, mistake }: PageForm,
): RouteResponse {
  const view = toView(state, request);
  const people = state.project.users.all.filter((user) => user.email !== undefined);
  const body = `<h1>${escapeHtml(view.title)}</h1>
<p class="note">${escapeHtml(view.note)}</p>
${toAccounts(state, request, people.slice(0, MAX_BUTTONS))}
<form method="post">
<h2>${people.length === 0 ? 'Who signs in?' : 'Somebody else'}</h2>
${toFields(view, form, mistake)}
<datalist id="people">${toSuggestions(people)}</datalist>
<div class="buttons">
<button>Continue</button>
<button name="decision" value="cancel" class="second" formnovalidate>Cancel</button>
</div>
</form>
<p class="note">Then back to ${escapeHtml(toPlace(request.redirectUrl))}</p>`;
  const page = { title: view.title, body, formAction: `'self' ${toFormTarget(request.redirectUrl)}` };
  return { ...toPage(page), status: mistake === '' ? 200 : 400 };
}

/** Writes the page of a sign-in that cannot go on. */
export function toRejectionPage(message: string): RouteResponse {
  const title = 'The sign-in cannot go on';
  const body = `<h1>${title}</h1>\n<p class="mistake">${escapeHtml(message)}</p>`;
  return { ...toPage({ title, body, formAction: "'none'" }), status: 400 };
}

function toView(state: ProjectState, request: FederatedRequest): ProviderView {
  const { provider, sso } = request;
  if (!sso) {
    const { displayName } = requireProvider(state, provider ?? '');
    const note = `This is the Descope emulator, which plays ${displayName}. It asks nobody for a password.`;
    return { title: `Sign in with ${displayName}`, note, attribute: 'claim' };
  }
  const name = state.project.tenants.find(sso.tenantId)?.name ?? sso.tenantId;
  const configuration = state.federation.configurations.find(sso.tenantId, sso.ssoId);
  const isOidc = configuration !== undefined && protocolOf(configuration) === 'oidc';
  const protocol = isOidc ? 'OpenID Connect' : 'SAML';
  return {
    title: `Sign in to ${name}`,
    note: `This is the Descope emulator, which plays the identity provider of ${name} (${protocol}). It asks nobody for a password.`,
    attribute: isOidc ? 'claim' : 'attribute',
    groups: configuration ? groupAttribute(settingsOf(configuration).attributeMapping) : 'groups',
  };
}

function toAccounts(state: ProjectState, request: FederatedRequest, people: readonly UserRecord[]): string {
  if (people.length === 0) return '';
  const items = people.map((user) => {
    const email = user.email ?? '';
    const groups = request.sso && state.federation.findGrant(user.userId, request.sso)?.groups;
    const details = [
      user.name === undefined ? '' : email,
      ...(groups?.length ? [groups.join(', ')] : []),
      user.status === 'disabled' ? 'disabled' : '',
    ].filter(Boolean);
    const second =
      details.length === 0 ? '' : ` <span class="hint">${escapeHtml(details.join(' · '))}</span>`;
    return `<li><button name="email" value="${escapeHtml(email)}" class="second">${escapeHtml(user.name ?? email)}${second}</button></li>`;
  });
  return `<h2 id="accounts">Users of the project</h2>
<form method="post">
<ul class="accounts" aria-labelledby="accounts">
${items.join('\n')}
</ul>
</form>`;
}

function toFields(view: ProviderView, form: PersonForm, mistake: string): string {
  const more = `More ${view.attribute}s`;
  const isOpen = form.attributes !== '' || form.unverified;
  return `${mistake === '' ? '' : `<p id="mistake" class="mistake" role="alert">${escapeHtml(mistake)}</p>`}
<label for="email">E-mail address</label>
<input id="email" name="email" list="people" value="${escapeHtml(form.email)}" autocomplete="off" inputmode="email"${mistake === '' ? '' : ' aria-describedby="mistake" aria-invalid="true"'}>
<label for="name">Name</label>
<input id="name" name="name" value="${escapeHtml(form.name)}" autocomplete="off">
${view.groups === undefined ? '' : toGroupField(view.groups, form)}
<details${isOpen ? ' open' : ''}>
<summary>${more}</summary>
<label for="attributes">${more}, as JSON</label>
<textarea id="attributes" name="attributes" rows="4" spellcheck="false" aria-describedby="attributes-hint">${escapeHtml(form.attributes)}</textarea>
<p id="attributes-hint" class="hint">Such as <code>{"department":"Research"}</code>. They replace those above.</p>
${view.groups === undefined ? `<label class="check"><input type="checkbox" name="unverified"${form.unverified ? ' checked' : ''}> The provider has not verified the address</label>` : ''}
</details>`;
}

function toGroupField(attribute: string, form: PersonForm): string {
  return `<label for="groups">Groups</label>
<input id="groups" name="groups" value="${escapeHtml(form.groups ?? '')}" autocomplete="off" aria-describedby="groups-hint">
<p id="groups-hint" class="hint">With commas between them; they are sent as <code>${escapeHtml(attribute)}</code>.</p>`;
}

function toSuggestions(people: readonly UserRecord[]): string {
  return people
    .slice(0, MAX_SUGGESTIONS)
    .map((user) => `<option value="${escapeHtml(user.email ?? '')}"></option>`)
    .join('');
}

// A custom scheme has no origin; the scheme then says which application it is.
function toPlace(url: string): string {
  const { origin, protocol } = new URL(url);
  return origin === 'null' ? protocol : origin;
}
