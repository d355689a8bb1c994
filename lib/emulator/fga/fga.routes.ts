// Management of fine-grained authorization: schema, relations, checks.
import { DescopeError } from '../errors.js';
import { below, readObjects, requireString } from '../http/fields.js';
import type { Call, JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { Authorization, FgaTuple } from './authorization.js';
import { FgaError } from './schema.js';

/** An operation on the project's authorization. */
type Act = (fga: Authorization, call: Call) => unknown;

const check: Act = (fga, { body }) => ({
  tuples: readTuples(body).map((tuple) => ({ allowed: fga.isAllowed(tuple), tuple })),
});

const dryRun: Act = (fga, { body }) => {
  const { relations, types } = fga.preview(requireString(body, 'dsl'));
  return { deletesPreview: { hasDeletes: relations.length + types.length > 0, relations, types } };
};

const TUPLES = below('tuples', 'resource resourceType relation target targetType');

/** The routes of fine-grained authorization. */
export const fgaRoutes = routesFor('management', {
  'POST /v1/mgmt/fga/schema': takes(
    'dsl',
    withFga((fga, { body }) => fga.save(requireString(body, 'dsl'))),
  ),
  'GET /v1/mgmt/fga/schema': withFga((fga) => ({ dsl: fga.dsl })),
  'POST /v1/mgmt/fga/schema/dryrun': takes('dsl', withFga(dryRun)),
  'POST /v1/mgmt/fga/relations': takes(
    TUPLES,
    withFga((fga, { body }) => fga.add(readTuples(body))),
  ),
  'POST /v1/mgmt/fga/relations/delete': takes(
    TUPLES,
    withFga((fga, { body }) => fga.remove(readTuples(body))),
  ),
  'DELETE /v1/mgmt/fga/relations': withFga((fga) => fga.clearRelations()),
  'POST /v1/mgmt/fga/check': takes(TUPLES, withFga(check)),
  // `fga.deleteSchema` of node-sdk calls the older path.
  'POST /v1/mgmt/authz/schema/delete': takes(
    '',
    withFga((fga) => fga.clear()),
  ),
});

function withFga(act: Act): Handler {
  return (call: Call, state: ProjectState) => {
    try {
      return ok(act(state.authorization, call) ?? {});
    } catch (cause) {
      if (cause instanceof FgaError) throw new DescopeError('invalidArguments', cause.message);
      throw cause;
    }
  };
}

function readTuples(body: JsonObject): readonly FgaTuple[] {
  return (readObjects(body, 'tuples') ?? []).map((tuple) => ({
    resource: requireString(tuple, 'resource'),
    resourceType: requireString(tuple, 'resourceType'),
    relation: requireString(tuple, 'relation'),
    target: requireString(tuple, 'target'),
    targetType: requireString(tuple, 'targetType'),
  }));
}
