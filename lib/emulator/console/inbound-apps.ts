// The page of inbound apps: creates them, rotates their secrets, and ends what users have allowed them.
import type { Html } from '../console-parts/html.js';
import { html } from '../console-parts/html.js';
import type { Action, ConsolePage, Desk } from '../console-parts/page.js';
import { toButton, toForm, toRejected } from '../console-parts/page.js';
import { toCopy, toDisclosure, toFacts, toField, toMarks, toRecords } from '../console-parts/parts.js';
import type { ConsentRecord, InboundAppRecord } from '../store/project.js';

/** The page of inbound apps. */
export const inboundAppsPage: ConsolePage = {
  name: 'inbound-apps',
  title: 'Inbound apps',
  lead: 'OAuth clients of the project: applications and agents that users allow to act for them.',
  draw: (desk) => {
    const { inboundApps, consents } = desk.state.project;
    return html`${toRecords(
        inboundApps.all.map((app) => toApp(desk, app)),
        'There is no inbound app yet.',
      )}
      <section class="card">
        ${toDisclosure('Create an inbound app', toCreateForm(desk), desk.rejected !== undefined || inboundApps.all.length === 0)}
      </section>
      <h2>Consents</h2>
      ${toRecords(
        consents.all.map((consent) => toConsent(desk, consent)),
        'No user has allowed anything yet.',
      )}`;
  },
  actions: {
    create: (form, desk) => create(form, desk),
    secret: (form, desk) => showSecret(form, desk),
    rotate: (form, desk) => rotate(form, desk),
    delete: (form, desk) => remove(form, desk),
    'delete-consent': (form, desk) => removeConsent(form, desk),
  },
};

const create: Action = async (form, desk) => {
  const { clientId, cleartext } = await desk.manage('POST /v1/mgmt/thirdparty/app/create', {
    name: form.text('name'),
    approvedCallbackUrls: form.list('redirectUris'),
    permissionsScopes: form.list('scopes').map((name) => ({ name })),
    nonConfidentialClient: form.isChecked('public'),
  });
  const notice = html`<p>The inbound app <strong>${form.text('name')}</strong> was created.</p>
    ${toCopy('Client id', String(clientId))}${cleartext !== '' && toCopy('Client secret', String(cleartext))}`;
  return { notice };
};

const showSecret: Action = async (form, desk) => {
  const { cleartext } = await desk.manage('GET /v1/mgmt/thirdparty/app/secret', { id: form.text('id') });
  return {
    notice: html`<p>The secret of the inbound app:</p>
      ${toCopy('Client secret', String(cleartext))}`,
  };
};

const rotate: Action = async (form, desk) => {
  const { cleartext } = await desk.manage('POST /v1/mgmt/thirdparty/app/rotate', { id: form.text('id') });
  const notice = html`<p>The inbound app has a new secret; the earlier one is no longer accepted.</p>
    ${toCopy('Client secret', String(cleartext))}`;
  return { notice };
};

const remove: Action = async (form, desk) => {
  await desk.manage('POST /v1/mgmt/thirdparty/app/delete', { id: form.text('id') });
  return { notice: html`<p>The inbound app was deleted.</p>` };
};

const removeConsent: Action = async (form, desk) => {
  await desk.manage('POST /v1/mgmt/thirdparty/consents/delete', { consentIds: [form.text('id')] });
  return { notice: html`<p>The consent was withdrawn, and its tokens are revoked.</p>` };
};

function toApp(desk: Desk, app: InboundAppRecord): Html {
  const target = (action: string) => ({ page: 'inbound-apps', action, about: { id: app.id } });
  const label = (verb: string) =>
    html`${verb}<span class="visually-hidden"> of ${app.name || app.clientId}</span>`;
  const hasSecret = app.clientSecret !== undefined;
  const scopes = [...app.permissionsScopes, ...app.attributesScopes].map(({ name }) => name);
  return html`<h2>${app.name || app.clientId}</h2>
    <p>
      ${toMarks([hasSecret ? 'confidential' : 'public client'])}${app.registered && toMarks(['registered itself'])}${toMarks(scopes)}
    </p>
    ${toFacts([
      ['Client id', html`<code>${app.clientId}</code>`],
      ['MCP server', app.serverId],
      ['Redirect URIs', app.callbackUrls.length > 0 && app.callbackUrls.join(', ')],
      ['Tenants', app.tenantIds.join(', ')],
    ])}
    <div class="buttons">
      ${hasSecret && toButton(desk, target('secret'), label('Show the secret'))}
      ${hasSecret && toButton(desk, target('rotate'), label('Rotate the secret'))}
      ${toButton(desk, target('delete'), html`Delete<span class="visually-hidden"> the app ${app.name}</span>`)}
    </div>`;
}

function toConsent(desk: Desk, { id, appId, userId, scopes }: ConsentRecord): Html {
  const { users, inboundApps } = desk.state.project;
  const who = users.find(userId)?.loginIds[0] ?? userId;
  const app = inboundApps.find(appId)?.name ?? appId;
  const target = { page: 'inbound-apps', action: 'delete-consent', about: { id } };
  return html`<h3>${who} has allowed ${app}</h3>
    <p>${scopes.length === 0 ? html`<span class="muted">No scope</span>` : toMarks(scopes)}</p>
    ${toButton(desk, target, html`Withdraw<span class="visually-hidden"> the consent of ${who}</span>`)}`;
}

function toCreateForm(desk: Desk): Html {
  const form = toRejected(desk);
  const text = (name: string) => ({ name, value: form.text(name) });
  return toForm(
    desk,
    { page: 'inbound-apps', action: 'create' },
    html`<div class="fields">
        ${toField({ ...text('name'), label: 'Name', required: true })}
        ${toField({ ...text('scopes'), label: 'Scopes', placeholder: 'orders:read', hint: 'With commas between them' })}
        ${toField({ ...text('redirectUris'), label: 'Redirect URIs', placeholder: 'http://localhost:8080/callback', hint: 'With spaces between them' })}
      </div>
      <label class="check"
        ><input type="checkbox" name="public" /> <span>Public client, without a secret</span></label
      >
      <button>Create the inbound app</button>`,
  );
}
