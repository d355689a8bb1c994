// Management of inbound apps; Descope's API calls them third-party apps.
import { ok } from '../http/answer.js';
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readText, readTexts, requireText } from '../http/fields.js';
import { below } from '../http/known-fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { createId, createSecret } from '../store/ids.js';
import { toClientId } from './inbound-apps.js';
import type { InboundAppRecord } from './inbound-apps.js';
import type { World } from '../world.js';
import { readApp, toAppView } from './app-form.js';

const create: Handler = (call, world) => {
  const { inboundApps } = world.project;
  const id = readText(call.body, 'id') ?? createId('TPA');
  if (inboundApps.find(id)) throw new DescopeError('invalidArguments', `The app ${id} already exists`);
  const clientSecret = createSecret();
  const made = { id, clientId: toClientId(world.projectId, id), clientSecret };
  const app = inboundApps.put({ ...made, ...readApp(call.body) });
  return ok({ id: app.id, clientId: app.clientId, cleartext: clientSecret });
};

const update: Handler = (call, world) => {
  const { id, clientId, clientSecret } = requireApp(call.body, world);
  world.project.inboundApps.put({ id, clientId, clientSecret, ...readApp(call.body) });
  return ok();
};

const patch: Handler = (call, world) => {
  const app = requireApp(call.body, world);
  const { id, clientId, clientSecret } = app;
  const merged = readApp({ ...toAppView(app), ...call.body });
  world.project.inboundApps.put({ id, clientId, clientSecret, ...merged });
  return ok();
};

const remove: Handler = (call, world) => {
  const ids = readTexts(call.body, 'ids') ?? [requireText(call.body, 'id')];
  for (const app of ids.map((id) => requireApp({ id }, world))) world.project.inboundApps.remove(app);
  return ok();
};

const load: Handler = (call, world) => ok(toAppView(requireApp({ id: call.query.get('id') }, world)));

const loadAll: Handler = (_call, world) => ok({ apps: world.project.inboundApps.all.map(toAppView) });

const secret: Handler = (call, world) =>
  ok({ cleartext: requireApp({ id: call.query.get('id') }, world).clientSecret });

const rotate: Handler = (call, world) => {
  const rotated = { ...requireApp(call.body, world), clientSecret: createSecret() };
  return ok({ cleartext: world.project.inboundApps.put(rotated).clientSecret });
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

function requireApp(body: JsonObject, world: World): InboundAppRecord {
  const app = world.project.inboundApps.find(requireText(body, 'id'));
  if (!app) throw new DescopeError('invalidArguments', 'Inbound app not found');
  return app;
}
