// Management of fine-grained authorization: schema, relations, checks.
import { below, readObject, readObjects, requireString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { routesFor, takes } from '../http/router.js';
import type { Act } from './act.js';
import { withFga } from './act.js';
import type { FgaTuple } from './relations.js';
import type { Verdict } from './walk.js';

const check: Act = (fga, body) => {
  const context = new Map(Object.entries(readObject(body, 'context') ?? {}));
  const tuples = readTuples(body).map((tuple) => {
    const verdict = fga.judge({ tuple, context });
    return { allowed: verdict.isAllowed, tuple, ...toInfo(verdict) };
  });
  return { tuples };
};

function toInfo({ isConditional, missing, mistakes }: Verdict): JsonObject {
  if (!isConditional) return {};
  return { info: { conditional: true, missingContext: missing, conditionalErr: mistakes.join('. ') } };
}

const dryRun: Act = (fga, body) => {
  const { relations, types } = fga.preview(requireString(body, 'dsl'));
  return { deletesPreview: { hasDeletes: relations.length + types.length > 0, relations, types } };
};

const loadDetails: Act = (fga, body) => {
  const resources = (readObjects(body, 'resourceIdentifiers') ?? []).map(readResource);
  return { resourcesDetails: fga.details.load(resources) };
};

const saveDetails: Act = (fga, body) => {
  const details = readObjects(body, 'resourcesDetails') ?? [];
  fga.details.save(
    details.map((detail) => ({
      ...readResource(detail),
      displayName: requireString(detail, 'displayName'),
    })),
  );
};

const RESOURCE = 'resourceId resourceType';
const TUPLES = below('tuples', 'resource resourceType relation target targetType');

/** The routes of fine-grained authorization. */
export const fgaRoutes = routesFor('management', {
  'POST /v1/mgmt/fga/schema': takes(
    'dsl',
    withFga((fga, body) => fga.save(requireString(body, 'dsl'))),
  ),
  'GET /v1/mgmt/fga/schema': withFga((fga) => ({ dsl: fga.dsl })),
  'POST /v1/mgmt/fga/schema/dryrun': takes('dsl', withFga(dryRun)),
  'POST /v1/mgmt/fga/relations': takes(
    TUPLES,
    withFga((fga, body) => fga.add(readTuples(body))),
  ),
  'POST /v1/mgmt/fga/relations/delete': takes(
    TUPLES,
    withFga((fga, body) => fga.remove(readTuples(body))),
  ),
  'DELETE /v1/mgmt/fga/relations': withFga((fga) => fga.clearRelations()),
  'POST /v1/mgmt/fga/check': takes(`${TUPLES} context.*`, withFga(check)),
  'POST /v1/mgmt/fga/resources/load': takes(below('resourceIdentifiers', RESOURCE), withFga(loadDetails)),
  'POST /v1/mgmt/fga/resources/save': takes(
    below('resourcesDetails', `${RESOURCE} displayName`),
    withFga(saveDetails),
  ),
  // `fga.deleteSchema` of node-sdk calls the older path.
  'POST /v1/mgmt/authz/schema/delete': takes(
    '',
    withFga((fga) => fga.clear()),
  ),
});

function readResource(body: JsonObject) {
  return {
    resourceId: requireString(body, 'resourceId'),
    resourceType: requireString(body, 'resourceType'),
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
