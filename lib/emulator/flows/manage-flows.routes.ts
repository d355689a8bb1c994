// Management of flows: lists those of the project, and deletes some.
import { readStrings } from '../http/fields.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';

const list: Handler = (_call, { project }) => {
  const flows = project.flows.all.map(({ id }) => ({ id, name: id, description: '', disabled: false }));
  return ok({ flows, total: flows.length });
};

const remove: Handler = (call, { project }) => {
  for (const id of readStrings(call.body, 'ids') ?? []) {
    const flow = project.flows.find(id);
    if (flow) project.flows.remove(flow);
  }
  return ok();
};

/** The routes that manage flows. */
export const manageFlowRoutes = routesFor('management', {
  'POST /v1/mgmt/flow/list': list,
  'POST /v1/mgmt/flow/delete': takes('ids', remove),
});
