// A GraphQL API on Apollo: each query, mutation and field has its own demand.
import 'reflect-metadata';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { ApolloDriver } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Args, Field, GraphQLModule, ID, Mutation } from '@nestjs/graphql';
import { ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { CurrentUser, DescopeModule, Public, Roles } from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';

const { PORT = '3000', EMULATOR_PORT = '4400' } = process.env;

const emulator = await startEmulator({
  port: Number(EMULATOR_PORT),
  seed: {
    roles: [{ name: 'admin' }],
    users: [{ loginId: 'ada@example.com', roles: ['admin'] }, { loginId: 'carol@example.com' }],
  },
});

@ObjectType()
class Order {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => String)
  readonly customer!: string;
}

@Resolver(() => Order)
class OrdersResolver {
  @Public()
  @Query(() => [String])
  products() {
    return ['Tea', 'Coffee'];
  }

  @Query(() => [Order]) // no decorator: any signed-in user
  orders(@CurrentUser('username') customer: string): Partial<Order>[] {
    return [{ id: '1', customer }];
  }

  @Roles('admin')
  @Mutation(() => Boolean)
  cancelOrder(@Args('id', { type: () => ID }) id: string) {
    return id === '1';
  }

  @Roles('admin') // one field of an order that others may read
  @ResolveField(() => Number, { nullable: true })
  margin() {
    return 0.2;
  }
}

const graphql: ApolloDriverConfig = {
  driver: ApolloDriver,
  autoSchemaFile: true,
  graphiql: false,
  fieldResolverEnhancers: ['guards'], // so that a field may have a demand of its own
};
const { projectId, url: baseUrl } = emulator;

@Module({
  imports: [DescopeModule.forRoot({ projectId, baseUrl, audience: null }), GraphQLModule.forRoot(graphql)],
  providers: [OrdersResolver],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
await app.listen(Number(PORT), '127.0.0.1');
console.log(await app.getUrl());
