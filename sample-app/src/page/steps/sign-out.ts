// Step: signing out, and tokens from before it.
import type { Html } from '../html.js';
import { html } from '../html.js';
import type { StartPage } from '../start-page.js';
import type { Step } from '../step.js';

export function toSignOutStep({ session, isEmbedded }: StartPage): Step {
  return {
    id: 'sign-out',
    title: 'Sign out, and what is rejected afterwards',
    lead: html`Signing out clears the cookies and tells Descope. This application also rejects the session
    token from before it, which otherwise stays valid until it expires.`,
    content: isEmbedded ? renderTrial(session.user?.email) : PROJECT,
  };
}

// As a thief would, the page keeps a copy of the tokens: so that there is something to reject.
function renderTrial(email: string | undefined): Html {
  const name = email === undefined ? 'Ada signs in and out' : 'Sign out';
  return html`<div class="buttons">
      <button type="button" data-sign-out-trial data-person="${email ?? 'ada'}">
        ${name}, then try the old tokens
      </button>
    </div>
    <div role="log" aria-label="Sign-out"><ol class="log" id="sign-out-log"></ol></div>`;
}

const PROJECT = html`<p class="muted">
  Copy the session token from your application, sign out, and send it again: the code is
  <code>SESSION_SIGNED_OUT</code>.
</p>`;
