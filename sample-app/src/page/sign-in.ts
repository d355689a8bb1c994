// How one signs in and out from the page: as a seeded person, or, on a project, with a token of one's own.
import type { DescopeSession } from 'nestjs-descope';
import { PEOPLE } from '../embedded/people.js';
import type { Person } from '../embedded/people.js';
import { html } from './html.js';
import type { Html } from './html.js';
import { renderAvatar } from './identity.js';

/** What stands under the identity, or in place of it. */
export function renderDoor(session: DescopeSession, isEmbedded: boolean): Html {
  if (session.user) return isEmbedded ? renderSwitch(session.user.email) : html``;
  return html` <h2 id="who">Nobody is signed in</h2>
    ${renderRefusal(session)} ${isEmbedded ? renderPeople() : PROJECT}`;
}

function renderRefusal({ refusedWith }: DescopeSession): Html | undefined {
  if (refusedWith === undefined) return undefined;
  return html`<p class="notice">The session in your cookie does not count: <code>${refusedWith}</code></p>`;
}

function renderPeople(): Html {
  return html` <p class="muted">The emulator knows these people, and asks for no password.</p>
    <form class="people" method="post" action="/embedded/sign-in">${PEOPLE.map(renderPerson)}</form>`;
}

function renderPerson({ key, name, roles }: Person): Html {
  return html` <button name="person" value="${key}">
    ${renderAvatar(name)}
    <span>Sign in as ${name}<small>${roles.join(', ') || 'no roles'}</small></span>
  </button>`;
}

function renderSwitch(email: string | undefined): Html {
  const others = PEOPLE.filter((person) => person.email !== email);
  return html` <div class="switch">
    <form method="post" action="/embedded/sign-in">
      <span class="muted">Sign in as</span>
      ${others.map(({ key, name }) => html`<button name="person" value="${key}">${name.split(' ')[0]}</button>`)}
    </form>
    <form method="post" action="/embedded/sign-out"><button>Sign out</button></form>
  </div>`;
}

const PROJECT = html` <p class="muted">
    This page has no sign-in of its own for a project yet: the hosted sign-in page comes with flows.
  </p>
  <p>Until then, send a session token of the project:</p>
  <pre><code>curl -i <span data-origin>http://127.0.0.1:3000</span>/me -H "Authorization: Bearer $SESSION_TOKEN"</code></pre>`;
