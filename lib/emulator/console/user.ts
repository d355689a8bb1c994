// The page of one user: what it is, its roles and tenants, its status, and signing in as it.
import type { Html } from '../console-parts/html.js';
import { html } from '../console-parts/html.js';
import type { Action, ConsolePage, Desk } from '../console-parts/page.js';
import { toButton, toForm, toPath } from '../console-parts/page.js';
import type { Choice } from '../console-parts/parts.js';
import { toDisclosure, toFacts, toField, toMoment, toSelect } from '../console-parts/parts.js';
import { toSessionNotice } from '../console-parts/session-notice.js';
import { DescopeError } from '../errors.js';
import type { UserRecord } from '../store/project.js';
import { signInDirectly } from '../tokens/direct-tokens.js';
import { toRoleBoxes, toTenantBoxes } from './grants.js';
import { toStatus } from './users.js';

/** The page of one user. */
export const userPage: ConsolePage = {
  name: 'user',
  title: 'User',
  below: 'users',
  draw: (desk) => {
    const user = desk.state.project.users.find(desk.query.get('id') ?? '');
    return user
      ? toUser(desk, user)
      : html`<p>There is no such user. <a href="${toPath(desk, 'users')}">All users</a></p>`;
  },
  actions: {
    'sign-in': (form, desk) => signIn(form, desk),
    profile: (form, desk) => setProfile(form, desk),
    roles: (form, desk) => setRoles(form, desk),
    tenants: (form, desk) => setTenants(form, desk),
    'tenant-roles': (form, desk) => setTenantRoles(form, desk),
    status: (form, desk) => setStatus(form, desk),
    'end-sessions': (form, desk) => endSessions(form, desk),
    delete: (form, desk) => remove(form, desk),
  },
};

const signIn: Action = async (form, desk) => {
  const tenantId = form.optional('tenantId');
  const stepUp = form.isChecked('stepUp');
  const { state } = desk;
  const tokens = await signInDirectly(state, form.text('id'), {
    stepUp,
    ...(tenantId !== undefined && { tenantId }),
  });
  return { notice: toSessionNotice(desk, tokens), to: toPage(form.text('id')) };
};

const setProfile: Action = async (form, desk) => {
  const id = form.text('id');
  const fields = {
    displayName: form.text('displayName'),
    email: form.text('email'),
    phone: form.text('phone'),
  };
  await desk.manage('PATCH /v1/mgmt/user/patch', { loginId: id, ...fields });
  const password = form.optional('password');
  if (password !== undefined) {
    await desk.manage('POST /v1/mgmt/user/password/set/active', { loginId: id, password });
  }
  return { notice: html`<p>The profile was saved.</p>`, to: toPage(id) };
};

const setRoles: Action = async (form, desk) => {
  const id = form.text('id');
  await desk.manage('POST /v1/mgmt/user/update/role/set', { loginId: id, roleNames: form.all('roles') });
  return { notice: html`<p>The roles were saved. The next session token has them.</p>`, to: toPage(id) };
};

const setTenants: Action = async (form, desk) => {
  const user = requireUser(desk, form.text('id'));
  const [wanted, has] = [form.all('tenants'), user.tenants.map(({ tenantId }) => tenantId)];
  const change = (verb: string, tenantId: string) =>
    desk.manage(`POST /v1/mgmt/user/update/tenant/${verb}`, { loginId: user.userId, tenantId });
  for (const tenantId of wanted.filter((id) => !has.includes(id))) await change('add', tenantId);
  for (const tenantId of has.filter((id) => !wanted.includes(id))) await change('remove', tenantId);
  return { notice: html`<p>The tenants were saved.</p>`, to: toPage(user.userId) };
};

const setTenantRoles: Action = async (form, desk) => {
  const [loginId, tenantId] = [form.text('id'), form.text('tenantId')];
  await desk.manage('POST /v1/mgmt/user/update/role/set', {
    loginId,
    tenantId,
    roleNames: form.all('roles'),
  });
  return { notice: html`<p>The roles in ${tenantId} were saved.</p>`, to: toPage(loginId) };
};

const setStatus: Action = async (form, desk) => {
  const [loginId, status] = [form.text('id'), form.text('status')];
  await desk.manage('POST /v1/mgmt/user/update/status', { loginId, status });
  return { notice: html`<p>The user is now ${status}.</p>`, to: toPage(loginId) };
};

const endSessions: Action = async (form, desk) => {
  await desk.manage('POST /v1/mgmt/user/logout', { userId: form.text('id') });
  const notice = html`<p>
    All sign-ins of the user have ended. Their session tokens stay valid until they expire.
  </p>`;
  return { notice, to: toPage(form.text('id')) };
};

const remove: Action = async (form, desk) => {
  const user = requireUser(desk, form.text('id'));
  await desk.manage('POST /v1/mgmt/user/delete', { userId: user.userId });
  return { notice: html`<p>The user <strong>${user.loginIds[0]}</strong> was deleted.</p>`, to: 'users' };
};

function toPage(userId: string): string {
  return `user?id=${encodeURIComponent(userId)}`;
}

