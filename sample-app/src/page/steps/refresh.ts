// Step: a session that expires, and is refreshed during a request.
import type { Html } from '../html.js';
import { html } from '../html.js';
import type { StartPage } from '../start-page.js';
import type { Step } from '../step.js';

/** How long the session lasts that is watched. */
const SECONDS = 5;

export function toRefreshStep({ session, isEmbedded }: StartPage): Step {
  return {
    id: 'refresh',
    title: 'See a refresh happen',
    lead: html`A session token lasts minutes, its refresh token weeks. A browser whose session has expired is
    not rejected: the application gets a new session from Descope during the request.`,
    content: session.user
      ? renderButtons(session.user.email, isEmbedded)
      : html`<p class="muted">Sign in first.</p>`,
    code: `session: { refresh: true, store: sessionStore },`,
  };
}

function renderButtons(email: string | undefined, isEmbedded: boolean): Html {
  const watch = html`<button type="button" data-watch-refresh data-seconds="${SECONDS}" data-email="${email}">
    Take a session of ${SECONDS} seconds, and watch
  </button>`;
  return html`<div class="buttons">
      ${isEmbedded ? watch : undefined}
      <button type="button" data-refresh-now>Refresh now</button>
    </div>
    <progress
      id="watched"
      max="${SECONDS}"
      value="0"
      aria-label="Time left of the watched session"
      hidden
    ></progress>
    <div role="log" aria-label="Refresh"><ol class="log" id="refresh-log"></ol></div>`;
}
