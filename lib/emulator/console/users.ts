// The page of users: the list with its search, and the form that creates one.
import type { Html } from '../console-parts/html.js';
import { html } from '../console-parts/html.js';
import type { Action, ConsolePage, Desk } from '../console-parts/page.js';
import { toForm, toPath, toRejected } from '../console-parts/page.js';
import { toCheckbox, toDisclosure, toField, toMarks, toRecords } from '../console-parts/parts.js';
import type { UserRecord } from '../store/project.js';
import { toRoleBoxes, toTenantBoxes } from './grants.js';

const PAGE_SIZE = 50;

/** The page of users. */
export const usersPage: ConsolePage = {
  name: 'users',
  title: 'Users',
  lead: 'The users of the project. Open one to change it, or to sign in as it.',
  draw: (desk) =>
    html`${toSearch(desk)} ${toUserList(desk)}
      <section class="card">
        ${toDisclosure('Create a user', toCreateForm(desk), desk.rejected !== undefined || desk.state.project.users.all.length === 0)}
      </section>`,
  actions: { create: (form, desk) => create(form, desk) },
};

const create: Action = async (form, desk) => {
  const loginId = form.text('loginId');
  await desk.manage('POST /v1/mgmt/user/create', {
    loginId,
    displayName: form.text('displayName'),
    email: form.text('email'),
    phone: form.text('phone'),
    password: form.text('password'),
    roleNames: form.all('roles'),
    userTenants: form.all('tenants').map((tenantId) => ({ tenantId })),
    test: form.isChecked('test'),
  });
  const user = desk.state.project.users.find(loginId);
  const link = html`<a href="${toUserPath(desk, user?.userId ?? '')}">Open it</a>`;
  return { notice: html`<p>The user <strong>${loginId}</strong> was created. ${link}</p>` };
};

/** The address of the page of one user. */
export function toUserPath(desk: Pick<Desk, 'root'>, userId: string): string {
  return `${toPath(desk, 'user')}?id=${encodeURIComponent(userId)}`;
}

function toSearch(desk: Desk): Html {
  const field = toField({
    name: 'text',
    label: 'Search',
    type: 'search',
    value: desk.query.get('text') ?? '',
  });
  return html`<form method="get" action="${toPath(desk, 'users')}" role="search" class="search">
    ${field} <button class="second">Search</button>
  </form>`;
}

function toUserList(desk: Desk): Html {
  const text = (desk.query.get('text') ?? '').trim();
  const page = Math.max(0, Number.parseInt(desk.query.get('page') ?? '0', 10) || 0);
  const found = desk.state.project.users.all.filter((user) => matches(user, text.toLowerCase()));
  const shown = found.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  const whenNone =
    text === '' ? 'There is no user yet. Users can sign up, or you create one here.' : 'No user matches.';
  return html`<h2>${found.length === 1 ? '1 user' : `${found.length} users`}</h2>
    ${toRecords(
      shown.map((user) => toEntry(desk, user)),
      whenNone,
    )}
    ${toPages(desk, { text, page, pages: Math.ceil(found.length / PAGE_SIZE) })}`;
}

function matches(user: UserRecord, text: string): boolean {
  const values = [user.userId, ...user.loginIds, user.name, user.email, user.phone];
  return values.some((value) => value?.toLowerCase().includes(text));
}

function toEntry(desk: Desk, user: UserRecord): Html {
  const tenants = user.tenants.map(({ tenantId, roleNames }) =>
    roleNames.length === 0 ? tenantId : `${tenantId}: ${roleNames.join(', ')}`,
  );
  return html`<h3><a href="${toUserPath(desk, user.userId)}">${user.loginIds[0] ?? user.userId}</a></h3>
    ${user.name !== undefined && html`<p>${user.name}</p>`}
    <p>
      ${toStatus(user)}${user.test && toMarks(['test user'])}${toMarks(user.roleNames)}${toMarks(tenants)}
    </p>`;
}

/** Writes the status of a user. */
export function toStatus({ status }: UserRecord): Html {
  return toMarks([status], status === 'disabled' ? 'bad' : 'fine');
}

interface Paging {
  readonly text: string;
  readonly page: number;
  readonly pages: number;
}

function toPages(desk: Desk, { text, page, pages }: Paging): Html | false {
  if (pages < 2) return false;
  const to = (number: number) =>
    `${toPath(desk, 'users')}?${new URLSearchParams({ text, page: String(number) }).toString()}`;
  return html`<p>
    Page ${page + 1} of ${pages}. ${page > 0 && html`<a href="${to(page - 1)}">Earlier users</a> `}
    ${page + 1 < pages && html`<a href="${to(page + 1)}">More users</a>`}
  </p>`;
}

function toCreateForm(desk: Desk): Html {
  const form = toRejected(desk);
  const text = (name: string) => ({ name, value: form.text(name) });
  return toForm(
    desk,
    { page: 'users', action: 'create' },
    html`<div class="fields">
        ${toField({ ...text('loginId'), label: 'Login id', hint: 'An e-mail address, a phone number or any name', required: true })}
        ${toField({ ...text('displayName'), label: 'Name' })}
        ${toField({ ...text('email'), label: 'E-mail', hint: 'If it is not the login id' })}
        ${toField({ ...text('phone'), label: 'Phone' })}
        ${toField({ ...text('password'), label: 'Password', hint: 'For sign-ins with a password' })}
      </div>
      ${toRoleBoxes(desk, form.all('roles'))} ${toTenantBoxes(desk, form.all('tenants'))}
      ${toCheckbox('test', 'Test user, whose codes a management call generates', form.isChecked('test'))}
      <button>Create the user</button>`,
  );
}
