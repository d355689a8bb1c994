// The schema of authorization in its older form: namespaces and relation definitions are saved, loaded and deleted.
import { readBoolean, readObjects, readString, requireObject, requireString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { routesFor, takes } from '../http/router.js';
import type { Act } from './act.js';
import { withFga } from './act.js';
import { definitionsOf } from './namespaces.js';
import type { FgaName } from './relations.js';
import type { AuthzDocument } from './schema.js';
import { FgaError } from './tokenizer.js';

// Without `upgrade`, namespaces that are not named stay.
const saveSchema: Act = (fga, body) => {
  const schema = requireObject(body, 'schema');
  const namespaces = readObjects(schema, 'namespaces') ?? [];
  const isUpgrade = readBoolean(body, 'upgrade') ?? false;
  const kept = isUpgrade ? [] : fga.document.namespaces.filter(({ name }) => !find(namespaces, name));
  fga.saveDocument({ name: readString(schema, 'name'), namespaces: [...kept, ...namespaces] });
};

const saveNamespace: Act = (fga, body) => {
  const namespace = requireObject(body, 'namespace');
  const name = requireString(namespace, 'name');
  const oldName = readString(body, 'oldName') ?? name;
  const renamed = renameIn(fga.document, { type: oldName }, { type: name });
  const document = { ...renamed, namespaces: replace(renamed.namespaces, namespace, name) };
  save(fga, body, { document, from: { type: oldName }, to: { type: name } });
};

const deleteNamespace: Act = (fga, body) => {
  const name = requireString(body, 'name');
  const { document } = fga;
  requireNamed(document.namespaces, name);
  save(fga, body, { document: { ...document, namespaces: without(document.namespaces, name) } });
};

const saveDefinition: Act = (fga, body) => {
  const definition = requireObject(body, 'relationDefinition');
  const [type, name] = [requireString(body, 'namespace'), requireString(definition, 'name')];
  const oldName = readString(body, 'oldName') ?? name;
  const [from, to] = [
    { type, name: oldName },
    { type, name },
  ];
  const renamed = renameIn(fga.document, from, to);
  const document = withDefinitions(renamed, type, (definitions) => replace(definitions, definition, name));
  save(fga, body, { document, from, to });
};

const deleteDefinition: Act = (fga, body) => {
  const [type, name] = [requireString(body, 'namespace'), requireString(body, 'name')];
  const document = withDefinitions(fga.document, type, (definitions) => {
    requireNamed(definitions, name);
    return without(definitions, name);
  });
  save(fga, body, { document });
};

/** The routes of the schema in its older form; `schema/delete` stands with those of `fga`. */
export const namespaceRoutes = routesFor('management', {
  'POST /v1/mgmt/authz/schema/save': takes('schema upgrade', withFga(saveSchema)),
  'POST /v1/mgmt/authz/schema/load': withFga((fga) => ({ schema: fga.document })),
  'POST /v1/mgmt/authz/ns/save': takes('namespace oldName schemaName', withFga(saveNamespace)),
  'POST /v1/mgmt/authz/ns/delete': takes('name schemaName', withFga(deleteNamespace)),
  'POST /v1/mgmt/authz/rd/save': takes(
    'relationDefinition namespace oldName schemaName',
    withFga(saveDefinition),
  ),
  'POST /v1/mgmt/authz/rd/delete': takes('name namespace schemaName', withFga(deleteDefinition)),
});

/** A schema to save, and the name that it changes. */
interface Save {
  readonly document: AuthzDocument;
  readonly from?: FgaName;
  readonly to?: FgaName;
}

// Relations follow a new name. The name of a schema is a version that the application counts.
function save(fga: Parameters<Act>[0], body: JsonObject, { document, from, to }: Save): void {
  const named = { ...document, name: readString(body, 'schemaName') ?? document.name };
  fga.saveDocument(named, from && to ? { from, to } : undefined);
}

type Named = readonly JsonObject[];

function find(all: Named, name: unknown): JsonObject | undefined {
  return all.find((one) => one['name'] === name);
}

function requireNamed(all: Named, name: string): void {
  if (!find(all, name)) throw new FgaError(`The schema has no ${name} here`);
}

function without(all: Named, name: string): Named {
  return all.filter((one) => one['name'] !== name);
}

function replace(all: Named, next: JsonObject, name: string): Named {
  return find(all, name) ? all.map((one) => (one['name'] === name ? next : one)) : [...all, next];
}

function withDefinitions(
  document: AuthzDocument,
  type: string,
  change: (definitions: Named) => Named,
): AuthzDocument {
  requireNamed(document.namespaces, type);
  const namespaces = document.namespaces.map((namespace) =>
    namespace['name'] === type
      ? { ...namespace, relationDefinitions: change(definitionsOf(namespace)) }
      : namespace,
  );
  return { ...document, namespaces };
}

// Other definitions that name what is renamed follow it.
function renameIn(document: AuthzDocument, from: FgaName, to: FgaName): AuthzDocument {
  if (from.type === to.type && from.name === to.name) return document;
  const namespaces = document.namespaces.map((namespace) => {
    const isMeant = namespace['name'] === from.type;
    const definitions = definitionsOf(namespace).map((definition) => ({
      ...renameNode(definition, from, to),
      ...(isMeant && definition['name'] === from.name ? { name: to.name } : {}),
    }));
    const name = isMeant ? to.type : namespace['name'];
    return { ...namespace, name, relationDefinitions: definitions };
  });
  return { ...document, namespaces };
}

const PAIRS = [
  ['relationDefinitionNamespace', 'relationDefinition'],
  ['targetRelationDefinitionNamespace', 'targetRelationDefinition'],
] as const;

function renameNode(value: JsonObject, from: FgaName, to: FgaName): JsonObject {
  const inner = Object.entries(value).map(([key, one]) => [key, renameValue(one, from, to)] as const);
  const renamed: Record<string, unknown> = Object.fromEntries(inner);
  for (const [typeKey, nameKey] of PAIRS) {
    if (renamed[typeKey] !== from.type) continue;
    if (from.name === undefined) renamed[typeKey] = to.type;
    else if (renamed[nameKey] === from.name) renamed[nameKey] = to.name;
  }
  return renamed;
}

function renameValue(value: unknown, from: FgaName, to: FgaName): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => renameValue(one, from, to));
  return typeof value === 'object' && value !== null ? renameNode(value as JsonObject, from, to) : value;
}
