// Functions in the options of GraphQL's module: Nest asks no guard before them, so they stand in for no guarded handler.
import { afterEach, describe, expect, it } from '@jest/globals';
import { ApolloDriver } from '@nestjs/apollo';
import type { Type } from '@nestjs/common';
import { UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { GqlModuleOptions } from '@nestjs/graphql';
import { Args, Field, GraphQLModule, ID, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { AuthGuard, DescopeModule, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ENGINES, send, startGraphql } from '../../support/graphql-application.js';

@ObjectType()
class Book {
  @Field(() => ID) readonly id!: string;
  @Field(() => String, { nullable: true }) readonly title?: string;
}

@Resolver(() => Book)
class BookResolver {
  @Query(() => [Book]) books(): Book[] {
    return [{ id: '1' }];
  }

  @Public() @Query(() => [Book]) shelf(@Args('of', { nullable: true }) _of?: string): Book[] {
    return [{ id: '1' }];
  }

  @Roles('admin') @ResolveField(() => String, { nullable: true }) price() {
    return '100';
  }

  @ResolveField(() => String, { nullable: true }) author() {
    return 'Anna';
  }

  @Public() @ResolveField(() => String, { nullable: true }) cover() {
    return 'cover';
  }
}

@Resolver(() => Book)
class UndemandingResolver {
  @Query(() => [Book]) books(): Book[] {
    return [{ id: '1' }];
  }

  @ResolveField(() => String, { nullable: true }) author() {
    return 'Anna';
  }
}

@Resolver(() => Book)
class OwnGuardResolver {
  @UseGuards(AuthGuard) @Query(() => [Book]) books(): Book[] {
    return [{ id: '1' }];
  }
}

const GUARDS = { fieldResolverEnhancers: ['guards'] };
const LOADER = async (queries: readonly unknown[]) => queries.map(() => 'loaded');
const oneField = (name: string, resolve?: () => string) =>
  new GraphQLObjectType({
    name: 'Query',
    fields: { [name]: { type: GraphQLString, ...(resolve && { resolve }) } },
  });

describe.each(ENGINES)('A function in the options behind $name', (engine) => {
  const descope = createTestDescope();
  let running: RunningApplication | undefined;
  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  const boot = async (resolver: Type, graphql: Record<string, unknown>, globalGuard = true) => {
    const settings = { resolvers: [resolver], graphql, descope: { globalGuard } };
    const answer = await startGraphql(engine, descope, settings).catch((error: unknown) => {
      return error as Error & { readonly code?: string };
    });
    if (answer instanceof Error) return `${answer.code} ${answer.message}`;
    running = answer;
    return 'started';
  };

  it.each<[string, Record<string, unknown>, string]>([
    ['a demand', { resolvers: { Book: { price: () => 'free' } } }, 'Book.price'],
    ['a field under guards', { resolvers: { Book: { author: () => 'free' } } }, 'Book.author'],
    ['a query', { resolvers: { Query: { books: () => [] } } }, 'Query.books'],
  ])('stops the boot where it replaces %s', async (_what, graphql, field) => {
    expect(await boot(BookResolver, { ...GUARDS, ...graphql })).toMatch(
      new RegExp(
        `^CONFIG_DEMAND_UNGUARDED ${field.replace('.', '\\.')} in the options .*replaces BookResolver\\.`,
      ),
    );
  });

  it('may replace what is public, and a field that no guard stands before anyway', async () => {
    const open = { ...GUARDS, resolvers: { Book: { cover: () => 'other' } } };
    expect(await boot(BookResolver, open)).toBe('started');
    await running?.close();
    expect(await boot(UndemandingResolver, { resolvers: { Book: { author: () => 'other' } } })).toBe(
      'started',
    );
    const { bearer } = descope.as({ sub: 'U2anna' });
    expect(await send(running as RunningApplication, '{ books { author } }', bearer)).toMatchObject({
      data: { books: [{ author: 'other' }] },
    });
  });

  it.each<[string, Record<string, unknown>]>([
    [
      'resolvers',
      {
        autoSchemaFile: undefined,
        typeDefs: 'type Query { secret: String }',
        resolvers: { Query: { secret: () => 'free' } },
        resolverValidationOptions: { requireResolversToMatchSchema: 'ignore' },
      },
    ],
    ['schema', { schema: new GraphQLSchema({ query: oneField('secret', () => 'free') }) }],
    [
      'transformSchema',
      { transformSchema: () => new GraphQLSchema({ query: oneField('secret', () => 'free') }) },
    ],
  ])('stops the boot where %s gives a query that no handler answers', async (_what, graphql) => {
    for (const [resolver, globalGuard] of [
      [UndemandingResolver, true],
      [OwnGuardResolver, false],
    ] as const)
      expect(await boot(resolver, graphql, globalGuard)).toMatch(
        /^CONFIG_DEMAND_UNGUARDED Query\.secret of the GraphQL schema .*@Resolver\(\)\. Add @Public\(\)/,
      );
    expect(await boot(UndemandingResolver, graphql, false)).toBe('started');
  });
});

describe("Mercurius's loaders", () => {
  const boot = async (resolver: Type, graphql: Record<string, unknown>) => {
    class Application {}
    const options = {
      driver: MercuriusDriver,
      autoSchemaFile: true,
      ...graphql,
    } as unknown as GqlModuleOptions;
    const imports = [
      GraphQLModule.forRoot(options),
      DescopeModule.forRoot({ ...createTestDescope().options }),
    ];
    const module = { module: Application, imports, providers: [resolver] };
    const app = await NestFactory.create(module, new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    });
    try {
      await app.listen(0, '127.0.0.1');
      return 'started';
    } catch (error) {
      const { code, message } = error as Error & { readonly code?: string };
      return `${code} ${message}`;
    } finally {
      await app.close();
    }
  };

  it.each<[string, unknown]>([
    ['a function', LOADER],
    ['a function with options', { loader: LOADER, opts: { cache: false } }],
  ])('stop the boot where they replace a field with a demand: %s', async (_what, price) => {
    expect(await boot(BookResolver, { ...GUARDS, loaders: { Book: { price } } })).toMatch(
      /^CONFIG_DEMAND_UNGUARDED Book\.price in the options .*replaces BookResolver\.price/,
    );
    expect(await boot(BookResolver, { ...GUARDS, loaders: { Book: { author: price } } })).toMatch(
      /^CONFIG_DEMAND_UNGUARDED Book\.author .*replaces BookResolver\.author/,
    );
  });

  it('may load what no guard stands before', async () => {
    expect(await boot(BookResolver, { ...GUARDS, loaders: { Book: { title: LOADER, cover: LOADER } } })).toBe(
      'started',
    );
    expect(await boot(UndemandingResolver, { loaders: { Book: { author: LOADER } } })).toBe('started');
  });
});

it('A schema whose root has a name of its own is asked as one of fields', async () => {
  @Resolver('Root')
  class RootResolver {
    @ResolveField('secret') secret() {
      return 'secret';
    }
  }
  const typeDefs = 'schema { query: Root } type Root { secret: String }';
  const boot = async (graphql: Record<string, unknown>) => {
    class Application {}
    const options = { driver: ApolloDriver, typeDefs, ...graphql } as unknown as GqlModuleOptions;
    const imports = [
      GraphQLModule.forRoot(options),
      DescopeModule.forRoot({ ...createTestDescope().options }),
    ];
    const module = { module: Application, imports, providers: [RootResolver] };
    const app = await NestFactory.create(module, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1').finally(() => app.close());
    return 'started';
  };
  await expect(boot({})).rejects.toMatchObject({
    code: 'CONFIG_DEMAND_UNGUARDED',
    message: expect.stringMatching(/^RootResolver\.secret /),
  });
  await expect(boot(GUARDS)).resolves.toBe('started');
});
