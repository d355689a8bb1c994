// Management of inbound apps, which Descope's API calls third-party apps.
import { DescopeError } from '../errors.js';
import { below, readBoolean, readObjects, readString, readStrings, requireString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { AppScope, DefaultAudience, InboundAppRecord } from '../store/project.js';
import { toClientId } from '../store/project.js';
import { createId, createSecret } from '../store/records.js';

const create: Handler = (call, state) => {
  const { inboundApps } = state.project;
  const id = readString(call.body, 'id') ?? createId('TPA');
  if (inboundApps.find(id)) throw new DescopeError('invalidArguments', `The app ${id} already exists`);
  const clientSecret = createSecret();
  const identity = { id, clientId: toClientId(state.projectId, id), clientSecret };
  const app = inboundApps.put({ ...identity, ...readApp(call.body) });
  return ok({ id: app.id, clientId: app.clientId, cleartext: clientSecret });
};

const update: Handler = (call, state) => {
  const { id, clientId, clientSecret } = requireApp(call.body, state);
  state.project.inboundApps.put({ id, clientId, clientSecret, ...readApp(call.body) });
  return ok();
};

const patch: Handler = (call, state) => {
  const app = requireApp(call.body, state);
  const { id, clientId, clientSecret } = app;
  const merged = readApp({ ...toAppView(app), ...call.body });
  state.project.inboundApps.put({ id, clientId, clientSecret, ...merged });
  return ok();
};

const remove: Handler = (call, state) => {
  const ids = readStrings(call.body, 'ids') ?? [requireString(call.body, 'id')];
  for (const app of ids.map((id) => requireApp({ id }, state))) state.project.inboundApps.remove(app);
  return ok();
};

const load: Handler = (call, state) => ok(toAppView(requireApp({ id: call.query.get('id') }, state)));

const loadAll: Handler = (_call, state) => ok({ apps: state.project.inboundApps.all.map(toAppView) });

const secret: Handler = (call, state) =>
  ok({ cleartext: requireApp({ id: call.query.get('id') }, state).clientSecret });

const rotate: Handler = (call, state) => {
  const rotated = { ...requireApp(call.body, state), clientSecret: createSecret() };
  return ok({ cleartext: state.project.inboundApps.put(rotated).clientSecret });
};

const SCOPE = 'name description values optional';
const APP =
  'id name description logo loginPageUrl approvedCallbackUrls allowedTenants defaultAudience ' +
  `${below('permissionsScopes', SCOPE)} ${below('attributesScopes', SCOPE)}`;

/** The routes that manage inbound apps. */
export const manageAppRoutes = routesFor('management', {
  'POST /v1/mgmt/thirdparty/app/create': takes(APP, create),
  'POST /v1/mgmt/thirdparty/app/update': takes(APP, update),
  'POST /v1/mgmt/thirdparty/app/patch': takes(APP, patch),
  'POST /v1/mgmt/thirdparty/app/delete': takes('id', remove),
  'POST /v1/mgmt/thirdparty/app/delete/batch': takes('ids', remove),
  'GET /v1/mgmt/thirdparty/app/load': load,
  'GET /v1/mgmt/thirdparty/apps/load': loadAll,
  'GET /v1/mgmt/thirdparty/app/secret': secret,
  'POST /v1/mgmt/thirdparty/app/rotate': takes('id', rotate),
});

function requireApp(body: JsonObject, state: ProjectState): InboundAppRecord {
  const app = state.project.inboundApps.find(requireString(body, 'id'));
  if (!app) throw new DescopeError('invalidArguments', 'Inbound app not found');
  return app;
}

/** The fields of an app that management may set. */
type AppForm = Omit<InboundAppRecord, 'id' | 'clientId' | 'clientSecret'>;

/** Reads all these fields; an absent one is emptied, as by Descope's update. */
function readApp(body: JsonObject): AppForm {
  return {
    name: requireString(body, 'name'),
    permissionsScopes: readScopes(body, 'permissionsScopes'),
    attributesScopes: readScopes(body, 'attributesScopes'),
    tenantIds: readStrings(body, 'allowedTenants') ?? [],
    defaultAudience: readDefaultAudience(body),
    shown: {
      description: readString(body, 'description') ?? '',
      logo: readString(body, 'logo') ?? '',
      loginPageUrl: readString(body, 'loginPageUrl') ?? '',
      approvedCallbackUrls: readStrings(body, 'approvedCallbackUrls') ?? [],
    },
  };
}

/** Writes an app as responses show it, never its secret. */
function toAppView({ shown, clientSecret: _secret, tenantIds, ...app }: InboundAppRecord): JsonObject {
  return { ...app, ...shown, allowedTenants: tenantIds };
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
