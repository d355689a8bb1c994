// A demand on a field that no guard is asked about stops the boot.
import { describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Field, ID, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { BookResolver } from '../../support/book.resolver.js';
import { ENGINES, startGraphql } from '../../support/graphql-application.js';

// Its own: a field resolver belongs to the class, which specs of one process would share.
@ObjectType()
class Book {
  @Field(() => ID)
  readonly id!: string;
}

@Resolver(() => Book)
class RuleResolver {
  @Query(() => [Book])
  books(): Book[] {
    return [];
  }

  @Authorize(() => true)
  @ResolveField(() => String)
  title() {
    return '';
  }
}

@Roles('clerk')
@Resolver(() => Book)
class ClassResolver {
  @Query(() => [Book])
  books(): Book[] {
    return [];
  }

  @ResolveField(() => String)
  title() {
    return '';
  }
}

@Roles('clerk')
@Resolver(() => Book)
class OpenResolver {
  @Query(() => [Book])
  books(): Book[] {
    return [];
  }

  @Public()
  @ResolveField(() => String)
  title() {
    return '';
  }
}

describe.each(ENGINES)('The boot of an application behind $name', (engine) => {
  const boot = async (resolver: Type, graphql: Record<string, unknown>) => {
    const application = await startGraphql(engine, createTestDescope(), { resolvers: [resolver], graphql });
    await application.close();
  };
  const guards = { fieldResolverEnhancers: ['guards'] };

  it.each([
    ['a demand', BookResolver, 'BookResolver.price'],
    ['a rule', RuleResolver, 'RuleResolver.title'],
    ['a demand of its class', ClassResolver, 'ClassResolver.title'],
  ])('is rejected where a field has %s and fields have no guards', async (_what, resolver, where) => {
    for (const graphql of [{}, { fieldResolverEnhancers: ['interceptors'] }])
      await expect(boot(resolver, graphql)).rejects.toMatchObject({
        code: 'CONFIG_DEMAND_UNGUARDED',
        message: expect.stringMatching(new RegExp(`^${where} .*fieldResolverEnhancers: \\['guards'\\]`)),
      });
    await expect(boot(resolver, guards)).resolves.toBeUndefined();
  });

  it('goes on where the field is public under a class that is not', async () => {
    await expect(boot(OpenResolver, {})).resolves.toBeUndefined();
  });
});
