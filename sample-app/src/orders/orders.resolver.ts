// Orders over GraphQL: each query and mutation asks what its own decorators say, as a route does.
import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { CurrentUser, Public, Roles } from 'nestjs-descope';
import { Order } from './order.js';
import { OrdersService } from './orders.service.js';

@Resolver(() => Order)
export class OrdersResolver {
  constructor(private readonly service: OrdersService) {}

  /** Nobody is asked anything. */
  @Public()
  @Query(() => [String])
  products() {
    return this.service.products();
  }

  /** No decorator: any signed-in user. */
  @Query(() => [Order])
  orders(@CurrentUser('username') customer: string) {
    return this.service.listOf(customer);
  }

  @Roles('admin')
  @Mutation(() => Boolean)
  cancelOrder(@Args('id', { type: () => ID }) id: string) {
    return this.service.cancel(id);
  }
}
