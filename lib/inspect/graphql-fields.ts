// Reads the options and schemas of GraphQL's optional modules: whether guards run on fields, and their functions and types.
import type { ModulesContainer } from '@nestjs/core';
import { DescopeConfigError } from '../core/errors.js';

/** A type of a schema. */
export interface SchemaType {
  readonly name: string;
  readonly interfaces: readonly string[];
  readonly fields: readonly SchemaField[];
  /** Whether it has a reference resolver, by which a subgraph loads it by its key. */
  readonly hasReference: boolean;
}

export interface SchemaField {
  readonly name: string;
  /** Whether a function resolves it. */
  readonly isCode: boolean;
  readonly type: unknown;
}

/** One endpoint of GraphQL. */
export interface GraphqlEndpoint {
  /** The name of the driver's class if it has no schema here: a gateway, which sends every operation to its subgraphs. */
  readonly gateway: string | undefined;
  /** The fields, by type, for which the options `resolvers` and `loaders` contain functions. */
  readonly functions: ReadonlyMap<string, readonly string[]>;
  /** Whether the options contain `schema` or `transformSchema`, by which a function may replace the handler of a field. */
  readonly isOwnSchema: boolean;
  readonly roots: readonly SchemaType[];
  readonly types: readonly SchemaType[];
  /** The types that `_entities` of a subgraph returns. */
  readonly entities: readonly SchemaType[];
  /** Returns the object types that a field may have. */
  readonly resolve: (type: unknown) => readonly SchemaType[];
}

/** Checks whether every GraphQL endpoint runs guards on fields; `true` if there is no endpoint. */
export function areFieldsGuarded(modules: ModulesContainer): boolean {
  return readGraphqlOptions(modules).every(hasFieldGuards);
}

/** Lists the GraphQL endpoints, with the types of their schemas after these are built. */
export function readGraphqlEndpoints(modules: ModulesContainer): readonly GraphqlEndpoint[] {
  return [...modules.values()].flatMap(({ providers }) => {
    const options = providers.get(OPTIONS_TOKEN);
    if (options === undefined) return [];
    const find = (wanted: string) => [...providers.values()].find(({ token }) => toName(token) === wanted);
    const schema = readSchema(find('GraphQLSchemaHost')?.instance);
    const driver = find('AbstractGraphQLDriver')?.metatype?.name ?? 'The driver of GraphQLModule';
    return [
      { ...toEndpoint((options.instance ?? {}) as Members, schema), gateway: schema ? undefined : driver },
    ];
  });
}

