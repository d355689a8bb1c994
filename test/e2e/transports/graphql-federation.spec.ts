// A subgraph of a federation: what `_entities` reaches is guarded as queries are, or the boot is rejected.
import { afterEach, describe, expect, it } from '@jest/globals';
import { ApolloFederationDriver } from '@nestjs/apollo';
import type { Type } from '@nestjs/common';
import { UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { GqlModuleOptions } from '@nestjs/graphql';
import {
  Directive,
  Field,
  GraphQLModule,
  ID,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  ResolveReference,
} from '@nestjs/graphql';
import { MercuriusFederationDriver } from '@nestjs/mercurius';
import { GraphQLID, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { AuthGuard, CurrentUser, DescopeModule, OptionalAuth, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';

@Directive('@key(fields: "id")')
@ObjectType()
class Book {
  @Field(() => ID) readonly id!: string;
  @Field(() => String, { nullable: true }) readonly title?: string;
}

@ObjectType()
class Chapter {
  @Field(() => ID) readonly id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType()
class Shelf {
  @Field(() => ID) readonly id!: string;
  @Field(() => [Chapter], { nullable: true }) readonly chapters?: Chapter[];
}

const toBook = (id: string): Book => ({ id, title: `Book ${id}` });

@Resolver(() => Book)
class BookResolver {
  @Query(() => [Book]) books() {
    return [toBook('1')];
  }

  @ResolveReference() resolveReference({ id }: Book) {
    return toBook(id);
  }
}

@Resolver(() => Book)
class OpenResolver {
  @Query(() => [Book]) books() {
    return [toBook('1')];
  }

  @Public() @ResolveReference() resolveReference({ id }: Book) {
    return toBook(id);
  }
}

@Resolver(() => Book)
class OptionalResolver {
  @Query(() => [Book]) books() {
    return [toBook('1')];
  }

  @OptionalAuth() @ResolveReference() resolveReference({ id }: Book) {
    return toBook(id);
  }
}

@Resolver(() => Book)
class DemandingResolver {
  @Query(() => [Book]) books() {
    return [toBook('1')];
  }

  @Roles('admin') @ResolveReference() resolveReference({ id }: Book) {
    return toBook(id);
  }
}

@Resolver(() => Book)
class OwnGuardResolver {
  @UseGuards(AuthGuard) @Query(() => [Book]) books() {
    return [toBook('1')];
  }

  @ResolveReference() resolveReference({ id }: Book) {
    return toBook(id);
  }
}

@Resolver(() => Book)
class UnguardedResolver {
  @Query(() => [Book]) books() {
    return [toBook('1')];
  }

  @ResolveReference() resolveReference({ id }: Book) {
    return toBook(id);
  }
}

// No reference resolver: `_entities` then hands what the caller sent to the fields.
@Resolver(() => Shelf)
class ShelfResolver {
  @Query(() => [Shelf]) shelves(): Shelf[] {
    return [{ id: '1' }];
  }

  @ResolveField(() => String) label(@Parent() { id }: Shelf) {
    return `Shelf ${id}`;
  }
}

@Resolver(() => Shelf)
class ShelfWithChaptersResolver {
  @Query(() => [Shelf]) shelves(): Shelf[] {
    return [{ id: '1' }];
  }
}

@Resolver(() => Chapter)
class ChapterResolver {
  @Query(() => [Shelf]) shelves(): Shelf[] {
    return [{ id: '1' }];
  }

  @ResolveField(() => String) text(@Parent() { id }: Chapter) {
    return `Chapter ${id}`;
  }
}

@Resolver(() => Chapter)
class OpenChapterResolver {
  @Query(() => [Shelf]) shelves(): Shelf[] {
    return [{ id: '1' }];
  }

  @Public() @ResolveField(() => String) text(@Parent() { id }: Chapter) {
    return `Chapter ${id}`;
  }
}

@Resolver(() => Book)
class QueryResolver {
  @Query(() => [Book]) books(@CurrentUser('id') _id: string) {
    return [toBook('1')];
  }
}

const ENGINES = [
  { name: 'Apollo on Express', adapter: 'express', driver: ApolloFederationDriver },
  { name: 'Apollo on Fastify', adapter: 'fastify', driver: ApolloFederationDriver },
  { name: 'Mercurius', adapter: 'fastify', driver: MercuriusFederationDriver },
] as const;
const addCode = (type: string, field: string) => (schema: GraphQLSchema) => {
  const found = (schema.getType(type) as GraphQLObjectType).getFields()[field];
  if (found !== undefined) found.resolve = () => 'by code';
  return schema;
};
const GUARDS = { fieldResolverEnhancers: ['guards'] };
const BOOK = '{ _entities(representations: [{ __typename: "Book", id: "7" }]) { ... on Book { title } } }';

const toImport = (driver: unknown, graphql: Record<string, unknown>) => {
  const options = { autoSchemaFile: { federation: 2 }, driver, ...graphql };
  return GraphQLModule.forRoot(options as unknown as GqlModuleOptions);
};

describe.each(ENGINES)('A subgraph behind $name', ({ adapter, driver }) => {
  const descope = createTestDescope();
  let running: RunningApplication | undefined;
  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  const boot = async (resolver: Type, graphql: Record<string, unknown> = {}, globalGuard = true) => {
    await running?.close();
    const imports = [toImport(driver, graphql), DescopeModule.forRoot({ globalGuard })];
    const metadata = { imports, providers: [resolver] };
    running = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
    return 'started';
  };
  const rejection = async (...given: Parameters<typeof boot>) => {
    const answer = await boot(...given).catch((error: unknown) => error as Error & { code?: string });
    return typeof answer === 'string' ? answer : `${answer.code} ${answer.message}`;
  };
  const send = async (query: string, headers: Record<string, string> = {}) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    return (await running?.request('/graphql', { ...init, body: JSON.stringify({ query }) }))?.text;
  };

  it.each<[string, Type]>([
    ['asks for nothing of its own', BookResolver],
    ['demands a role', DemandingResolver],
  ])('does not boot where a reference resolver %s and fields have no guards', async (_what, resolver) => {
    for (const graphql of [{}, { fieldResolverEnhancers: ['filters'] }])
      expect(await rejection(resolver, graphql)).toMatch(
        new RegExp(
          `^CONFIG_DEMAND_UNGUARDED ${resolver.name}.resolveReference .*_entities.*fieldResolverEnhancers: \\['guards'\\].*@Public`,
        ),
      );
  });

  it('asks the guard before reference resolvers where fields have guards', async () => {
    await boot(BookResolver, GUARDS);
    expect(await send(BOOK)).toMatch(/SESSION_MISSING/);
    expect(await send(BOOK, descope.as({ sub: 'U2anna' }).bearer)).toMatch(/"title":"Book 7"/);
    await boot(DemandingResolver, GUARDS);
    expect(await send(BOOK, descope.as({ sub: 'U2anna' }).bearer)).toMatch(/ACCESS_ROLE_MISSING/);
    expect(await send(BOOK, descope.as({ sub: 'U2anna', roles: ['admin'] }).bearer)).toMatch(/Book 7/);
  });

  it.each<[string, Type]>([
    ['@Public()', OpenResolver],
    ['@OptionalAuth()', OptionalResolver],
  ])('gives entities to anybody where their resolver is %s', async (_what, resolver) => {
    await boot(resolver);
    expect(await send(BOOK)).toMatch(/"title":"Book 7"/);
    expect(await send('{ books { title } }')).toMatch(/SESSION_MISSING/);
  });

  it('does not boot where only the query beside a reference resolver has a guard', async () => {
    for (const graphql of [{}, GUARDS])
      expect(await rejection(OwnGuardResolver, graphql, false)).toMatch(
        /^CONFIG_DEMAND_UNGUARDED OwnGuardResolver\.resolveReference /,
      );
  });

  it('boots where nothing is guarded at all, which the notice of the boot says', async () => {
    expect(await rejection(UnguardedResolver, {}, false)).toBe('started');
  });

  it.each<[string, Type, string]>([
    ['an entity', ShelfResolver, 'ShelfResolver.label'],
    ['what an entity holds', ChapterResolver, 'ChapterResolver.text'],
  ])(
    'does not boot where a field of %s is reached by what a caller sends',
    async (_what, resolver, where) => {
      expect(await rejection(resolver)).toMatch(new RegExp(`^CONFIG_DEMAND_UNGUARDED ${where} .*_entities`));
      expect(await rejection(resolver, GUARDS)).toBe('started');
      const shelf =
        '{ _entities(representations: [{ __typename: "Shelf", id: "7", chapters: [{ id: "9" }] }]) { ... on Shelf { id __FIELDS__ } } }';
      const fields = resolver === ShelfResolver ? 'label' : 'chapters { text }';
      expect(await send(shelf.replace('__FIELDS__', fields))).toMatch(/SESSION_MISSING/);
    },
  );

  it('boots where such a field is public', async () => {
    expect(await rejection(OpenChapterResolver)).toBe('started');
  });

  it('does not boot where a reference is resolved by a function in the options', async () => {
    const resolvers = { Book: { __resolveReference: ({ id }: Book) => toBook(id) } };
    for (const graphql of [{ resolvers }, { resolvers, ...GUARDS }])
      expect(await rejection(QueryResolver, graphql)).toMatch(
        /^CONFIG_DEMAND_UNGUARDED Book\.__resolveReference .*@ResolveReference\(\)/,
      );
  });

  it.each<[string, Type, string, string]>([
    ['Book.title', QueryResolver, 'Book', 'title'],
    ['Shelf.label', ShelfResolver, 'Shelf', 'label'],
    ['Chapter.id', ShelfWithChaptersResolver, 'Chapter', 'id'],
  ])('does not boot where transformSchema may put code on %s, of an entity', async (...given) => {
    const [, resolver, type, field] = given;
    expect(await rejection(resolver, { transformSchema: addCode(type, field), ...GUARDS })).toMatch(
      /^CONFIG_DEMAND_UNGUARDED (?:Book|Shelf) .*_entities.*transformSchema.*guarded @ResolveReference\(\)/,
    );
  });

  it('does not boot where the option schema puts code on a field of an entity', async () => {
    const fields = {
      id: { type: new GraphQLNonNull(GraphQLID) },
      title: { type: GraphQLString, resolve: () => 'by code' },
    };
    const schema = new GraphQLSchema({ types: [new GraphQLObjectType({ name: 'Book', fields })] });
    expect(await rejection(QueryResolver, { schema })).toMatch(/^CONFIG_DEMAND_UNGUARDED Book .*_entities/);
  });

  it('boots where a guarded reference resolver stands before such code, or a public one', async () => {
    const transformSchema = addCode('Book', 'title');
    await boot(BookResolver, { transformSchema, ...GUARDS });
    expect(await send(BOOK)).toMatch(/SESSION_MISSING/);
    expect(await send(BOOK, descope.as({ sub: 'U2anna' }).bearer)).toMatch(/"title":"by code"/);
    await boot(OpenResolver, { transformSchema });
    expect(await send(BOOK)).toMatch(/"title":"by code"/);
  });

  it('boots where an entity has no code that a caller could reach', async () => {
    await boot(QueryResolver);
    expect(await send(BOOK)).toMatch(/"title":null/);
    expect(await send('{ books { title } }')).toMatch(/SESSION_MISSING/);
  });
});

describe('A subgraph that is started as applications start', () => {
  class Application {}

  it('does not listen where a reference resolver has no guard', async () => {
    const options = { ...createTestDescope().options };
    const imports = [DescopeModule.forRoot(options), toImport(ApolloFederationDriver, {})];
    const module = { module: Application, imports, providers: [BookResolver] };
    const app = NestFactory.create(module, { logger: false, abortOnError: false });
    await expect(app.then((made) => made.listen(0))).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_UNGUARDED',
      message: expect.stringMatching(/^BookResolver\.resolveReference /),
    });
  });
});
