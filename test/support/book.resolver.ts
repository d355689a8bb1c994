// A schema with one field of each kind that the guard decides about.
import {
  Args,
  Field,
  ID,
  Int,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import {
  CurrentSession,
  CurrentTenant,
  CurrentUser,
  DescopeSession,
  OptionalAuth,
  Public,
  Roles,
  Tenant,
} from 'nestjs-descope';

@ObjectType()
export class Book {
  @Field(() => ID)
  readonly id!: string;
}

const BOOKS: readonly Book[] = ['1', '2', '3'].map((id) => ({ id }));

@Resolver(() => Book)
export class BookResolver {
  /** What happens between two events. */
  static beforeArrival: (book: Book) => void = () => undefined;

  @Query(() => [Book])
  books() {
    return BOOKS;
  }

  @Public()
  @Query(() => [Book])
  shelf() {
    return BOOKS;
  }

  @Public()
  @Query(() => String)
  version() {
    return '1';
  }

  @Public()
  @Query(() => String)
  open(@CurrentUser('id') id: string | undefined) {
    return id ?? 'nobody';
  }

  @Query(() => String)
  me(@CurrentUser('id') id: string) {
    return id;
  }

  @OptionalAuth()
  @Query(() => String)
  maybe(@CurrentUser('id') id: string | undefined, @CurrentSession() session: DescopeSession) {
    return id ?? session.rejectedWith ?? 'nobody';
  }

  @Roles('admin')
  @Query(() => String)
  admin() {
    return 'admin';
  }

  @Tenant({ from: 'param:tenant' })
  @Query(() => String)
  inTenant(@Args('tenant') tenant: string, @CurrentTenant() current: string) {
    return `${tenant} ${current}`;
  }

  @Mutation(() => String)
  rename(@CurrentUser('id') id: string) {
    return id;
  }

  @ResolveField(() => String)
  title(@Parent() book: Book) {
    return `Book ${book.id}`;
  }

  @Roles('clerk')
  @ResolveField(() => Int)
  price(@Parent() book: Book) {
    return Number(book.id) * 100;
  }

  @Public()
  @ResolveField(() => String)
  cover(@Parent() book: Book) {
    return `${book.id}.png`;
  }

  @Subscription(() => Int)
  async *ticks() {
    for (let ticks = 1; ticks <= 3; ticks += 1) yield { ticks };
  }

  @Roles('admin')
  @Subscription(() => Int)
  async *alarms() {
    yield { alarms: 1 };
  }

  @Subscription(() => Book)
  async *arrivals() {
    for (const arrivals of BOOKS) {
      BookResolver.beforeArrival(arrivals);
      yield { arrivals };
    }
  }
}