/** Creates the error for a demand on a field before which no guard runs. */
export function unguardedField(where: string): DescopeConfigError {
  const message = `${where} resolves a field and has access decorators (its own or of its class), but GraphQLModule runs no guards on fields. Add fieldResolverEnhancers: ['guards'] to its options, or mark the field @Public() if anyone who may read its parent may read it.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

/** Creates the error for a reference resolver before which no guard runs. */
export function unguardedReference(where: string): DescopeConfigError {
  const message = `${where} resolves references of a subgraph, but no guard runs before it: anyone could load this type through _entities. Add fieldResolverEnhancers: ['guards'] to the options of GraphQLModule (and @UseGuards(AuthGuard) there where globalGuard is off), or mark it @Public() if anyone may read what it returns.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

type Members = Readonly<Record<string, unknown>>;

/** The members of graphql-js's objects that are read; the same in 16 and 17. */
interface Schema {
  getTypeMap(): Readonly<Record<string, Type>>;
  getQueryType(): Type | null | undefined;
  getMutationType(): Type | null | undefined;
  getSubscriptionType(): Type | null | undefined;
  getPossibleTypes(type: Type): readonly Type[];
}

interface Type {
  readonly name?: string;
  readonly ofType?: Type; // of lists and non-null types
  readonly extensions?: { readonly apollo?: { readonly subgraph?: { readonly resolveReference?: unknown } } };
  readonly resolveReference?: unknown; // of @apollo/subgraph before 0.4.2, and of graphql-tools
  readonly resolveType?: unknown;
  getTypes?(): readonly Type[]; // of unions
  getInterfaces?(): readonly Type[];
  getFields?(): Readonly<
    Record<string, { readonly type: Type; readonly resolve?: unknown; readonly subscribe?: unknown }>
  >;
}

// @nestjs/graphql's own token, the same in 13 and 14; an application may have several endpoints.
const OPTIONS_TOKEN = 'GqlModuleOptions';

function readGraphqlOptions(modules: ModulesContainer): readonly unknown[] {
  const providers = [...modules.values()].map((module) => module.providers.get(OPTIONS_TOKEN));
  return providers.flatMap((wrapper) => (wrapper === undefined ? [] : [wrapper.instance]));
}

function hasFieldGuards(options: unknown): boolean {
  const { fieldResolverEnhancers: enhancers } = (options ?? {}) as {
    readonly fieldResolverEnhancers?: unknown;
  };
  return Array.isArray(enhancers) && enhancers.includes('guards');
}

// A gateway has no schema, and the host of a schema that is not built yet throws.
function readSchema(host: unknown): Schema | undefined {
  try {
    const { schema } = (host ?? {}) as { readonly schema?: Partial<Schema> | null };
    return typeof schema?.getTypeMap === 'function' ? (schema as Schema) : undefined;
  } catch {
    return undefined;
  }
}

function toName(token: unknown): unknown {
  return typeof token === 'function' ? token.name : token;
}

function toEndpoint(options: Members, schema: Schema | undefined): Omit<GraphqlEndpoint, 'gateway'> {
  const functions = readFunctions(options);
  const isOwnSchema = options['schema'] != null || options['transformSchema'] != null;
  const told = { functions, isOwnSchema };
  if (schema === undefined) return { ...told, roots: [], types: [], entities: [], resolve: () => [] };
  const types = schema.getTypeMap();
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const entities = types['_Entity']?.getTypes?.() ?? [];
  return {
    ...told,
    roots: roots.flatMap((type) => (type == null ? [] : [toSchemaType(type)])),
    types: Object.values(types).map(toSchemaType),
    entities: entities.map(toSchemaType),
    resolve: (type) => toObjectTypes(type as Type, schema).map(toSchemaType),
  };
}

function readFunctions({ resolvers, loaders }: Members): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const map of [resolvers, loaders].flat())
    for (const [type, fields] of toEntries(map)) {
      const names = toEntries(fields).flatMap(([name, field]) => (isFunctionOrHolder(field) ? [name] : []));
      found.set(type, [...(found.get(type) ?? []), ...names]);
    }
  return found;
}

// `resolve`, `{ resolve, subscribe }` or `{ loader, opts }`; the values of enums are neither.
function isFunctionOrHolder(field: unknown): boolean {
  if (typeof field === 'function') return true;
  return toEntries(field).some(([, member]) => typeof member === 'function');
}

function toEntries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function toSchemaType(type: Type): SchemaType {
  const fields = Object.entries(type.getFields?.() ?? {});
  const reference = type.extensions?.apollo?.subgraph?.resolveReference ?? type.resolveReference;
  return {
    name: String(type.name),
    interfaces: (type.getInterfaces?.() ?? []).map(({ name }) => String(name)),
    fields: fields.map(([name, { resolve, subscribe, type: of }]) => {
      return { name, isCode: typeof resolve === 'function' || typeof subscribe === 'function', type: of };
    }),
    hasReference: typeof reference === 'function',
  };
}

function toObjectTypes(given: Type, schema: Schema): readonly Type[] {
  let type = given;
  while (type.ofType !== undefined) type = type.ofType;
  if (type.getTypes !== undefined) return type.getTypes();
  if (type.getFields === undefined) return [];
  return 'resolveType' in type ? schema.getPossibleTypes(type) : [type];
}
