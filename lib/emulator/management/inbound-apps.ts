// Management of inbound apps, which Descope's API calls third-party apps.
import { DescopeError } from '../errors.js';
import { below, readBoolean, readObjects, readString, readStrings, requireString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import { findRedirectMistake } from '../http/redirect-uris.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { AppScope, DefaultAudience, InboundAppRecord } from '../store/project.js';
import { APP_GRANTS, toClientId } from '../store/project.js';
import { createId, createSecret } from '../store/records.js';

const create: Handler = (call, state) => {
  const { inboundApps } = state.project;
  const id = readString(call.body, 'id') ?? createId('TPA');
  if (inboundApps.find(id)) throw new DescopeError('invalidArguments', `The app ${id} already exists`);
  const clientSecret = readBoolean(call.body, 'nonConfidentialClient') ? undefined : createSecret();
  const app = inboundApps.put({
    id,
    clientId: toClientId(state.projectId, id),
    clientSecret,
    grantTypes: APP_GRANTS,
    registered: false,
    ...readApp(call.body),
  });
  return ok({ id: app.id, clientId: app.clientId, cleartext: clientSecret ?? '' });
};

const update: Handler = (call, state) => {
  state.project.inboundApps.put({ ...requireApp(call.body, state), ...readApp(call.body) });
  return ok();
};

const patch: Handler = (call, state) => {
  const app = requireApp(call.body, state);
  state.project.inboundApps.put({ ...app, ...readApp({ ...toAppView(app), ...call.body }) });
  return ok();
};

const remove: Handler = (call, state) => {
  const ids = readStrings(call.body, 'ids') ?? [requireString(call.body, 'id')];
  for (const app of ids.map((id) => requireApp({ id }, state))) state.project.inboundApps.remove(app);
  return ok();
};

const load: Handler = (call, state) => ok(toAppView(requireApp({ id: call.query.get('id') }, state)));

// A client that registered itself at an MCP server is no inbound app.
const loadAll: Handler = (_call, state) => {
  const apps = state.project.inboundApps.all.filter(({ serverId }) => serverId === undefined);
  return ok({ apps: apps.map(toAppView) });
};

const secret: Handler = (call, state) =>
  ok({ cleartext: requireApp({ id: call.query.get('id') }, state).clientSecret ?? '' });

const rotate: Handler = (call, state) => {
  const app = requireApp(call.body, state);
  if (app.clientSecret === undefined) {
    throw new DescopeError('invalidArguments', 'A non-confidential app has no secret');
  }
  const clientSecret = createSecret();
  state.project.inboundApps.put({ ...app, clientSecret });
  return ok({ cleartext: clientSecret });
};

const SCOPE = 'name description values optional';
const APP =
  'id name description logo loginPageUrl approvedCallbackUrls allowedTenants defaultAudience ' +
  `${below('permissionsScopes', SCOPE)} ${below('attributesScopes', SCOPE)}`;

/** The routes that manage inbound apps. */
export const manageAppRoutes = routesFor('management', {
  'POST /v1/mgmt/thirdparty/app/create': takes(`${APP} nonConfidentialClient`, create),
  'POST /v1/mgmt/thirdparty/app/update': takes(APP, update),
  'POST /v1/mgmt/thirdparty/app/patch': takes(APP, patch),
  'POST /v1/mgmt/thirdparty/app/delete': takes('id', remove),
  'POST /v1/mgmt/thirdparty/app/delete/batch': takes('ids', remove),
  'GET /v1/mgmt/thirdparty/app/load': takesQuery('id', load),
  'GET /v1/mgmt/thirdparty/apps/load': loadAll,
  'GET /v1/mgmt/thirdparty/app/secret': takesQuery('id', secret),
  'POST /v1/mgmt/thirdparty/app/rotate': takes('id', rotate),
});

function requireApp(body: JsonObject, state: ProjectState): InboundAppRecord {
  const app = state.project.inboundApps.find(requireString(body, 'id'));
  if (!app) throw new DescopeError('invalidArguments', 'Inbound app not found');
  return app;
}

/** The fields of an app that management may set. */
type AppForm = Omit<
  InboundAppRecord,
  'id' | 'clientId' | 'clientSecret' | 'grantTypes' | 'registered' | 'serverId'
>;

/** Reads all these fields; an absent one is emptied, as by Descope's update. */
function readApp(body: JsonObject): AppForm {
  return {
    name: requireString(body, 'name'),
    permissionsScopes: readScopes(body, 'permissionsScopes'),
    attributesScopes: readScopes(body, 'attributesScopes'),
    callbackUrls: readCallbackUrls(body),
    tenantIds: readStrings(body, 'allowedTenants') ?? [],
    defaultAudience: readDefaultAudience(body),
    shown: {
      description: readString(body, 'description') ?? '',
      logo: readString(body, 'logo') ?? '',
      loginPageUrl: readString(body, 'loginPageUrl') ?? '',
    },
  };
}

/** Writes an app as responses show it, never its secret. */
function toAppView(app: InboundAppRecord): JsonObject {
  const { id, clientId, name, permissionsScopes, attributesScopes, defaultAudience } = app;
  return {
    ...{ id, clientId, name, permissionsScopes, attributesScopes, defaultAudience },
    ...app.shown,
    approvedCallbackUrls: app.callbackUrls,
    allowedTenants: app.tenantIds,
  };
}

function readCallbackUrls(body: JsonObject): readonly string[] {
  const urls = readStrings(body, 'approvedCallbackUrls') ?? [];
  for (const url of urls) {
    const mistake = findRedirectMistake(url);
    if (mistake === undefined) continue;
    throw new DescopeError(
      'invalidArguments',
      `The approvedCallbackUrls field: ${url.slice(0, 200)} ${mistake}`,
    );
  }
  return urls;
}

function readScopes(body: JsonObject, name: string): readonly AppScope[] {
  return (readObjects(body, name) ?? []).map((scope) => ({
    name: requireString(scope, 'name'),
    description: readString(scope, 'description') ?? '',
    values: readStrings(scope, 'values') ?? [],
    optional: readBoolean(scope, 'optional') ?? false,
  }));
}

function readDefaultAudience(body: JsonObject): DefaultAudience {
  const audience = readString(body, 'defaultAudience') ?? '';
  if (audience === '' || audience === 'projectId' || audience === 'clientId') return audience;
  throw new DescopeError('invalidArguments', 'The defaultAudience field must be projectId or clientId');
}
