// The page of access keys: creates them, and shows the cleartext once.
import type { Html } from '../console-parts/html.js';
import { html } from '../console-parts/html.js';
import type { Action, ConsolePage, Desk } from '../console-parts/page.js';
import { toButton, toForm, toRejected } from '../console-parts/page.js';
import {
  toCopy,
  toDisclosure,
  toFacts,
  toField,
  toMarks,
  toMoment,
  toRecords,
} from '../console-parts/parts.js';
import type { AccessKeyRecord } from '../store/project.js';
import { toRoleBoxes, toTenantBoxes } from './grants.js';

/** The page of access keys. */
export const accessKeysPage: ConsolePage = {
  name: 'access-keys',
  title: 'Access keys',
  lead: 'A machine exchanges its access key for a session token.',
  draw: (desk) => {
    const keys = desk.state.project.accessKeys.all;
    return html`${toRecords(
        keys.map((key) => toKey(desk, key)),
        'There is no access key yet.',
      )}
      <section class="card">
        ${toDisclosure('Create an access key', toCreateForm(desk), desk.rejected !== undefined || keys.length === 0)}
      </section>`;
  },
  actions: {
    create: (form, desk) => create(form, desk),
    rotate: (form, desk) => rotate(form, desk),
    deactivate: (form, desk) => change(desk, form.text('id'), 'deactivate'),
    activate: (form, desk) => change(desk, form.text('id'), 'activate'),
    delete: (form, desk) => change(desk, form.text('id'), 'delete'),
  },
};

const create: Action = async (form, desk) => {
  const days = form.number('days');
  const { cleartext } = await desk.manage('POST /v1/mgmt/accesskey/create', {
    name: form.text('name'),
    roleNames: form.all('roles'),
    keyTenants: form.all('tenants').map((tenantId) => ({ tenantId })),
    customClaims: form.json('customClaims'),
    userId: toUserId(desk, form.text('user')),
    ...(days !== undefined && { expireTime: desk.state.clock.nowSeconds() + days * 86_400 }),
  });
  return { notice: toSecret(`The access key ${form.text('name')} was created.`, cleartext) };
};

const rotate: Action = async (form, desk) => {
  const { cleartext } = await desk.manage('POST /v1/mgmt/accesskey/rotate', { id: form.text('id') });
  return {
    notice: toSecret('The access key has a new cleartext; the earlier one is no longer accepted.', cleartext),
  };
};

const DONE = { deactivate: 'is inactive now', activate: 'is active now', delete: 'was deleted' };

async function change(desk: Desk, id: string, verb: keyof typeof DONE) {
  const name = desk.state.project.accessKeys.find(id)?.name ?? id;
  await desk.manage(`POST /v1/mgmt/accesskey/${verb}`, { id });
  return { notice: html`<p>The access key <strong>${name}</strong> ${DONE[verb]}.</p>` };
}

// A login id is what people know.
function toUserId({ state }: Desk, loginId: string): string {
  return state.project.users.find(loginId)?.userId ?? loginId;
}

function toSecret(sentence: string, cleartext: unknown): Html {
  return html`<p><strong>${sentence}</strong> The cleartext is shown once.</p>
    ${toCopy('Cleartext of the access key', String(cleartext))}`;
}

function toKey(desk: Desk, key: AccessKeyRecord): Html {
  const { state } = desk;
  const target = (action: string) => ({ page: 'access-keys', action, about: { id: key.id } });
  const label = (verb: string) =>
    html`${verb}<span class="visually-hidden"> the access key ${key.name}</span>`;
  const user = key.boundUserId === undefined ? undefined : state.project.users.find(key.boundUserId);
  return html`<h2>${key.name}</h2>
    <p>
      ${toMarks([key.active ? 'active' : 'inactive'], key.active ? 'fine' : 'bad')}${toMarks(key.roleNames)}${toMarks(key.tenants.map(({ tenantId }) => tenantId))}
    </p>
    ${toFacts([
      ['Id', html`<code>${key.id}</code>`],
      ['Bound to', key.boundUserId !== undefined && (user?.loginIds[0] ?? key.boundUserId)],
      ['Expires', key.expiresSeconds === 0 ? 'never' : toMoment(key.expiresSeconds, state.clock)],
    ])}
    <div class="buttons">
      ${toButton(desk, target(key.active ? 'deactivate' : 'activate'), label(key.active ? 'Deactivate' : 'Activate'))}
      ${toButton(desk, target('rotate'), label('Rotate'))}${toButton(desk, target('delete'), label('Delete'))}
    </div>`;
}

function toCreateForm(desk: Desk): Html {
  const form = toRejected(desk);
  const text = (name: string) => ({ name, value: form.text(name) });
  return toForm(
    desk,
    { page: 'access-keys', action: 'create' },
    html`<div class="fields">
        ${toField({ ...text('name'), label: 'Name', required: true })}
        ${toField({ ...text('user'), label: 'Bound to the user', hint: 'Login id; its roles replace those of the key' })}
        ${toField({ ...text('days'), label: 'Expires in days', type: 'number', hint: 'Empty: never' })}
        ${toField({ ...text('customClaims'), label: 'Custom claims', placeholder: '{"plan": "free"}', hint: 'A JSON object' })}
      </div>
      ${toRoleBoxes(desk, form.all('roles'))}${toTenantBoxes(desk, form.all('tenants'))}
      <button>Create the access key</button>`,
  );
}
