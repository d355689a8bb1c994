// Management of lists, and the checks whether an address or a text is in one.
import { isIP } from 'node:net';
import { DescopeError } from '../errors.js';
import {
  below,
  isObject,
  readField,
  readObjects,
  readString,
  readStrings,
  requireString,
} from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { ListKind, ListRecord } from '../store/lists.js';
import { entriesOf, toListKind } from '../store/lists.js';
import { createId } from '../store/records.js';
import { isPermitted } from './access-keys.js';

const create: Handler = (call, state) => {
  const list = readList(call.body, createId('L'), state);
  return ok({ list: state.project.lists.put(list) });
};

// Every field is replaced: go-sdk's documentation of Update.
const update: Handler = (call, state) => {
  const { id } = requireList(state, readString(call.body, 'id'));
  return ok({ list: state.project.lists.put(readList(call.body, id, state)) });
};

const remove: Handler = (call, state) => {
  state.project.lists.remove(requireList(state, readString(call.body, 'id')));
  return ok();
};

const load: Handler = (call, state) => ok({ list: requireList(state, call.params.get('id')) });

const loadByName: Handler = (call, state) => {
  const name = call.params.get('name') ?? '';
  const list = state.project.lists.all.find((candidate) => candidate.name === name);
  if (!list) throw new DescopeError('invalidArguments', `There is no list ${name}`);
  return ok({ list });
};

const loadAll: Handler = (_call, state) => ok({ lists: state.project.lists.all });

// Lists are created, or replaced by their id; none of them if one is wrong.
const importLists: Handler = (call, state) => {
  const lists = (readObjects(call.body, 'lists') ?? []).map((body) =>
    readList(body, readString(body, 'id') ?? createId('L'), state),
  );
  for (const list of lists) state.project.lists.put(list);
  return ok();
};

const clear: Handler = (call, state) => {
  const list = requireList(state, readString(call.body, 'id'));
  state.project.lists.put({ ...list, data: toListKind(list.type) === 'json' ? {} : [] });
  return ok();
};

type Entries = readonly string[];

function changeEntries(kind: 'ips' | 'texts', change: (old: Entries, given: Entries) => Entries): Handler {
  return (call, state) => {
    const list = requireKind(requireList(state, readString(call.body, 'id')), kind);
    const given = readStrings(call.body, kind) ?? [];
    if (kind === 'ips') assertAddresses(given);
    state.project.lists.put({ ...list, data: change(entriesOf(list), given) });
    return ok();
  };
}

// New entries come last, and duplicates are ignored.
const add = (old: Entries, given: Entries): Entries => [...new Set([...old, ...given])];
const drop = (old: Entries, given: Entries): Entries => old.filter((entry) => !given.includes(entry));

const checkIp: Handler = (call, state) => {
  const entries = entriesOf(requireKind(requireList(state, readString(call.body, 'id')), 'ips'));
  const ip = requireString(call.body, 'ip');
  assertAddresses([ip]);
  return ok({ exists: entries.includes(ip) || (entries.length > 0 && isPermitted(ip, entries)) });
};

const checkText: Handler = (call, state) => {
  const list = requireKind(requireList(state, readString(call.body, 'id')), 'texts');
  return ok({ exists: entriesOf(list).includes(requireString(call.body, 'text')) });
};

const LIST = 'id name description type data';

/** The routes that manage lists. */
export const listRoutes = routesFor('management', {
  'POST /v1/mgmt/list': takes(LIST, create),
  'POST /v1/mgmt/list/update': takes(LIST, update),
  'POST /v1/mgmt/list/delete': takes('id', remove),
  'GET /v1/mgmt/list/all': loadAll,
  'GET /v1/mgmt/list/name/:name': loadByName,
  'GET /v1/mgmt/list/:id': load,
  'POST /v1/mgmt/list/import': takes(below('lists', LIST), importLists),
  'POST /v1/mgmt/list/clear': takes('id', clear),
  'POST /v1/mgmt/list/ip/add': takes('id ips', changeEntries('ips', add)),
  'POST /v1/mgmt/list/ip/remove': takes('id ips', changeEntries('ips', drop)),
  'POST /v1/mgmt/list/ip/check': takes('id ip', checkIp),
  'POST /v1/mgmt/list/text/add': takes('id texts', changeEntries('texts', add)),
  'POST /v1/mgmt/list/text/remove': takes('id texts', changeEntries('texts', drop)),
  'POST /v1/mgmt/list/text/check': takes('id text', checkText),
});

function requireList({ project }: ProjectState, id: string | undefined): ListRecord {
  if (!id) throw new DescopeError('missingArguments', 'The id argument is missing');
  const list = project.lists.find(id);
  if (!list) throw new DescopeError('invalidArguments', `There is no list ${id}`);
  return list;
}

function requireKind(list: ListRecord, kind: ListKind): ListRecord {
  if (toListKind(list.type) === kind) return list;
  throw new DescopeError(
    'invalidArguments',
    `The list ${list.name} is of the type ${list.type}, not ${kind}`,
  );
}

// The name is unique in a project.
function readList(body: JsonObject, id: string, { project }: ProjectState): ListRecord {
  const name = requireString(body, 'name');
  const type = requireString(body, 'type');
  const kind = toListKind(type);
  if (!kind) throw new DescopeError('invalidArguments', 'The type field must be ips, texts or json');
  if (project.lists.all.some((other) => other.name === name && other.id !== id)) {
    throw new DescopeError('invalidArguments', `The list ${name} already exists`);
  }
  return { id, name, type, description: readString(body, 'description') ?? '', data: readData(body, kind) };
}

function readData(body: JsonObject, kind: ListKind): unknown {
  if (kind !== 'json') {
    const entries = readStrings(body, 'data') ?? [];
    if (kind === 'ips') assertAddresses(entries);
    return [...new Set(entries)];
  }
  const data = readField(body, 'data') ?? {};
  if (isObject(data)) return data;
  throw new DescopeError('invalidArguments', 'The data field of a list of the type json must be an object');
}

function assertAddresses(entries: Entries): void {
  for (const entry of entries) {
    const [address = '', bits, ...rest] = entry.split('/');
    const version = isIP(address);
    const isRange =
      bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32));
    if (version !== 0 && isRange && rest.length === 0) continue;
    throw new DescopeError(
      'invalidArguments',
      `Expected an IP address or a range, got ${entry.slice(0, 100)}`,
    );
  }
}
