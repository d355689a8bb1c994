// The page on which a user of the emulator allows or denies a client's request, and the page of an error.
import { createHash } from 'node:crypto';
import type { RouteResponse } from '../http/message.js';
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
<p class="who"><strong>${escape(client.name || client.clientId)}</strong> asks for access.</p>
${client.registered ? '<p class="note">This client has described itself. Nobody has checked its name.</p>' : ''}
<dl>
${toEntry('Client', client.clientId)}${request.resources.map((resource) => toEntry('Access to', resource)).join('')}${toEntry('Sends you back to', toOrigin(redirectUri))}</dl>
${toScopeList(request.scopes, [...scopesOf(state, request.serverId), ...client.permissionsScopes, ...client.attributesScopes])}
<form method="post" action="/oauth2/v1/apps/consent">
<input type="hidden" name="ticket" value="${escape(form.ticket)}">
<label for="loginId">User</label>
<input id="loginId" name="loginId" list="users" value="${escape(form.loginId)}" autocomplete="off" required aria-describedby="${described}"${form.mistake === '' ? '' : ' aria-invalid="true"'}>
<datalist id="users">${toSuggestions(state)}</datalist>
${form.mistake === '' ? '' : `<p id="mistake" class="mistake" role="alert">${escape(form.mistake)}</p>`}
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
<p class="mistake">${escape(message)}.</p>
<p class="note">${escape(code)}</p>`;
  return { ...toPage({ title: 'The request was rejected', body, formAction: "'none'" }), status: 400 };
}

function toEntry(name: string, value: string): string {
  return `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>\n`;
}

function toScopeList(names: readonly string[], scopes: readonly AppScope[]): string {
  if (names.length === 0) return '<p>It asks for no scope.</p>';
  const items = names.map((name) => {
    const description = scopes.find((scope) => scope.name === name)?.description ?? '';
    return `<li><code>${escape(name)}</code>${description === '' ? '' : ` ${escape(description)}`}</li>`;
  });
  return `<h2>It may then</h2>\n<ul>\n${items.join('\n')}\n</ul>`;
}

function toSuggestions({ project }: ProjectState): string {
  const loginIds = project.users.all.flatMap((user) => user.loginIds[0] ?? []);
  return loginIds
    .slice(0, MAX_SUGGESTIONS)
    .map((loginId) => `<option value="${escape(loginId)}"></option>`)
    .join('');
}

// A custom scheme has no origin; the scheme then says which application it is.
function toOrigin(uri: string): string {
  const { origin, protocol } = new URL(uri);
  return origin === 'null' ? protocol : origin;
}

// Browsers apply `form-action` to the redirect that follows the form, too.
function toFormTarget(uri: string): string {
  const { protocol, hostname, origin } = new URL(uri);
  if (origin === 'null') return protocol;
  return hostname.startsWith('[') ? protocol : origin; // an IPv6 address cannot be written there
}

interface Page {
  readonly title: string;
  readonly body: string;
  readonly formAction: string;
}

function toPage({ title, body, formAction }: Page): Pick<RouteResponse, 'body' | 'headers'> {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    `form-action ${formAction}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      // The form's own request has an Origin header with it, and the redirect no referrer.
      'referrer-policy': 'same-origin',
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)} – Descope emulator</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
<footer>Descope emulator, for development only</footer>
</body>
</html>
`,
  };
}

function escape(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
:root { --text: #1c2024; --muted: #5b6570; --page: #f4f6f8; --card: #ffffff; --border: #8a94a0;
  --accent: #1f5fd0; --on-accent: #ffffff; --error: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --muted: #a7b0ba; --page: #0f1214; --card: #1b1f23;
  --border: #6b7681; --accent: #8ab4f8; --on-accent: #0b1b33; --error: #ff9d94; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 32px 16px; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
main { max-width: 480px; margin: 0 auto; padding: 24px; border-radius: 12px; background: var(--card); }
footer { max-width: 480px; margin: 16px auto 0; text-align: center; font-size: 14px; color: var(--muted); }
h1 { margin: 0 0 8px; font-size: 24px; line-height: 1.25; }
h2 { margin: 16px 0 4px; font-size: 16px; }
p, dl, ul { margin: 0 0 12px; overflow-wrap: anywhere; }
ul { padding-left: 20px; }
dl div { display: flex; flex-wrap: wrap; gap: 0 8px; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font-size: 15px; }
.note, .hint { font-size: 14px; color: var(--muted); }
.mistake { color: var(--error); }
label { display: block; margin: 16px 0 4px; font-weight: 600; }
input { width: 100%; padding: 10px 12px; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--border); border-radius: 8px; }
input:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.hint { margin: 4px 0 16px; }
.buttons { display: flex; flex-wrap: wrap; gap: 12px; }
button { flex: 1 1 140px; min-height: 44px; padding: 10px 16px; font: inherit; font-weight: 600; cursor: pointer;
  border: 1px solid var(--accent); border-radius: 8px; background: var(--accent); color: var(--on-accent); }
button.second { background: transparent; color: var(--accent); }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
