// Management of the project itself: its name and tags, and the list of projects that one management key opens.
import { readStrings, requireString } from '../http/fields.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';

const updateName: Handler = (call, { project }) => {
  project.name = requireString(call.body, 'name');
  return ok();
};

const updateTags: Handler = (call, { project }) => {
  project.tags = readStrings(call.body, 'tags') ?? [];
  return ok();
};

const list: Handler = (_call, state) => {
  const own = state.siblings().filter(({ managementKey }) => managementKey === state.managementKey);
  return ok({ projects: own.map(toView) });
};

/** The routes of the project itself. */
export const projectRoutes = routesFor('management', {
  'POST /v1/mgmt/project/update/name': takes('name', updateName),
  'POST /v1/mgmt/project/update/tags': takes('tags', updateTags),
  'POST /v1/mgmt/projects/list': list,
});

function toView({ projectId: id, project: { name, tags } }: ProjectState) {
  return { id, name, tags };
}
