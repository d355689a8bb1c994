// Management of outbound apps, the services that users and tenants connect to.
import { DescopeError } from '../errors.js';
import { below, readObject, readString, readStrings, requireString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { createId } from '../store/records.js';
import type { OutboundAppRecord } from './vault.js';

const create: Handler = (call, state) => {
  const id = readString(call.body, 'id') ?? createId('OA');
  const { apps } = state.vault;
  if (apps.find(id)) throw new DescopeError('invalidArguments', `The outbound app ${id} already exists`);
  return ok({ app: toAppView(apps.put(toApp(call.body, id))) });
};

// Other SDKs send the fields of the app beside it, not in it. A secret that is left out stays.
const update: Handler = (call, state) => {
  const body = readObject(call.body, 'app') ?? call.body;
  const { clientSecret } = requireOutboundApp(state, readString(body, 'id'));
  const app = toApp(body, requireString(body, 'id'));
  const secret = readString(body, 'clientSecret') ?? clientSecret;
  return ok({ app: toAppView(state.vault.apps.put({ ...app, clientSecret: secret })) });
};

const remove: Handler = (call, state) => {
  const app = requireOutboundApp(state, readString(call.body, 'id'));
  state.vault.remove(state.vault.find({ appId: app.id }));
  state.vault.apps.remove(app);
  return ok();
};

const load: Handler = (call, state) =>
  ok({ app: toAppView(requireOutboundApp(state, call.params.get('id'))) });

const loadAll: Handler = (_call, state) => ok({ apps: state.vault.apps.all.map(toAppView) });

const SHOWN =
  'description templateId clientId logo discoveryUrl authorizationUrl tokenUrl revocationUrl callbackDomain ' +
  'accessType authorizationUrlParams tokenUrlParams pkce prompt useDcr dcrUrl';
const APP = `id name clientSecret defaultScopes defaultRedirectUrl ${SHOWN}`;

/** The routes that manage outbound apps. */
export const outboundAppRoutes = routesFor('management', {
  'POST /v1/mgmt/outbound/app/create': takes(APP, create),
  'POST /v1/mgmt/outbound/app/update': takes(`${APP} ${below('app', APP)}`, update),
  'POST /v1/mgmt/outbound/app/delete': takes('id', remove),
  'GET /v1/mgmt/outbound/app/:id': load,
  'GET /v1/mgmt/outbound/apps': loadAll,
});

/** Finds an outbound app; rejects an unknown one. */
export function requireOutboundApp(state: ProjectState, id: string | undefined): OutboundAppRecord {
  if (!id) throw new DescopeError('missingArguments', 'The id of the outbound app is missing');
  const app = state.vault.apps.find(id);
  if (!app) throw new DescopeError('invalidArguments', `There is no outbound app ${id}`);
  return app;
}

function toApp(body: JsonObject, id: string): OutboundAppRecord {
  const names = SHOWN.split(' ').filter((name) => Object.hasOwn(body, name));
  return {
    id,
    name: requireString(body, 'name'),
    defaultScopes: readStrings(body, 'defaultScopes') ?? [],
    defaultRedirectUrl: readString(body, 'defaultRedirectUrl') ?? '',
    clientSecret: readString(body, 'clientSecret') ?? '',
    shown: Object.fromEntries(names.map((name) => [name, body[name]])),
  };
}

/** Writes an app as responses show it, never its secret. */
function toAppView({ clientSecret: _secret, shown, ...app }: OutboundAppRecord): JsonObject {
  return { ...app, ...shown };
}
