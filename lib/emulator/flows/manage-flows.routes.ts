// Management of flows: lists, exports, imports and deletes those of the project.
import { DescopeError } from '../errors.js';
import {
  below,
  isObject,
  readBoolean,
  readField,
  readObject,
  readObjects,
  readString,
  readStrings,
  requireObject,
  requireString,
} from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { FlowRecord, ImportedFlow } from '../store/flows.js';
import { FLOW_KINDS } from '../store/flows.js';
import type { Project } from '../store/project.js';

const list: Handler = (_call, { project }) => {
  const ids = [...project.flows.all, ...project.importedFlows.all].map(({ id }) => id);
  const flows = [...new Set(ids)].map((id) => {
    const { dsl: _dsl, ...shown } = requireFlow(project, id).flow;
    return shown;
  });
  return ok({ flows, total: flows.length });
};

const exportOne: Handler = (call, { project }) =>
  ok(requireFlow(project, requireString(call.body, 'flowId')));

const importOne: Handler = (call, { project }) => {
  const imported = readImported(call.body, requireString(call.body, 'flowId'));
  const own = toOwn(imported);
  remove(project, imported.id);
  if (own) project.flows.put(own);
  return ok(toDocument(project.importedFlows.put(imported)));
};

const removeSome: Handler = (call, { project }) => {
  for (const id of readStrings(call.body, 'ids') ?? []) remove(project, id);
  return ok();
};

const FLOW = `flowId screens ${below('flow', 'id name description dsl disabled etag')}`;

/** The routes that manage flows. */
export const manageFlowRoutes = routesFor('management', {
  'POST /v1/mgmt/flow/list': list,
  'POST /v1/mgmt/flow/export': takes('flowId', exportOne),
  'POST /v1/mgmt/flow/import': takes(FLOW, importOne),
  'POST /v1/mgmt/flow/delete': takes('ids', removeSome),
});

function remove(project: Project, id: string): void {
  const [flow, imported] = [project.flows.find(id), project.importedFlows.find(id)];
  if (flow) project.flows.remove(flow);
  if (imported) project.importedFlows.remove(imported);
}

/** A flow as it is exported. */
interface FlowDocument {
  readonly flow: JsonObject;
  readonly screens: readonly JsonObject[];
}

function requireFlow({ flows, importedFlows }: Project, id: string): FlowDocument {
  const imported = importedFlows.find(id);
  if (imported) return toDocument(imported);
  const own = flows.find(id);
  if (!own) throw new DescopeError('invalidArguments', `There is no flow ${id}`);
  return {
    flow: { id, name: id, description: '', disabled: false, dsl: { kind: own.kind, output: own.output } },
    screens: [],
  };
}

function toDocument({ id, name, description, disabled, etag, dsl, screens }: ImportedFlow): FlowDocument {
  return {
    flow: { id, name, description, disabled, ...(etag === undefined ? {} : { etag }), dsl },
    screens,
  };
}

function readImported(body: JsonObject, id: string): ImportedFlow {
  const flow = requireObject(body, 'flow');
  return {
    id,
    name: readString(flow, 'name') ?? id,
    description: readString(flow, 'description') ?? '',
    disabled: readBoolean(flow, 'disabled') ?? false,
    etag: readString(flow, 'etag'),
    dsl: readField(flow, 'dsl') ?? {},
    screens: readObjects(body, 'screens') ?? [],
  };
}

// A flow of the emulator's own says its kind; those of Descope's console say steps, which the emulator cannot run.
function toOwn({ id, dsl, screens }: ImportedFlow): FlowRecord | undefined {
  const kind = isObject(dsl) && FLOW_KINDS.find((known) => known === dsl['kind']);
  if (!kind) return undefined;
  if (screens.length > 0) {
    throw new DescopeError(
      'invalidArguments',
      'The emulator draws the screens of its own flows: leave them out',
    );
  }
  // An underscore would end the execution id in the URL of an e-mailed link.
  if (!/^[A-Za-z0-9-]+$/.test(id)) {
    throw new DescopeError('invalidArguments', 'The id of a flow that runs has letters, digits and - alone');
  }
  return { id, kind, output: readObject(dsl, 'output') ?? {} };
}
