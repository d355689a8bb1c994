// The files that the web component fetches: the flows of the project, the theme, the screens, and the component library.
import { DescopeError } from '../errors.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { FIRST_SCREENS, needsSignIn } from '../store/flows.js';
import { assertInstalled, findLibrary, LIBRARY } from './component-library.js';
import { COMPONENT_SCREENS, toComponentTenants } from './component-screens.js';
import type { ShownTenant } from './plain-screens.js';
import { PLAIN_SCREENS, toPlainTenants } from './plain-screens.js';
import { toTheme } from './theme.routes.js';

const readFile: Handler = (call, state) => {
  const name = call.params.get('file') ?? '';
  const file = call.params.get('projectId') === state.projectId ? findFile(state, name) : undefined;
  if (file === undefined) throw new DescopeError('noSuchEndpoint', `There is no file ${name.slice(0, 200)}`);
  return ok(file);
};

// No tenant has a style of its own. Without the file the component would look for it in Descope's cloud.
const readTenantTheme: Handler = (call, state) => {
  const tenantId = call.params.get('tenant') ?? '';
  if (call.params.get('projectId') !== state.projectId || !state.project.tenants.find(tenantId)) {
    throw new DescopeError('noSuchEndpoint', `There is no tenant ${tenantId.slice(0, 200)}`);
  }
  return ok({ light: { globals: '', components: {} }, dark: { globals: '', components: {} } });
};

/** The routes of the files of flows, below the base URL and for the emulator as `base-static-url`. */
export const flowFileRoutes = routesFor('open', {
  'GET /pages/:projectId/v2-beta/:file': readFile,
  'GET /:projectId/v2-beta/:file': readFile,
  'GET /pages/:projectId/v2-beta/:tenant/theme.json': readTenantTheme,
  'GET /:projectId/v2-beta/:tenant/theme.json': readTenantTheme,
});

function findFile(state: ProjectState, name: string): JsonObject | string | undefined {
  if (name === 'config.json') return toConfig(state);
  if (name === 'theme.json') return toTheme(state);
  if (!name.endsWith('.html')) return undefined;
  const id = name.slice(0, -'.html'.length);
  if (id.startsWith('tenant-')) return toTenantScreen(state, id.slice('tenant-'.length));
  const screens: Readonly<Record<string, string>> = isPlain(state) ? PLAIN_SCREENS : COMPONENT_SCREENS;
  return Object.hasOwn(screens, id) ? screens[id] : undefined;
}

// The version of a library that is not installed is that of the elements which the screens were tried with.
const TRIED_VERSION = '3.14.1';

// A flow for a signed-in user has no screen to start with: the component asks for it, with the user's token.
function toConfig(state: ProjectState): JsonObject {
  const flows = state.project.flows.all.map((flow) => {
    const first = FIRST_SCREENS[flow.kind];
    const shown = needsSignIn(flow) ? {} : { startScreenId: first, startScreenName: first };
    return [flow.id, { version: 1, ...shown }] as const;
  });
  return {
    componentsVersion: findLibrary()?.version ?? TRIED_VERSION,
    flows: Object.fromEntries(flows),
    styles: {},
  };
}

function toTenantScreen(state: ProjectState, runId: string): string | undefined {
  const userId = state.flowRuns.findById(runId)?.userId;
  const user = userId === undefined ? undefined : state.project.users.find(userId);
  const tenants: readonly ShownTenant[] | undefined = user?.tenants.map(({ tenantId: id }) => ({
    id,
    name: state.project.tenants.find(id)?.name ?? id,
  }));
  return tenants && (isPlain(state) ? toPlainTenants : toComponentTenants)(tenants);
}

function isPlain(state: ProjectState): boolean {
  return state.settings.screens === 'plain';
}

const readLibrary: Handler = (call) => {
  const library = assertInstalled(findLibrary());
  const [scope, name, file] = ['scope', 'package', 'file'].map((param) => call.params.get(param) ?? '');
  if (`${scope}/${name}` !== `${LIBRARY}@${library.version}`) {
    const message = `The emulator has ${LIBRARY}@${library.version} alone: it is what is installed`;
    throw new DescopeError('noSuchEndpoint', message);
  }
  const found = library.read(call.path.includes('/fonts/') ? `fonts/${file}` : (file ?? ''));
  if (!found) throw new DescopeError('noSuchEndpoint', `The library has no file ${file?.slice(0, 200)}`);
  const headers = {
    'content-type': found.contentType,
    'cache-control': 'public, max-age=31536000, immutable',
    etag: found.etag,
    'x-content-type-options': 'nosniff',
  };
  const isKnown = hasTag(call.headers['if-none-match'], found.etag);
  return isKnown ? { status: 304, body: '', headers } : { status: 200, body: found.content, headers };
};

/** The routes of the component library, for the emulator as `base-cdn-url`. */
export const componentLibraryRoutes = routesFor('open', {
  'GET /npm/:scope/:package/dist/umd/:file': readLibrary,
  'GET /npm/:scope/:package/dist/umd/fonts/:file': readLibrary,
});

// RFC 9110 section 13.1.2.
function hasTag(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').slice(0, 1024).split(',');
  return tags.some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
