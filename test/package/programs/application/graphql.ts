// Asks resolvers behind Apollo, on the version of @nestjs/graphql that goes with the program's Nest.
import 'reflect-metadata';
import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import {
  Args,
  Field,
  GraphQLModule,
  Mutation,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { Test } from '@nestjs/testing';
import { CurrentUser, DescopeModule, DescopeUser, Public, Roles, Tenant } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';

@ObjectType()
class Book {
  @Field(() => String)
  title!: string;
}

@Resolver(() => Book)
class BookResolver {
  @Query(() => Book)
  book(@CurrentUser() user: DescopeUser) {
    return { title: user.id };
  }

  @Public()
  @Query(() => Book)
  open() {
    return { title: 'open' };
  }

  @Roles('admin')
  @Mutation(() => Book)
  remove() {
    return { title: 'removed' };
  }

  @Tenant({ from: 'param:tenant' })
  @Mutation(() => Book)
  add(@Args('tenant', { type: () => String }) tenant: string) {
    return { title: tenant };
  }

  @Roles('editor')
  @ResolveField(() => String)
  draft() {
    return 'draft';
  }
}

const options: ApolloDriverConfig = {
  driver: ApolloDriver,
  autoSchemaFile: true,
  csrfPrevention: false, // what another site's page may cause is then for the guard alone to reject
  fieldResolverEnhancers: ['guards'],
};

@Module({
  imports: [
    DescopeModule.forRoot({ publicOrigin: 'https://app.example.com' }),
    GraphQLModule.forRoot<ApolloDriverConfig>(options),
  ],
  providers: [BookResolver],
})
class BooksModule {}

interface Answer {
  readonly data?: Readonly<Record<string, { readonly title?: string; readonly draft?: string }>> | null;
  readonly errors?: readonly { readonly extensions: { readonly originalError: { readonly code: string } } }[];
}

async function check(): Promise<void> {
  const descope = createTestDescope();
  const module = await descope.override(Test.createTestingModule({ imports: [BooksModule] })).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const ask = async (query: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
    const { data, errors } = (await response.json()) as Answer;
    const [first] = Object.values(data ?? {});
    return errors?.[0]?.extensions.originalError.code ?? first?.draft ?? first?.title;
  };
  const anna = descope.as({ sub: 'U2anna', tenants: { acme: {} } });
  const from = (origin: string) => ({ ...anna.cookie, origin });
  const answers = {
    open: await ask('{ open { title } }'),
    nobody: await ask('{ book { title } }'),
    bearer: await ask('{ book { title } }', anna.bearer),
    expired: await ask('{ book { title } }', descope.expired().bearer),
    plain: await ask('mutation { remove { title } }', anna.bearer),
    admin: await ask('mutation { remove { title } }', descope.as({ roles: ['admin'] }).bearer),
    tenant: await ask('mutation { add(tenant: "acme") { title } }', anna.bearer),
    otherTenant: await ask('mutation { add(tenant: "globex") { title } }', anna.bearer),
    ownPage: await ask('mutation { add(tenant: "acme") { title } }', from('https://app.example.com')),
    foreignPage: await ask('mutation { add(tenant: "acme") { title } }', from('https://evil.example')),
    field: await ask('{ open { draft } }', descope.as({ roles: ['editor'] }).bearer),
    noField: await ask('{ open { draft } }', anna.bearer),
  };
  await app.close();
  console.log(JSON.stringify(answers));
}

void check();
