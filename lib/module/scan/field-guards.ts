// Whether GraphQL runs guards on fields: only where its module is told so.
import type { ModulesContainer } from '@nestjs/core';
import { DescopeConfigError } from '../../core/errors.js';

/** Tells whether every endpoint of GraphQL runs guards on fields; so it is where there is none. */
export function areFieldsGuarded(modules: ModulesContainer): boolean {
  return readGraphqlOptions(modules).every(hasFieldGuards);
}

/** The error for a demand on a field that nobody would look at. */
export function unguardedField(where: string): DescopeConfigError {
  const message = `${where} resolves a field and asks for something, itself or by its class, and GraphQLModule runs no guards on fields. Add fieldResolverEnhancers: ['guards'] to its options, or mark the field @Public() if whoever got its parent may have it.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

// @nestjs/graphql's own token, the same in 13 and 14; an application may have several endpoints.
function readGraphqlOptions(modules: ModulesContainer): readonly unknown[] {
  const providers = [...modules.values()].map((module) => module.providers.get('GqlModuleOptions'));
  return providers.flatMap((wrapper) => (wrapper === undefined ? [] : [wrapper.instance as unknown]));
}

function hasFieldGuards(options: unknown): boolean {
  const { fieldResolverEnhancers: enhancers } = (options ?? {}) as {
    readonly fieldResolverEnhancers?: unknown;
  };
  return Array.isArray(enhancers) && enhancers.includes('guards');
}
