// The page of roles and tenants, and the boxes by which other pages give them.
import type { Html } from '../console-parts/html.js';
import { html } from '../console-parts/html.js';
import type { Action, ConsolePage, Desk } from '../console-parts/page.js';
import { toButton, toForm, toPath, toRejected } from '../console-parts/page.js';
import type { Choice } from '../console-parts/parts.js';
import { toDisclosure, toField, toMarks, toRecords, toSelect } from '../console-parts/parts.js';
import type { TenantRecord } from '../store/project.js';
import type { RoleRecord } from '../store/roles.js';

/** The page of roles and tenants. */
export const grantsPage: ConsolePage = {
  name: 'roles',
  title: 'Roles and tenants',
  lead: 'A user has roles in the project, and in each tenant that it belongs to.',
  draw: (desk) => {
    const { roles, tenants } = desk.state.project;
    const isRejected = (field: string) => toRejected(desk).optional(field) !== undefined;
    return html`<h2>Roles</h2>
      ${toRecords(
        roles.all.map((role) => toRole(desk, role)),
        'There is no role yet.',
      )}
      <section class="card">${toDisclosure('Create a role', toRoleForm(desk), isRejected('role'))}</section>
      <h2>Tenants</h2>
      ${toRecords(
        tenants.all.map((tenant) => toTenant(desk, tenant)),
        'There is no tenant yet.',
      )}
      <section class="card">
        ${toDisclosure('Create a tenant', toTenantForm(desk), isRejected('tenant'))}
      </section>`;
  },
  actions: {
    'create-role': (form, desk) => createRole(form, desk),
    'delete-role': (form, desk) => deleteRole(form, desk),
    'create-tenant': (form, desk) => createTenant(form, desk),
    'delete-tenant': (form, desk) => deleteTenant(form, desk),
  },
};

// Permissions that a role names are created with it: Descope knows no other ones.
const createRole: Action = async (form, desk) => {
  const [name, permissionNames] = [form.text('role'), form.list('permissions')];
  for (const permission of permissionNames.filter((one) => !desk.state.project.permissions.find(one))) {
    await desk.manage('POST /v1/mgmt/permission/create', { name: permission });
  }
  const tenantId = form.text('tenantId');
  await desk.manage('POST /v1/mgmt/role/create', { name, permissionNames, tenantId });
  return { notice: html`<p>The role <strong>${name}</strong> was created.</p>` };
};

const deleteRole: Action = async (form, desk) => {
  await desk.manage('POST /v1/mgmt/role/delete', {
    name: form.text('name'),
    tenantId: form.text('tenantId'),
  });
  return { notice: html`<p>The role ${form.text('name')} was deleted.</p>` };
};

const createTenant: Action = async (form, desk) => {
  const [id, name] = [form.text('tenant'), form.optional('name') ?? form.text('tenant')];
  await desk.manage('POST /v1/mgmt/tenant/create', { id, name });
  return { notice: html`<p>The tenant <strong>${id}</strong> was created.</p>` };
};

const deleteTenant: Action = async (form, desk) => {
  await desk.manage('POST /v1/mgmt/tenant/delete', { id: form.text('id') });
  return { notice: html`<p>The tenant ${form.text('id')} was deleted.</p>` };
};

/** Writes a box for each role of the project, or of a tenant. */
export function toRoleBoxes(desk: Desk, checked: readonly string[], tenantId = ''): Html {
  const { roles } = desk.state.project;
  const names = roles.all
    .filter((role) => role.tenantId === '' || role.tenantId === tenantId)
    .map(({ name }) => name);
  const legend = tenantId === '' ? 'Roles in the project' : `Roles in ${tenantId}`;
  return toBoxes(desk, { name: 'roles', legend, values: [...names, ...checked], checked });
}

/** Writes a box for each tenant. */
export function toTenantBoxes(desk: Desk, checked: readonly string[]): Html {
  const values = desk.state.project.tenants.all.map(({ id }) => id);
  return toBoxes(desk, { name: 'tenants', legend: 'Tenants', values, checked });
}

interface Boxes {
  readonly name: string;
  readonly legend: string;
  readonly values: readonly string[];
  readonly checked: readonly string[];
}

function toBoxes(desk: Desk, { name, legend, values, checked }: Boxes): Html {
  const boxes = [...new Set(values)].map(
    (value) =>
      html`<label class="check"
        ><input
          type="checkbox"
          name="${name}"
          value="${value}"
          ${checked.includes(value) && html` checked`}
        />
        <span>${value}</span></label
      >`,
  );
  const none = html`<p class="none">
    There are none yet. <a href="${toPath(desk, 'roles')}">Create one</a>
  </p>`;
  return html`<fieldset>
    <legend>${legend}</legend>
    ${boxes.length === 0 ? none : boxes}
  </fieldset>`;
}

function toRole(desk: Desk, { name, tenantId, permissionNames, description }: RoleRecord): Html {
  const target = { page: 'roles', action: 'delete-role', about: { name, tenantId } };
  return html`<h3>${name}</h3>
    ${description !== '' && html`<p>${description}</p>`}
    <p>
      ${tenantId !== '' && toMarks([`only in ${tenantId}`])}${permissionNames.length === 0 ? html`<span class="muted">No permissions</span>` : toMarks(permissionNames)}
    </p>
    ${toButton(desk, target, html`Delete<span class="visually-hidden"> the role ${name}</span>`)}`;
}

function toTenant(desk: Desk, { id, name }: TenantRecord): Html {
  const target = { page: 'roles', action: 'delete-tenant', about: { id } };
  const members = desk.state.project.users.all.filter((user) =>
    user.tenants.some(({ tenantId }) => tenantId === id),
  );
  return html`<h3>${name}</h3>
    <p>
      <code>${id}</code>
      <span class="muted">${members.length === 1 ? '1 user' : `${members.length} users`}</span>
    </p>
    ${toButton(desk, target, html`Delete<span class="visually-hidden"> the tenant ${name}</span>`)}`;
}

function toRoleForm(desk: Desk): Html {
  const form = toRejected(desk);
  const tenants = desk.state.project.tenants.all.map(({ id, name }): Choice => [id, name]);
  return toForm(
    desk,
    { page: 'roles', action: 'create-role' },
    html`<div class="fields">
        ${toField({ name: 'role', label: 'Name of the role', value: form.text('role'), required: true })}
        ${toField({ name: 'permissions', label: 'Permissions', value: form.text('permissions'), hint: 'With commas between them' })}
        ${tenants.length > 0 && toSelect({ name: 'tenantId', label: 'Tenant', value: form.text('tenantId') }, [['', 'all: a role of the project'], ...tenants])}
      </div>
      <button>Create the role</button>`,
  );
}

function toTenantForm(desk: Desk): Html {
  const form = toRejected(desk);
  return toForm(
    desk,
    { page: 'roles', action: 'create-tenant' },
    html`<div class="fields">
        ${toField({ name: 'tenant', label: 'Id of the tenant', value: form.text('tenant'), required: true })}
        ${toField({ name: 'name', label: 'Name', value: form.text('name'), hint: 'Empty: the id' })}
      </div>
      <button>Create the tenant</button>`,
  );
}
