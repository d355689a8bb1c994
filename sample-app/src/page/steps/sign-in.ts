// Step: signing in, through the web component or as a seeded person.
import type { DescopeSession } from 'nestjs-descope';
import type { Person } from '../../embedded/people.js';
import { PEOPLE } from '../../embedded/people.js';
import type { Html } from '../html.js';
import { html } from '../html.js';
import type { StartPage } from '../start-page.js';
import type { Step } from '../step.js';

export function toSignInStep({ session, isEmbedded, sessionStore }: StartPage): Step {
  const place =
    sessionStore === 'cookies' ? 'in cookies that no script can read' : 'in a session on the server';
  return {
    id: 'sign-in',
    title: 'Sign in',
    lead: html`The sign-in page runs Descope’s own web component. The tokens are kept ${place}.`,
    content: html`
      ${session.user ? renderSignedIn(session.user, isEmbedded) : renderSignedOut(session, isEmbedded)}
      <p id="sign-in-failure" class="notice" role="alert" hidden></p>
    `,
    code: `session: { refresh: true, store: sessionStore },
routes: {
  path: 'auth',
  login: { mode: embedded ? 'strict' : 'standard' },
  loginRedirect: true,
},`,
  };
}

function renderSignedIn({ name, email, id }: NonNullable<DescopeSession['user']>, isEmbedded: boolean): Html {
  const others = isEmbedded ? PEOPLE.filter((person) => person.email !== email) : [];
  return html`<div class="bar">
    <p>You are signed in as <strong>${name ?? email ?? id}</strong>.</p>
    <div class="buttons">
      ${isEmbedded ? html`<span class="muted">Change to</span>` : undefined}
      ${others.map(
        ({ key, name: full }) =>
          html`<button type="button" data-person="${key}">${full.split(' ')[0]}</button>`,
      )}
      <button type="button" data-sign-out>Sign out</button>
    </div>
  </div>`;
}

function renderSignedOut(session: DescopeSession, isEmbedded: boolean): Html {
  return html`${renderRejection(session)} ${isEmbedded ? EMBEDDED : PROJECT}`;
}

function renderRejection({ rejectedWith }: DescopeSession): Html | undefined {
  if (rejectedWith === undefined) return undefined;
  return html`<p class="notice">
    The session that your browser sent is rejected: <code>${rejectedWith}</code>
  </p>`;
}

function renderPerson({ key, name, roles }: Person): Html {
  return html` <button type="button" class="person-button" data-person="${key}">
    ${renderAvatar(name)}
    <span
      ><span class="visually-hidden">Sign in as </span>${name}<small
        >${roles.join(', ') || 'no roles'}</small
      ></span
    >
  </button>`;
}

/** The initials of a name. */
export function renderAvatar(name: string): Html {
  const initials = name.split(/\s+/).flatMap((word) => Array.from(word).slice(0, 1));
  return html`<span class="avatar" aria-hidden="true">${initials.slice(0, 2).join('').toUpperCase()}</span>`;
}

const EMBEDDED = html`
  <div class="bar">
    <p>
      Use any e-mail address. The code is not sent: it is in the
      <a href="/embedded/outbox" target="_blank" rel="noopener">outbox (new tab)</a>.
    </p>
    <a class="button" href="/auth/login">Open the sign-in page</a>
  </div>
  <p class="or muted">Or at once, as a seeded person:</p>
  <div class="people">${PEOPLE.map(renderPerson)}</div>
`;

const PROJECT = html`<div class="bar">
  <p>The flow <code>sign-up-or-in</code> of your project.</p>
  <a class="button" href="/auth/login">Open the sign-in page</a>
</div>`;
