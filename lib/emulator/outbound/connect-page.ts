// The page on which a user allows or denies the connection to an outbound app; it plays the service.
import type { RouteResponse } from '../http/message.js';
import { escapeHtml, toFormTarget, toPage } from '../http/page.js';
import type { ProjectState } from '../project-state.js';
import type { PendingConnection } from './pending-connections.js';

/** Writes the page. */
export function toConnectPage(
  state: ProjectState,
  ticket: string,
  pending: PendingConnection,
): RouteResponse {
  const { appId, grantedBy, scopes, redirectUrl } = pending;
  const service = escapeHtml(state.vault.apps.find(appId)?.name ?? appId);
  const user = escapeHtml(state.project.users.find(grantedBy)?.loginIds[0] ?? grantedBy);
  const owner = pending.userId === '' ? `The tenant ${escapeHtml(pending.tenantId)}` : user;
  const items = scopes.map((scope) => `<li><code>${escapeHtml(scope)}</code></li>`).join('\n');
  const body = `<h1>Connect ${service}?</h1>
<p class="who"><strong>${owner}</strong> connects to ${service}. The emulator plays the service.</p>
${items === '' ? '<p>No scope is asked for.</p>' : `<h2>It may then</h2>\n<ul>\n${items}\n</ul>`}
<form method="post">
<input type="hidden" name="ticket" value="${escapeHtml(ticket)}">
<div class="buttons">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny" class="second">Deny</button>
</div>
</form>`;
  const formAction = `'self' ${toFormTarget(redirectUrl)}`;
  return { ...toPage({ title: `Connect ${appId}?`, body, formAction }), status: 200 };
}

/** Writes the page of a connection that was answered before, or whose page was open for too long. */
export function toEndedPage(): RouteResponse {
  const body = `<h1>This page has ended</h1>
<p class="mistake">The connection was answered before, or the page was open for more than ten minutes.</p>`;
  return { ...toPage({ title: 'This page has ended', body, formAction: "'none'" }), status: 400 };
}
