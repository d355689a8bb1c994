// Checks what GraphQL reaches without the guards of handlers: functions in its module's options, and fields of `_entities`.
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { DescopeConfigError } from '../core/errors.js';
import type { GraphqlEndpoint, SchemaType } from './graphql-fields.js';
import { areFieldsGuarded, readGraphqlEndpoints, unguardedField } from './graphql-fields.js';
import type { HandlerWithPolicy } from './handlers.js';
import { isAuthGuard, readResolverMetadata, ROOT_TYPES } from './handlers.js';
import { isGuardGlobal } from './startup-checks.js';

/** What the check needs. */
export interface SchemaScanInput {
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
}

/**
 * Asserts that no field is reached without the guard in the schemas of GraphQL's modules; to be called after they are built.
 * @throws {DescopeConfigError} CONFIG_DEMAND_UNGUARDED
 */
export function assertSchemasGuarded(handlers: readonly HandlerWithPolicy[], input: SchemaScanInput): void {
  const endpoints = readGraphqlEndpoints(input.modules);
  if (endpoints.length === 0) return;
  const scan = new SchemaScan(handlers, input);
  for (const endpoint of endpoints) scan.assertKept(endpoint);
  const gateways = endpoints.flatMap(({ gateway }) => gateway ?? []);
  if (gateways.length === endpoints.length) assertNothingUnserved(handlers, gateways.join(', '));
}

// A gateway sends every operation to its subgraphs: a resolver beside it is never called.
function assertNothingUnserved(handlers: readonly HandlerWithPolicy[], gateway: string): void {
  const { where } =
    handlers.find(({ type, name, handler, policy: { demands, rules = [] } }) => {
      return (
        demands.length + rules.length > 0 && readResolverMetadata(type, handler, String(name)) !== undefined
      );
    }) ?? {};
  if (where !== undefined) throw unservedHandler(where, gateway);
}

class SchemaScan {
  readonly #handlers = new Map<string, HandlerWithPolicy[]>();
  readonly #isGlobal: boolean;
  readonly #hasFieldGuards: boolean;
  /** Whether any handler is guarded; if none is, the boot logs a separate notice. */
  readonly #isGuarded: boolean;

  constructor(handlers: readonly HandlerWithPolicy[], input: SchemaScanInput) {
    for (const handler of handlers) {
      const note = readResolverMetadata(handler.type, handler.handler, String(handler.name));
      if (note === undefined) continue;
      const key = toKey(note.type, note.name);
      this.#handlers.set(key, [...(this.#handlers.get(key) ?? []), handler]);
    }
    this.#isGlobal = isGuardGlobal(input);
    this.#hasFieldGuards = areFieldsGuarded(input.modules);
    this.#isGuarded = [...this.#handlers.values()].flat().some((handler) => this.#hasGuard(handler));
  }

  assertKept(endpoint: GraphqlEndpoint): void {
    for (const [type, fields] of endpoint.functions)
      for (const field of fields) this.#assertNotReplaced(type, field);
    if (!this.#isGuarded && !this.#isGlobal) return;
    for (const root of endpoint.roots) this.#assertRootKept(root);
    for (const type of endpoint.types) this.#assertReferenceKept(type, endpoint);
    for (const entity of endpoint.entities)
      if (!entity.hasReference) this.#assertFieldsKept(entity, endpoint, new Set());
  }

  // `resolvers` and Mercurius's `loaders` replace the handler of the same field.
  #assertNotReplaced(type: string, field: string): void {
    const replaced = this.#find(type, field).find((handler) => this.#isKept(type, handler));
    if (replaced !== undefined) throw replacedHandler(toKey(type, field), replaced.where);
  }

  #assertRootKept(root: SchemaType): void {
    for (const { name, isCode } of root.fields) {
      if (name === '_entities' || name === '_service') continue;
      const handlers = this.#find(root.name, name);
      if (isCode && handlers.length === 0) throw unguardedFunction(toKey(root.name, name));
      // If a root type has another name than Query, Mutation or Subscription, Nest treats its handlers as those of fields.
      const open = ROOT_TYPES.includes(root.name)
        ? undefined
        : handlers.find((handler) => this.#isOpen(handler));
      if (open !== undefined) throw unguardedField(open.where);
    }
  }

