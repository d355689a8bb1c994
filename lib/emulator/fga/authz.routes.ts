// The older view of fine-grained authorization: relations that name no type of their target, over the same data.
import {
  below,
  readBoolean,
  readNumber,
  readObjects,
  readString,
  readStrings,
  requireString,
} from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { routesFor, takes } from '../http/router.js';
import type { Act } from './act.js';
import { withFga } from './act.js';
import type { Authorization } from './authorization.js';
import type { FgaRelation } from './relations.js';

const create: Act = (fga, body) => fga.addUntyped(readRelations(body));

const remove: Act = (fga, body) => fga.removeUntyped(readRelations(body));

// A resource or, where both are asked for, a target too.
function removeOf(isTarget: boolean): Act {
  return (fga, body) => {
    const ids = new Set(readStrings(body, 'resources') ?? []);
    fga.removeWhere(({ id, target }) => ids.has(id) || (isTarget && ids.has(target.id)));
  };
}

const has: Act = (fga, body) => ({
  relationQueries: (readObjects(body, 'relationQueries') ?? []).map((query) => {
    const question = readQuestion(query);
    const target = requireString(query, 'target');
    return { ...query, hasRelation: fga.targetsWith(question).includes(target) };
  }),
});

const who: Act = (fga, body) => ({ targets: fga.targetsWith(readQuestion(body)) });

const ofResource: Act = (fga, body) => {
  const resource = requireString(body, 'resource');
  const withSets = readBoolean(body, 'ignoreTargetSetRelations') !== true;
  return toRelations(fga, ({ id, target }) => id === resource && (withSets || target.relation === undefined));
};

const ofTargets: Act = (fga, body) => {
  const targets = new Set(readStrings(body, 'targets') ?? []);
  const withSets = readBoolean(body, 'includeTargetSetRelations') === true;
  return toRelations(
    fga,
    ({ target }) => targets.has(target.id) && (withSets || target.relation === undefined),
  );
};

const ofTarget: Act = (fga, body) => {
  const target = requireString(body, 'target');
  const found = fga.questions().filter((question) => fga.targetsWith(question).includes(target));
  return {
    relations: found.map(({ type, id, name }) => ({
      resource: id,
      relationDefinition: name,
      namespace: type,
      target,
    })),
  };
};

const ofTargetWith: Act = (fga, body) => {
  const target = requireString(body, 'target');
  const name = requireString(body, 'relationDefinition');
  const type = requireString(body, 'namespace');
  const found = fga
    .questions()
    .filter((question) => question.type === type && question.name === name)
    .filter((question) => fga.targetsWith(question).includes(target));
  return { resources: found.map(({ id }) => id) };
};

const QUESTION = 'resource relationDefinition namespace target';
const RELATION = `${QUESTION} targetSetResource targetSetRelationDefinition targetSetRelationDefinitionNamespace`;

/** The routes of relations in the older view. */
export const authzRoutes = routesFor('management', {
  'POST /v1/mgmt/authz/re/create': takes(below('relations', RELATION), withFga(create)),
  'POST /v1/mgmt/authz/re/delete': takes(below('relations', RELATION), withFga(remove)),
  'POST /v1/mgmt/authz/re/deleteresources': takes('resources', withFga(removeOf(true))),
  'POST /v1/mgmt/authz/re/deleteresourcesrelations': takes('resources', withFga(removeOf(false))),
  'POST /v1/mgmt/authz/re/has': takes(below('relationQueries', `${QUESTION} hasRelation`), withFga(has)),
  'POST /v1/mgmt/authz/re/who': takes('resource relationDefinition namespace', withFga(who)),
  'POST /v1/mgmt/authz/re/resource': takes('resource ignoreTargetSetRelations', withFga(ofResource)),
  'POST /v1/mgmt/authz/re/targets': takes('targets includeTargetSetRelations', withFga(ofTargets)),
  'POST /v1/mgmt/authz/re/targetall': takes('target', withFga(ofTarget)),
  'POST /v1/mgmt/authz/re/targetwithrelation': takes(
    'target relationDefinition namespace',
    withFga(ofTargetWith),
  ),
  'POST /v1/mgmt/authz/getmodified': takes(
    'since',
    withFga((fga, body) => fga.modifiedSince(readNumber(body, 'since') ?? 0)),
  ),
});

function readQuestion(body: JsonObject) {
  return {
    type: requireString(body, 'namespace'),
    id: requireString(body, 'resource'),
    name: requireString(body, 'relationDefinition'),
  };
}

function readRelations(body: JsonObject) {
  return (readObjects(body, 'relations') ?? []).map((relation) => {
    const set = readString(relation, 'targetSetResource');
    return {
      ...readQuestion(relation),
      targetId: set ?? requireString(relation, 'target'),
      targetType: readString(relation, 'targetSetRelationDefinitionNamespace'),
      targetRelation: set === undefined ? undefined : requireString(relation, 'targetSetRelationDefinition'),
    };
  });
}

function toRelations(fga: Authorization, matches: (relation: FgaRelation) => boolean): JsonObject {
  return {
    relations: fga.relations.filter(matches).map(({ type, id, name, target }) => ({
      resource: id,
      relationDefinition: name,
      namespace: type,
      ...(target.relation === undefined
        ? { target: target.id }
        : {
            targetSetResource: target.id,
            targetSetRelationDefinition: target.relation,
            targetSetRelationDefinitionNamespace: target.type,
          }),
    })),
  };
}
