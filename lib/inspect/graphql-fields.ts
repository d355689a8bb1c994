// What GraphQL's modules were told and have built: whether guards run on fields, which functions the options hold, and
// what the schema has. Their packages are not imported: an application may not have them.
import type { ModulesContainer } from '@nestjs/core';
import { DescopeConfigError } from '../core/errors.js';

/** A type of a schema, as far as callers reach it. */
export interface SchemaType {
  readonly name: string;
  readonly interfaces: readonly string[];
  readonly fields: readonly SchemaField[];
  /** Whether a subgraph has code that loads it by its key. */
  readonly hasReference: boolean;
}

export interface SchemaField {
  readonly name: string;
  /** Whether code stands behind it. */
  readonly isCode: boolean;
  readonly type: unknown;
}

/** One endpoint of GraphQL. */
export interface GraphqlEndpoint {
  /** The name of the driver's class, where it has no schema here: a gateway, which sends all to its subgraphs. */
  readonly gateway: string | undefined;
  /** The fields, by type, that the options `resolvers` and `loaders` hold functions for. */
  readonly functions: ReadonlyMap<string, readonly string[]>;
  /** Whether the options hold `schema` or `transformSchema`, by which any field may have other code than its handler. */
  readonly isOwnSchema: boolean;
  readonly roots: readonly SchemaType[];
  readonly types: readonly SchemaType[];
  /** What `_entities` of a subgraph gives. */
  readonly entities: readonly SchemaType[];
  /** Gives the object types that a field may hold. */
  readonly resolve: (type: unknown) => readonly SchemaType[];
}

/** Tells whether every endpoint of GraphQL runs guards on fields; so it is where there is none. */
export function areFieldsGuarded(modules: ModulesContainer): boolean {
  return readGraphqlOptions(modules).every(hasFieldGuards);
}

/** Lists the endpoints of GraphQL, with what their schemas have once they are built. */
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

/** The error for a demand on a field that nobody would look at. */
export function unguardedField(where: string): DescopeConfigError {
  const message = `${where} resolves a field and asks for something, itself or by its class, and GraphQLModule runs no guards on fields. Add fieldResolverEnhancers: ['guards'] to its options, or mark the field @Public() if anyone who got its parent may have it.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

/** The error for a reference resolver that nobody asks a guard for. */
export function unguardedReference(where: string): DescopeConfigError {
  const message = `${where} resolves references of a subgraph, and no guard stands before it: anybody could load this type by _entities. Add fieldResolverEnhancers: ['guards'] to the options of GraphQLModule (and @UseGuards(AuthGuard) there where globalGuard is off), or mark it @Public() if anybody may have what it gives.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

type Members = Readonly<Record<string, unknown>>;

/** graphql-js's own objects, as far as they are read; the same in 16 and 17. */
interface Schema {
  getTypeMap(): Readonly<Record<string, Type>>;
  getQueryType(): Type | null | undefined;
  getMutationType(): Type | null | undefined;
  getSubscriptionType(): Type | null | undefined;
  getPossibleTypes(type: Type): readonly Type[];
}

interface Type {
  readonly name?: string;
  readonly ofType?: Type; // of lists and of what is not null
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

// A gateway has no schema of its own, and the host of one that is not built yet throws.
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
