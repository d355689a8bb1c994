// What the package promises about GraphQL, behind Apollo: queries, a guarded field, what a subgraph hands out, and the boot.
const { DescopeModule, Public, Roles } = require('nestjs-descope');

/** Asks an application over HTTP; gives the value of a field, or the code of the rejection. */
async function askField(url, query, headers = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  const text = await response.text();
  const code = /"code":"((?:SESSION|ACCESS|TOKEN)_\w+)"/.exec(text)?.[1];
  return code ?? /"title":"(\w+)"/.exec(text)?.[1] ?? Object.values(JSON.parse(text).data ?? {})[0] ?? text;
}

exports.askGraphql = async function askGraphql({ create, rejection, options, bearer, admin, handler }) {
  const {
    Directive,
    Field,
    GraphQLModule,
    ID,
    ObjectType,
    Query,
    ResolveField,
    ResolveReference,
    Resolver,
  } = require('@nestjs/graphql');
  const { ApolloDriver, ApolloFederationDriver } = require('@nestjs/apollo');

  class Book {}
  Field(() => ID)(Book.prototype, 'id');
  Directive('@key(fields: "id")')(Book);
  ObjectType()(Book);

  class ShopResolver {
    open() {
      return 'open';
    }
    closed() {
      return 'closed';
    }
    admin() {
      return 'admin';
    }
    shelf() {
      return { id: '1' };
    }
  }
  handler(
    ShopResolver,
    'open',
    Public(),
    Query(() => String),
  );
  handler(
    ShopResolver,
    'closed',
    Query(() => String),
  );
  handler(
    ShopResolver,
    'admin',
    Roles('admin'),
    Query(() => String),
  );
  handler(
    ShopResolver,
    'shelf',
    Public(),
    Query(() => Book),
  );
  Resolver()(ShopResolver);

  class TitleResolver {
    title() {
      return 'title';
    }
  }
  handler(
    TitleResolver,
    'title',
    Roles('admin'),
    ResolveField(() => String),
  );
  Resolver(() => Book)(TitleResolver);

  class ReferenceResolver {
    load() {
      return { id: '1' };
    }
  }
  handler(ReferenceResolver, 'load', Roles('admin'), ResolveReference());
  Resolver(() => Book)(ReferenceResolver);

  class MemberResolver {
    load() {
      return { id: '1' };
    }
  }
  handler(MemberResolver, 'load', ResolveReference());
  Resolver(() => Book)(MemberResolver);

  const toMetadata = ({ resolvers, ...graphql }) => ({
    imports: [
      DescopeModule.forRoot(options),
      GraphQLModule.forRoot({ autoSchemaFile: true, driver: ApolloDriver, ...graphql }),
    ],
    providers: [ShopResolver, ...resolvers],
  });
  const federated = { driver: ApolloFederationDriver, autoSchemaFile: { federation: 2 } };
  const guards = { fieldResolverEnhancers: ['guards'] };
  const withTitle = { resolvers: [TitleResolver] };
  const withReference = { ...federated, resolvers: [ReferenceResolver] };
  const withMember = { ...federated, resolvers: [MemberResolver] };

  const answers = {};
  const serve = async (graphql, ask) => {
    const app = await create(toMetadata(graphql));
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    await ask((query, headers) => askField(url, query, headers));
    await app.close();
  };
  await serve({ ...withTitle, ...guards }, async (ask) => {
    answers.graphqlOpen = await ask('{ open }');
    answers.graphqlClosed = await ask('{ closed }');
    answers.graphqlBearer = await ask('{ closed }', bearer);
    answers.graphqlRole = await ask('{ admin }', bearer);
    answers.graphqlAdmin = await ask('{ admin }', admin);
    answers.graphqlField = await ask('{ shelf { title } }', bearer);
    answers.graphqlFieldAdmin = await ask('{ shelf { title } }', admin);
  });
  const entity = '{ _entities(representations: [{ __typename: "Book", id: "1" }]) { ... on Book { id } } }';
  const toText = (answer) => (typeof answer === 'string' ? answer : JSON.stringify(answer));
  await serve({ ...withReference, ...guards }, async (ask) => {
    answers.graphqlReference = toText(await ask(entity, bearer));
    answers.graphqlReferenceAdmin = toText(await ask(entity, admin));
  });
  answers.graphqlFieldBoot = await rejection(toMetadata(withTitle));
  answers.graphqlReferenceBoot = await rejection(toMetadata(withReference));
  answers.graphqlMemberBoot = await rejection(toMetadata(withMember));
  return answers;
};
