// An order, as GraphQL and the gateway show it.
import { Field, ID, ObjectType } from '@nestjs/graphql';

@ObjectType()
export class Order {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => String)
  readonly product!: string;

  /** Who placed it. */
  @Field(() => String)
  readonly customer!: string;
}
