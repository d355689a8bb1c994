// Step: who is signed in, with roles and tenants.
import type { DescopeUser } from 'nestjs-descope';
import type { Html } from '../html.js';
import { html } from '../html.js';
import type { StartPage } from '../start-page.js';
import type { Step } from '../step.js';
import { renderAvatar } from './sign-in.js';

export function toWhoStep({ session }: StartPage): Step {
  return {
    id: 'who',
    title: 'Who am I',
    lead: html`What a handler gets from <code>@CurrentUser()</code>. It is read from the token alone.`,
    content: session.user ? renderUser(session.user) : NOBODY,
    code: `@Get('me')
me(@CurrentUser() user: DescopeUser) {
  return user;
}`,
  };
}

const NOBODY = html`<h3>Nobody is signed in</h3>
  <p class="muted">
    Routes respond 401, but public ones and those with <code>@OptionalAuth()</code>, where the user is
    <code>undefined</code>.
  </p>`;

function renderUser(user: DescopeUser): Html {
  return html` <div class="person">
      ${renderAvatar(user.name ?? user.email ?? '?')}
      <div>
        <h3>${user.name ?? user.email ?? 'Signed in'}</h3>
        <p class="muted">
          ${user.email ?? 'The token names no e-mail address: a JWT template of the project adds it.'}
        </p>
      </div>
    </div>
    <dl class="facts">
      ${renderFact('Roles', renderChips(user.roles))}
      ${renderFact('Permissions', renderChips(user.permissions))}
      ${renderFact('Tenants', renderTenants(user))}
      ${renderFact('Staff', html`${user.isStaff ? 'yes' : 'no'}`)}
      ${renderFact('User id', html`<code>${user.id}</code>`)}
    </dl>`;
}

function renderFact(term: string, description: Html): Html {
  return html`<div>
    <dt>${term}</dt>
    <dd>${description}</dd>
  </div>`;
}

const NONE = html`<span class="muted">none</span>`;

function renderChips(names: readonly string[]): Html {
  return names.length === 0 ? NONE : html`${names.map((name) => html`<span class="chip">${name}</span> `)}`;
}

function renderTenants({ tenants }: DescopeUser): Html {
  const entries = Object.entries(tenants);
  if (entries.length === 0) return NONE;
  return html`${entries.map(
    ([id, { roles }]) =>
      html`<span class="tenant"
        ><span class="chip">${id}</span> <span class="muted">${roles.join(', ') || 'no roles'}</span></span
      >`,
  )}`;
}
