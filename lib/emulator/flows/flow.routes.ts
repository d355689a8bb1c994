// The endpoints of the web component: starts a flow, and submits its screens.
import { noteLoginFailed } from '../audit/sign-in-events.js';
import { DescopeError } from '../errors.js';
import { below, readObject, readString, requireString } from '../http/fields.js';
import type { Call, JsonObject, RouteResponse } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { ignoresOthers, routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { FlowRecord, FlowRun, FlowStart } from '../store/flows.js';
import { needsSignIn } from '../store/flows.js';
import { submitScreen, toMethod } from './screen-steps.js';
import { toStepId } from './sign-in-steps.js';
import { requireFlowUser, toAddress } from './signed-in-steps.js';

const start: Handler = async (call, state) => {
  const flow = requireFlow(state, requireString(call.body, 'flowId'));
  const run = state.flowRuns.start(flow, await toStart(call, state, flow));
  // The tenant of the page leaves nothing to choose. Without a button, the component requests the first screen.
  const isChosen = flow.kind === 'select-tenant' && run.tenantId !== undefined;
  if (isChosen) return advance(call, state, { run, input: { tenant: run.tenantId } });
  return readString(call.body, 'interactionId') ? advance(call, state, { run }) : ok(toScreen(state, run));
};

const next: Handler = async (call, state) => {
  const run = state.flowRuns.find(requireString(call.body, 'executionId'));
  if (!run) throw new DescopeError('flowNotFound', 'The flow is unknown or has ended');
  return advance(call, state, { run });
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

function requireFlow({ project }: ProjectState, id: string): FlowRecord {
  const [flow, imported] = [project.flows.find(id), project.importedFlows.find(id)];
  if (imported?.disabled) throw new DescopeError('invalidArguments', `The flow ${id} is disabled`);
  if (flow) return flow;
  const message = imported
    ? `The flow ${id} was imported, and the emulator runs its own kinds alone: test it against a real project of Descope`
    : `There is no flow ${id}`;
  throw new DescopeError('invalidArguments', message);
}

async function toStart(call: Call, state: ProjectState, flow: FlowRecord): Promise<FlowStart> {
  const options = readObject(call.body, 'options') ?? {};
  const user = needsSignIn(flow) ? (await requireFlowUser(call, state, flow.id)).user : undefined;
  return {
    page: [readString(options, 'redirectUrl'), readString(options, 'location')].find(isPage),
    tenantId: readString(options, 'tenant'),
    inputs: { form: readObject(call.body, 'input') ?? {}, client: readObject(options, 'client') ?? {} },
    userId: user?.userId,
    email: user && toAddress(user),
  };
}

interface Submission {
  readonly run: FlowRun;
  /** What the user entered; absent: what the call says. */
  readonly input?: JsonObject;
}

// A mistake of the user is shown on the screen, as in Descope's flows, and is not a status.
async function advance(call: Call, state: ProjectState, { run, input }: Submission): Promise<RouteResponse> {
  const submitted = {
    call,
    run,
    interactionId: readString(call.body, 'interactionId') ?? '',
    input: input ?? readObject(call.body, 'input') ?? {},
  };
  try {
    const outcome = await submitScreen(state, submitted);
    if (typeof outcome !== 'string') return toDone(state, run, outcome);
    run.screen = outcome;
    return ok(toScreen(state, run));
  } catch (cause) {
    if (!(cause instanceof DescopeError)) throw cause;
    noteLoginFailed(state, run.email, cause);
    return ok(toScreen(state, run, cause.message));
  }
}

function toScreen(state: ProjectState, run: FlowRun, errorText = ''): JsonObject {
  const user = run.userId === undefined ? undefined : state.project.users.find(run.userId);
  const hasNoTenant = run.screen === 'tenant' && user?.tenants.length === 0;
  return {
    executionId: run.executionId,
    stepId: toStepId(run.screen),
    stepName: run.screen,
    status: 'waiting',
    action: 'screen',
    screen: {
      id: run.screen === 'tenant' ? `tenant-${run.id}` : run.screen,
      componentsConfig: {},
      state: {
        errorText: errorText || (hasNoTenant ? 'You do not belong to a tenant' : ''),
        form: { email: run.email },
        ...(run.screen === 'confirm' && !user?.password ? { componentsState: { btnPassword: 'hide' } } : {}),
      },
    },
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
      screen: { id: '', state: {}, componentsConfig: {} },
      authInfo: body,
      lastAuth: { authMethod: toMethod(run), loginId: run.email },
      output: toFlowOutput(run),
    },
  };
}

function isPage(text: string | undefined): boolean {
  return text !== undefined && /^https?:/.test(text) && URL.canParse(text);
}

// What a finished flow tells its page beside the tokens: the output of the seed, with what the page gave the flow filled in.
function toFlowOutput({ flow, inputs }: FlowRun): JsonObject {
  return Object.fromEntries(
    Object.entries(flow.output).map(([name, value]) => [
      name,
      typeof value === 'string' ? fillIn(value, inputs) : value,
    ]),
  );
}

function fillIn(text: string, inputs: FlowRun['inputs']): string {
  return text.replace(/\{\{(form|client)\.([\w.-]+)\}\}/g, (_match, from: 'form' | 'client', name: string) =>
    toText(Object.hasOwn(inputs[from], name) ? inputs[from][name] : undefined),
  );
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
