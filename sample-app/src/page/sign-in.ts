// How one signs in and out from the page: through the login page, or, on the emulator, as a seeded person.
import type { DescopeSession } from 'nestjs-descope';
import type { Person } from '../embedded/people.js';
import { PEOPLE } from '../embedded/people.js';
import type { Html } from './html.js';
import { html } from './html.js';
import { renderAvatar } from './identity.js';

/** What stands under the identity, or in place of it. */
export function renderDoor(session: DescopeSession, isEmbedded: boolean): Html {
  if (session.user) return renderSwitch(session.user.email, isEmbedded);
  return html` <h2 id="who">Nobody is signed in</h2>
    ${renderRejection(session)} ${isEmbedded ? EMBEDDED : PROJECT} ${FAILURE}`;
}

function renderRejection({ rejectedWith }: DescopeSession): Html | undefined {
  if (rejectedWith === undefined) return undefined;
  return html`<p class="notice">The session in your cookie does not count: <code>${rejectedWith}</code></p>`;
}

function renderPerson({ key, name, roles }: Person): Html {
  return html` <button type="button" data-person="${key}">
    ${renderAvatar(name)}
    <span>Sign in as ${name}<small>${roles.join(', ') || 'no roles'}</small></span>
  </button>`;
}

function renderSwitch(email: string | undefined, isEmbedded: boolean): Html {
  const others = isEmbedded ? PEOPLE.filter((person) => person.email !== email) : [];
  return html` <div class="switch">
      <div>
        ${isEmbedded ? html`<span class="muted">Sign in as</span>` : undefined}
        ${others.map(
          ({ key, name }) => html`<button type="button" data-person="${key}">${name.split(' ')[0]}</button>`,
        )}
      </div>
      <button type="button" data-sign-out>Sign out</button>
    </div>
    ${FAILURE}`;
}

const FAILURE = html`<p id="door-failure" class="notice" role="alert" hidden></p>`;

const SIGN_IN = html`<a class="button" href="/auth/login">Sign in</a>`;

const EMBEDDED = html` <p class="muted">
    Use any e-mail address. The code that you are asked for is in the outbox.
  </p>
  <p class="enter">
    ${SIGN_IN} <a href="/embedded/outbox" target="_blank" rel="noopener">Open the outbox</a>
  </p>
  <p class="or muted">Or at once, without a code:</p>
  <div class="people">${PEOPLE.map(renderPerson)}</div>`;

const PROJECT = html` <p class="muted">Sign in with the flow <code>sign-up-or-in</code> of your project.</p>
  <p class="enter">${SIGN_IN}</p>
  <p class="or muted">Or send a session token of the project:</p>
  <pre><code>curl -i <span data-origin>http://127.0.0.1:3000</span>/me -H "Authorization: Bearer $SESSION_TOKEN"</code></pre>`;
