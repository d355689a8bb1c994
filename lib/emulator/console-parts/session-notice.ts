// What the console shows after it signed a user in: both tokens, and a line for the terminal.
import type { Html } from './html.js';
import { html } from './html.js';
import type { Desk } from './page.js';
import { toForm } from './page.js';
import { toCopy } from './parts.js';

/** The tokens of a sign-in. */
interface Session {
  readonly sessionJwt: string;
  readonly refreshJwt?: string | undefined;
}

/** Writes the tokens of a sign-in. */
export function toSessionNotice(desk: Desk, { sessionJwt, refreshJwt }: Session): Html {
  return html`<p><strong>Signed in.</strong> The tokens are shown once.</p>
    <h2>Session token</h2>
    ${toCopy('Session token', sessionJwt)}
    ${
      refreshJwt !== undefined &&
      refreshJwt !== '' &&
      html`<h2>Refresh token</h2>
        ${toCopy('Refresh token', refreshJwt)}`
    }
    ${toCurl(sessionJwt)}
    ${toForm(desk, { page: 'tokens', action: 'read', about: { token: sessionJwt } }, html`<button class="second">Take the session token apart</button>`)}`;
}

/** Writes the line that calls an application with a token. */
export function toCurl(token: string): Html {
  return html`<h2>Call your application</h2>
    ${toCopy('Command', `curl -H "Authorization: Bearer ${token}" http://localhost:3000/`)}`;
}
