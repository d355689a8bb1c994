// Orders, twice: a GraphQL server at /graphql and a gateway at /live, before one service.
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { ApolloDriver } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { OrdersGateway } from './orders.gateway.js';
import { OrdersResolver } from './orders.resolver.js';
import { OrdersService } from './orders.service.js';

const graphql: ApolloDriverConfig = {
  driver: ApolloDriver,
  autoSchemaFile: true, // made of the decorators, in memory
  graphiql: false, // its page loads scripts of a CDN
  csrfPrevention: true, // Apollo's default, said aloud: no form and no link of another site reaches a resolver
  introspection: false, // who does not know the schema is not told it, …
  hideSchemaDetailsFromClientErrors: true, // … nor by a "Did you mean …?"
  includeStacktraceInErrorResponses: false,
  stopOnApplicationShutdown: true, // after OpenConnections let idle connections go: on Fastify, Apollo waits for them
};

@Module({
  imports: [GraphQLModule.forRoot(graphql)],
  providers: [OrdersService, OrdersResolver, OrdersGateway],
})
export class OrdersModule {}
