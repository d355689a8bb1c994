// Guarded fields: their decision comes in the same turn, and what one field accepts is no other's.
import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Field, ID, ObjectType, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import DataLoader from 'dataloader';
import type { DescopeUser } from 'nestjs-descope';
import { Accepts, AuthGuard, CurrentUser, OptionalAuth } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { Engine, GraphqlSettings } from '../../support/graphql-application.js';
import { ENGINES, send, startGraphql } from '../../support/graphql-application.js';

const ids = Array.from({ length: 40 }, (_item, index) => String(index));
const batches: (readonly string[])[] = [];
const loader = new DataLoader(
  async (asked: readonly string[]) => {
    batches.push(asked);
    return asked.map((id) => `Author of ${id}`);
  },
  { cache: false },
);

// Its own: a field resolver belongs to the class, which specs of one process would share.
@ObjectType()
class Book {
  @Field(() => ID)
  readonly id!: string;
}

@Resolver(() => Book)
class ShelfResolver {
  @Query(() => [Book])
  books(): Book[] {
    return ids.map((id) => ({ id }));
  }

  @ResolveField(() => String)
  author(@Parent() { id }: Book) {
    return loader.load(id);
  }

  @ResolveField(() => String)
  editor(@Parent() { id }: Book, @CurrentUser('id') _id: string) {
    return loader.load(id);
  }
}

@Resolver()
class KindResolver {
  @OptionalAuth()
  @Accepts('user')
  @Query(() => String)
  person(@CurrentUser() user: DescopeUser | undefined) {
    return user?.kind ?? 'nobody';
  }

  @OptionalAuth()
  @Query(() => String)
  either(@CurrentUser() user: DescopeUser | undefined) {
    return user?.kind ?? 'nobody';
  }
}

// What a guard that waits does, for comparison.
@Injectable()
class WaitingGuard extends AuthGuard {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    await new Promise((resolve) => setImmediate(resolve));
    return super.canActivate(context);
  }
}

const descope = createTestDescope();

async function ask(
  engine: Engine,
  query: string,
  settings: Partial<GraphqlSettings>,
  headers: Record<string, string>,
) {
  const application = await startGraphql(engine, descope, {
    resolvers: [ShelfResolver, KindResolver],
    ...settings,
  });
  batches.length = 0;
  const reply = await send(application, query, { ...headers, origin: application.url });
  await application.close();
  return reply.data;
}

describe.each(ENGINES)('Guarded fields behind $name', (engine) => {
  const { bearer } = descope.as({ sub: 'U2anna' });
  const guarded = { graphql: { fieldResolverEnhancers: ['guards'] } };
  const load = async (settings: Partial<GraphqlSettings>) => {
    const data = await ask(engine, '{ books { author editor } }', settings, bearer);
    expect(data?.['books']).toHaveLength(ids.length);
    return batches.map(({ length }) => length);
  };

  it('leave a DataLoader its batches', async () => {
    const alone = await load({});
    expect(alone.length).toBeLessThanOrEqual(2);
    expect(await load(guarded)).toEqual(alone);
    const loadUser = async ({ user }: { user?: DescopeUser | undefined }) => ({ id: `own-${user?.id}` });
    expect(await load({ ...guarded, descope: { loadUser } })).toEqual(alone);
    const providers = [{ provide: APP_GUARD, useClass: WaitingGuard }];
    expect((await load({ ...guarded, metadata: { providers } })).length).toBeGreaterThan(alone.length);
  });

  it('accept callers each for itself', async () => {
    const { cookie } = descope.as({ kind: 'access-key' });
    const data = await ask(engine, '{ a: either person b: either c: person }', {}, cookie);
    expect(data).toEqual({ a: 'access-key', person: 'nobody', b: 'access-key', c: 'nobody' });
  });
});
