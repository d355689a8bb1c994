// The endpoints of the web component: starts a flow, submits its screens, and serves its files.
import { noteLoginFailed } from '../audit/sign-in-events.js';
import { DescopeError } from '../errors.js';
import { below, readObject, readString, requireString } from '../http/fields.js';
import type { Call, JsonObject, RouteResponse } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { ignoresOthers, routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { FlowRun } from '../store/pending.js';
import { FLOW_ID } from '../store/pending.js';
import { SCREEN_HTML, toThemeCss } from './screens.js';
import { submitScreen, toStepId } from './sign-up-or-in.js';

const start: Handler = (call, state) => {
  const flowId = requireString(call.body, 'flowId');
  if (flowId !== FLOW_ID) throw new DescopeError('invalidArguments', `There is no flow ${flowId}`);
  const options = readObject(call.body, 'options') ?? {};
  const page = [readString(options, 'redirectUrl'), readString(options, 'location')].find(isPage);
  const run = state.flowRuns.start({ page, tenantId: readString(options, 'tenant') });
  // Without a button, the component requests the first screen.
  return readString(call.body, 'interactionId') ? advance(call, state, run) : ok(toScreen(run));
};

const next: Handler = (call, state) => {
  const run = state.flowRuns.find(requireString(call.body, 'executionId'));
  if (!run) throw new DescopeError('flowNotFound', 'The flow is unknown or has ended');
  return advance(call, state, run);
};

// What the web component sends with every call, for its own versions and for flows of the console.
const COMPONENT_FIELDS =
  'interactionId conditionInteractionId input componentsVersion isCustomScreen flowVersions version ' +
  below('options', 'redirectUrl location tenant locale lastAuth abTestingKey preview');

/** The routes of flows. What the unmodified web component sends beside the known fields is never rejected. */
export const flowRoutes = routesFor('project', {
  'POST /v1/flow/start': ignoresOthers(takes(`flowId ${COMPONENT_FIELDS}`, start)),
  'POST /v1/flow/next': ignoresOthers(takes(`executionId stepId ${COMPONENT_FIELDS}`, next)),
});

// A mistake of the user is shown on the screen, as in Descope's flows, and is not a status.
async function advance(call: Call, state: ProjectState, run: FlowRun): Promise<RouteResponse> {
  const interactionId = readString(call.body, 'interactionId') ?? '';
  const input = readObject(call.body, 'input') ?? {};
  try {
    const outcome = await submitScreen(state, { call, run, interactionId, input });
    if (typeof outcome !== 'string') return toDone(state, run, outcome);
    run.screen = outcome;
    return ok(toScreen(run));
  } catch (cause) {
    if (!(cause instanceof DescopeError)) throw cause;
    noteLoginFailed(state, run.email, cause);
    return ok(toScreen(run, cause.message));
  }
}

function toScreen(run: FlowRun, errorText = ''): JsonObject {
  return {
    executionId: run.executionId,
    stepId: toStepId(run.screen),
    stepName: run.screen,
    status: 'waiting',
    action: 'screen',
    screen: { id: run.screen, state: { errorText, form: { email: run.email } } },
  };
}

function toDone(state: ProjectState, run: FlowRun, { body, headers = {} }: RouteResponse): RouteResponse {
  state.flowRuns.end(run);
  return {
    status: 200,
    headers,
    body: {
      executionId: run.executionId,
      stepId: 'end',
      stepName: 'end',
      status: 'completed',
      action: 'none',
      screen: { id: '', state: {} },
      authInfo: body,
      lastAuth: { authMethod: run.screen, loginId: run.email },
      output: {},
    },
  };
}

function isPage(text: string | undefined): boolean {
  return text !== undefined && /^https?:/.test(text) && URL.canParse(text);
}

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

const readFile: Handler = (call, state) => {
  const name = call.params.get('file') ?? '';
  const file = call.params.get('projectId') === state.projectId ? FILES.get(name) : undefined;
  if (file === undefined) throw new DescopeError('noSuchEndpoint', `There is no file ${name.slice(0, 200)}`);
  return ok(file);
};

/** The routes of the files, below the base URL and for the emulator as `base-static-url`. */
export const flowPageRoutes = routesFor('open', {
  'GET /pages/:projectId/v2-beta/:file': readFile,
  'GET /:projectId/v2-beta/:file': readFile,
});
