// DescopeContext in GraphQL: resolvers, fields and subscriptions read the caller of their own call.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Inject, Injectable } from '@nestjs/common';
import { Field, ID, ObjectType, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { CurrentUser, OptionalAuth, Public } from 'nestjs-descope';
import { DescopeContext, DescopeContextModule } from 'nestjs-descope/context';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ENGINES, openSocket, send, startGraphql } from '../../support/graphql-application.js';

@Injectable()
class Shop {
  constructor(@Inject(DescopeContext) private readonly context: DescopeContext) {}

  async who(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return this.context.current()?.id ?? 'nobody';
  }
}

// Its own: a field resolver belongs to the class, which specs of one process would share.
@ObjectType()
class Book {
  @Field(() => ID)
  readonly id!: string;
}

@Resolver(() => Book)
class ShopResolver {
  constructor(@Inject(Shop) private readonly shop: Shop) {}

  @Query(() => String)
  async me(@CurrentUser('id') id: string) {
    return `${id} ${await this.shop.who()}`;
  }

  @Public()
  @Query(() => String)
  async open(@CurrentUser('id') id: string | undefined) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return `${id ?? 'nobody'} ${await this.shop.who()}`;
  }

  @OptionalAuth()
  @Query(() => String)
  maybe() {
    return this.shop.who();
  }

  @Query(() => [Book])
  books(): Book[] {
    return [{ id: '1' }, { id: '2' }];
  }

  @ResolveField(() => String)
  reader() {
    return this.shop.who();
  }

  @Subscription(() => String)
  async *ticks() {
    for (let tick = 1; tick <= 3; tick += 1) yield { ticks: `${tick} ${await this.shop.who()}` };
  }

  @Public()
  @Subscription(() => String)
  async *openTicks() {
    yield { openTicks: await this.shop.who() };
  }
}

describe.each(ENGINES)('DescopeContext behind $name', (engine) => {
  const descope = createTestDescope();
  const ann = descope.as({ sub: 'U2ann' });
  let application: RunningApplication;

  beforeAll(async () => {
    application = await startGraphql(engine, descope, {
      resolvers: [ShopResolver],
      metadata: { imports: [DescopeContextModule], providers: [Shop] },
    });
  });
  afterAll(() => application.close());

  it('says who acts to resolvers and to fields', async () => {
    const { data } = await send(application, '{ me maybe books { reader } }', ann.bearer);
    expect(data).toEqual({
      me: 'U2ann U2ann',
      maybe: 'U2ann',
      books: [{ reader: 'U2ann' }, { reader: 'U2ann' }],
    });
  });

  it('says nobody to a public resolver, also beside one that the guard has let pass', async () => {
    const { data } = await send(application, '{ me open }', ann.bearer);
    expect(data).toEqual({ me: 'U2ann U2ann', open: 'nobody nobody' });
    expect((await send(application, '{ maybe }')).data).toEqual({ maybe: 'nobody' });
  });

  it('says it to each event of a subscription', async () => {
    const socket = openSocket(application, { headers: ann.bearer });
    try {
      const events = await socket.run('subscription { ticks }');
      expect(events.map(({ data }) => data?.['ticks'])).toEqual(['1 U2ann', '2 U2ann', '3 U2ann']);
      const [open] = await socket.run('subscription { openTicks }');
      expect(open?.data).toEqual({ openTicks: 'nobody' });
    } finally {
      socket.close();
    }
  });
});
