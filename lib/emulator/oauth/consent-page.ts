// The page on which a user of the emulator allows or denies a client's request, and the page of an error.
import type { RouteResponse } from '../http/message.js';
import { escapeHtml, toFormTarget, toPage } from '../http/page.js';
import type { ProjectState } from '../project-state.js';
import type { PendingRequest } from '../store/oauth-grants.js';
import type { AppScope } from '../store/project.js';
import { scopesOf } from './authorization-server.js';

/** What a consent page shows beside its request. */
interface ConsentForm {
  /** The secret that connects the form with its request. */
  readonly ticket: string;
  readonly loginId: string;
  /** What was wrong with the last answer; empty at first. */
  readonly mistake: string;
}

const MAX_SUGGESTIONS = 100;

/** Writes the consent page. */
export function toConsentPage(
  state: ProjectState,
  request: PendingRequest,
  form: ConsentForm,
): RouteResponse {
  const { client, redirectUri } = request;
  const described = form.mistake === '' ? 'hint' : 'mistake hint';
  const body = `<h1>Allow access?</h1>
<p class="who"><strong>${escapeHtml(client.name || client.clientId)}</strong> asks for access.</p>
${client.registered ? '<p class="note">This client has described itself. Nobody has checked its name.</p>' : ''}
<dl>
${toEntry('Client', client.clientId)}${request.resources.map((resource) => toEntry('Access to', resource)).join('')}${toEntry('Sends you back to', toOrigin(redirectUri))}</dl>
${toScopeList(request.scopes, [...scopesOf(state, request.serverId), ...client.permissionsScopes, ...client.attributesScopes])}
<form method="post" action="${escapeHtml(state.basePath)}/oauth2/v1/apps/consent">
<input type="hidden" name="ticket" value="${escapeHtml(form.ticket)}">
<label for="loginId">User</label>
<input id="loginId" name="loginId" list="users" value="${escapeHtml(form.loginId)}" autocomplete="off" required aria-describedby="${described}"${form.mistake === '' ? '' : ' aria-invalid="true"'}>
<datalist id="users">${toSuggestions(state)}</datalist>
${form.mistake === '' ? '' : `<p id="mistake" class="mistake" role="alert">${escapeHtml(form.mistake)}</p>`}
<p id="hint" class="hint">The emulator asks nobody for a password.</p>
<div class="buttons">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny" class="second" formnovalidate>Deny</button>
</div>
</form>`;
  const page = { title: 'Allow access?', body, formAction: `'self' ${toFormTarget(redirectUri)}` };
  return { ...toPage(page), status: form.mistake === '' ? 200 : 400 };
}

/** Writes the page of a request whose response can be sent nowhere. */
export function toErrorPage(code: string, message: string): RouteResponse {
  const body = `<h1>The request was rejected</h1>
<p class="mistake">${escapeHtml(message)}.</p>
<p class="note">${escapeHtml(code)}</p>`;
  return { ...toPage({ title: 'The request was rejected', body, formAction: "'none'" }), status: 400 };
}

function toEntry(name: string, value: string): string {
  return `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>\n`;
}

function toScopeList(names: readonly string[], scopes: readonly AppScope[]): string {
  if (names.length === 0) return '<p>It asks for no scope.</p>';
  const items = names.map((name) => {
    const description = scopes.find((scope) => scope.name === name)?.description ?? '';
    return `<li><code>${escapeHtml(name)}</code>${description === '' ? '' : ` ${escapeHtml(description)}`}</li>`;
  });
  return `<h2>It may then</h2>\n<ul>\n${items.join('\n')}\n</ul>`;
}

function toSuggestions({ project }: ProjectState): string {
  const loginIds = project.users.all.flatMap((user) => user.loginIds[0] ?? []);
  return loginIds
    .slice(0, MAX_SUGGESTIONS)
    .map((loginId) => `<option value="${escapeHtml(loginId)}"></option>`)
    .join('');
}

// A custom scheme has no origin; the scheme then says which application it is.
function toOrigin(uri: string): string {
  const { origin, protocol } = new URL(uri);
  return origin === 'null' ? protocol : origin;
}