function requireUser(desk: Desk, id: string): UserRecord {
  const user = desk.state.project.users.find(id);
  if (!user) throw new DescopeError('userNotFound', 'User not found');
  return user;
}

function toUser(desk: Desk, user: UserRecord): Html {
  return html`<section class="card">
      <h2>${user.loginIds[0] ?? user.userId}</h2>
      <p>${toStatus(user)}</p>
      ${toUserFacts(desk, user)}
      <h3>Sign in as this user</h3>
      ${toSignInForm(desk, user)}
    </section>
    <section class="card">
      <h2>Roles and tenants</h2>
      ${toGrantForms(desk, user)}
    </section>
    <section class="card">
      <h2>Profile</h2>
      ${toDisclosure('Change the profile or the password', toProfileForm(desk, user))}
    </section>
    <section class="card">
      <h2>Status</h2>
      <div class="buttons">${toStatusButtons(desk, user)}</div>
      ${toDisclosure(
        'Delete the user',
        html`<p>Its sign-ins end, and its login ids are free again.</p>
          ${toForm(desk, { page: 'user', action: 'delete', about: { id: user.userId } }, html`<button class="danger">Delete ${user.loginIds[0]}</button>`)}`,
      )}
    </section>
    <p><a href="${toPath(desk, 'users')}">All users</a></p>`;
}

function toUserFacts({ state }: Desk, user: UserRecord): Html {
  const { customAttributes, customClaims } = user;
  return toFacts([
    ['User id', html`<code>${user.userId}</code>`],
    ['Login ids', user.loginIds.length > 1 && user.loginIds.join(', ')],
    ['Name', user.name],
    [
      'E-mail',
      user.email !== undefined && `${user.email} (${user.verifiedEmail ? 'verified' : 'not verified'})`,
    ],
    [
      'Phone',
      user.phone !== undefined && `${user.phone} (${user.verifiedPhone ? 'verified' : 'not verified'})`,
    ],
    ['Password', user.password === undefined ? 'none' : user.passwordExpired ? 'must be replaced' : 'set'],
    [
      'Attributes',
      Object.keys(customAttributes).length > 0 && html`<code>${JSON.stringify(customAttributes)}</code>`,
    ],
    ['Claims', Object.keys(customClaims).length > 0 && html`<code>${JSON.stringify(customClaims)}</code>`],
    ['Created', toMoment(user.createdSeconds, state.clock)],
    ['Sign-ins', String(state.signIns.of(user.userId).filter(({ ended }) => !ended).length)],
  ]);
}

function toSignInForm(desk: Desk, user: UserRecord): Html {
  if (user.status === 'disabled') return html`<p class="none">A disabled user cannot sign in.</p>`;
  const choices: readonly Choice[] = [
    ['', 'none'],
    ...user.tenants.map(({ tenantId }): Choice => [tenantId, tenantId]),
  ];
  return toForm(
    desk,
    { page: 'user', action: 'sign-in', about: { id: user.userId } },
    html`${user.tenants.length > 0 && toSelect({ name: 'tenantId', label: 'Selected tenant' }, choices)}
      <label class="check"
        ><input type="checkbox" name="stepUp" />
        <span>As after a step-up (claim <code>su</code>)</span></label
      >
      <button>Sign in as this user</button>`,
  );
}

function toGrantForms(desk: Desk, user: UserRecord): Html {
  const about = { id: user.userId };
  const inTenants = user.tenants.map(({ tenantId, roleNames }) =>
    toForm(
      desk,
      { page: 'user', action: 'tenant-roles', about: { ...about, tenantId } },
      html`${toRoleBoxes(desk, roleNames, tenantId)}<button class="second">
          Save the roles in ${tenantId}
        </button>`,
    ),
  );
  return html`${toForm(desk, { page: 'user', action: 'roles', about }, html`${toRoleBoxes(desk, user.roleNames)}<button class="second">Save the roles</button>`)}
  ${toForm(
    desk,
    { page: 'user', action: 'tenants', about },
    html`${toTenantBoxes(
        desk,
        user.tenants.map(({ tenantId }) => tenantId),
      )}<button class="second">Save the tenants</button>`,
  )}
  ${inTenants}`;
}

function toProfileForm(desk: Desk, user: UserRecord): Html {
  return toForm(
    desk,
    { page: 'user', action: 'profile', about: { id: user.userId } },
    html`<div class="fields">
        ${toField({ name: 'displayName', label: 'Name', value: user.name ?? '' })}
        ${toField({ name: 'email', label: 'E-mail', value: user.email ?? '' })}
        ${toField({ name: 'phone', label: 'Phone', value: user.phone ?? '' })}
        ${toField({ name: 'password', label: 'New password', hint: 'Empty: it stays' })}
      </div>
      <button class="second">Save the profile</button>`,
  );
}

function toStatusButtons(desk: Desk, user: UserRecord): Html {
  const next = user.status === 'disabled' ? 'enabled' : 'disabled';
  const label = next === 'enabled' ? 'Enable the user' : 'Disable the user';
  const about = { id: user.userId };
  return html`${toButton(desk, { page: 'user', action: 'status', about: { ...about, status: next } }, label)}
  ${toButton(desk, { page: 'user', action: 'end-sessions', about }, 'End all sign-ins')}`;
}
