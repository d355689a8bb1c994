// Who is signed in: name, grants and when the session ends.
import type { DescopeUser } from 'nestjs-descope';
import type { Html } from './html.js';
import { html } from './html.js';

export function renderIdentity(user: DescopeUser, expiresAt: Date | undefined): Html {
  const name = user.name ?? user.email ?? 'Signed in'; // a bare id is in the list below
  return html` <div class="person">
      ${renderAvatar(user.name ?? user.email ?? '?')}
      <div>
        <h2 id="who">${name}</h2>
        <p class="muted">
          ${user.email ?? 'The token names no e-mail address: that takes a JWT template of the project.'}
        </p>
      </div>
    </div>
    <dl>
      ${renderRow('Roles', renderChips(user.roles))}
      ${renderRow('Permissions', renderChips(user.permissions))} ${renderRow('Tenants', renderTenants(user))}
      ${renderRow('Staff', html`${user.isStaff ? 'yes' : 'no'}`)}
      ${renderRow('User id', html`<code>${user.id}</code>`)}
      ${expiresAt ? renderRow('Expires', renderTime(expiresAt)) : undefined}
    </dl>`;
}

/** The initials of a name. */
export function renderAvatar(name: string): Html {
  const initials = name.split(/\s+/).flatMap((word) => Array.from(word).slice(0, 1));
  return html`<span class="avatar" aria-hidden="true">${initials.slice(0, 2).join('').toUpperCase()}</span>`;
}

function renderRow(term: string, description: Html): Html {
  return html`<div>
    <dt>${term}</dt>
    <dd>${description}</dd>
  </div>`;
}

function renderChips(names: readonly string[]): Html {
  if (names.length === 0) return html`<span class="muted">none</span>`;
  return html`${names.map((name) => html`<span class="chip">${name}</span>`)}`;
}

function renderTenants({ tenants }: DescopeUser): Html {
  const entries = Object.entries(tenants);
  if (entries.length === 0) return html`<span class="muted">none</span>`;
  return html`${entries.map(
    ([id, { roles }]) =>
      html`<span class="tenant">${id} <span class="muted">${roles.join(', ') || 'no roles'}</span></span>`,
  )}`;
}

function renderTime(moment: Date): Html {
  const iso = moment.toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`;
}