  #assertReferenceKept({ name, hasReference }: SchemaType, { functions }: GraphqlEndpoint): void {
    const isByHand = functions.get(name)?.includes(REFERENCE) === true;
    if (!hasReference || (!isByHand && this.#find(name, REFERENCE).length > 0)) return;
    throw unguardedReferenceFunction(toKey(name, REFERENCE));
  }

  // Without a reference resolver, the caller's own data is the parent of these fields, and of those of their members.
  #assertFieldsKept(type: SchemaType, endpoint: GraphqlEndpoint, seen: Set<string>): void {
    if (seen.has(type.name)) return;
    seen.add(type.name);
    for (const field of type.fields) {
      const names = [type.name, ...type.interfaces];
      const key = toKey(type.name, field.name);
      if (names.some((name) => endpoint.functions.get(name)?.includes(field.name) === true))
        throw unguardedEntityFunction(key, type.name);
      const handlers = names.flatMap((name) => this.#find(name, field.name));
      const open = handlers.find((handler) => this.#isOpen(handler));
      if (open !== undefined) throw unguardedEntityField(open.where);
      // Nest adds its own functions to the fields of code-first classes, so the application's cannot be distinguished.
      const isPublic = handlers.some(({ policy }) => policy.mode !== 'required');
      if (endpoint.isOwnSchema && field.isCode && !isPublic) throw unguardedEntityCode(type.name);
      if (handlers.length > 0) continue; // guarded, or explicitly public
      for (const next of endpoint.resolve(field.type)) this.#assertFieldsKept(next, endpoint, seen);
    }
  }

  #find(type: string, field: string): readonly HandlerWithPolicy[] {
    return this.#handlers.get(toKey(type, field)) ?? [];
  }

  // Whether a guard can reject callers of the handler.
  #isKept(type: string, handler: HandlerWithPolicy): boolean {
    const { mode, demands, rules = [] } = handler.policy;
    if (demands.length + rules.length > 0) return true;
    if (mode !== 'required' || !(this.#isGlobal || this.#hasGuard(handler))) return false;
    return ROOT_TYPES.includes(type) || this.#hasFieldGuards;
  }

  #isOpen(handler: HandlerWithPolicy): boolean {
    if (handler.policy.mode !== 'required') return false;
    return !(this.#hasFieldGuards && (this.#isGlobal || this.#hasGuard(handler)));
  }

  #hasGuard({ guards }: HandlerWithPolicy): boolean {
    return guards.some(isAuthGuard);
  }
}

const REFERENCE = '__resolveReference';

function toKey(type: string, field: string): string {
  return `${type}.${field}`;
}

function replacedHandler(field: string, where: string): DescopeConfigError {
  const message = `${field} in the options of GraphQLModule (resolvers or loaders) replaces ${where}, which is guarded, so its guard would never run. Remove it from the options and load the data in the method (a DataLoader still batches), or mark the method @Public().`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

function unservedHandler(where: string, gateway: string): DescopeConfigError {
  const message = `${where} has access decorators, but is never called: ${gateway} sends every operation to its subgraphs and runs no guards. Move the decorators to the handler of the subgraph that resolves the operation.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

function unguardedFunction(where: string): DescopeConfigError {
  const message = `${where} of the GraphQL schema is resolved by a function that is not a method of a resolver class (resolvers, schema or transformSchema of GraphQLModule), so Nest runs no guard before it. Make it a method of a class with @Resolver(). Add @Public() if anyone may read it.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

function unguardedReferenceFunction(where: string): DescopeConfigError {
  const message = `${where} is a function that is not a method of a resolver class, so Nest runs no guard before it, and anyone could load it through _entities. Make it a method with @ResolveReference() of a class with @Resolver(). Then add fieldResolverEnhancers: ['guards'] to the options of GraphQLModule, or mark the method @Public() if anyone may read it.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

function unguardedEntityField(where: string): DescopeConfigError {
  const message = `${where} resolves a field that anyone can reach through _entities, with a parent object that the caller invents. Neither a reference resolver nor a guard runs before it. Add fieldResolverEnhancers: ['guards'] to the options of GraphQLModule (and @UseGuards(AuthGuard) where globalGuard is off), or mark the field @Public() if anyone may read it.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

function unguardedEntityFunction(where: string, type: string): DescopeConfigError {
  const message = `${where} is resolved by a function in the options of GraphQLModule (resolvers or loaders), and anyone can reach it through _entities. Make it a method with @ResolveField() and add fieldResolverEnhancers: ['guards'], or add a guarded @ResolveReference() for ${type}.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

function unguardedEntityCode(where: string): DescopeConfigError {
  const message = `${where} can be reached by anyone through _entities, because no reference resolver runs before it. The options of GraphQLModule contain schema or transformSchema, which may add code to its fields that runs without a guard. Add a guarded @ResolveReference() for the entity, with fieldResolverEnhancers: ['guards'], or mark it @Public() if anyone may read the entity.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}
