// The static files of the flow: what the web component shows, and how it looks.
import { ok } from '../http/answer.js';
import { DescopeError } from '../http/descope-error.js';
import { routesFor } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { FLOW_ID } from './flow-runs.js';
import { SCREEN_HTML } from './screens.js';
import { toThemeCss } from './theme.js';

const CONFIG = {
  componentsVersion: '3.14.1',
  flows: { [FLOW_ID]: { version: 1, startScreenId: 'login', startScreenName: 'login' } },
  styles: {},
};

const FILES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['config.json', CONFIG],
  [
    'theme.json',
    {
      light: { globals: toThemeCss('light'), components: {} },
      dark: { globals: toThemeCss('dark'), components: {} },
    },
  ],
  ...Object.entries(SCREEN_HTML).map(([id, html]) => [`${id}.html`, html] as const),
]);

const readFile: Handler = (call, world) => {
  const name = call.params.get('file') ?? '';
  const file = call.params.get('projectId') === world.projectId ? FILES.get(name) : undefined;
  if (file === undefined) throw new DescopeError('noSuchEndpoint', `There is no file ${name.slice(0, 200)}`);
  return ok(file);
};

/** The files, below the base URL and for those who give the emulator itself as `base-static-url`. */
export const flowPageRoutes = routesFor('open', {
  'GET /pages/:projectId/v2-beta/:file': readFile,
  'GET /:projectId/v2-beta/:file': readFile,
});
