// One schema behind each GraphQL server that Nest has, and clients that ask it over HTTP and over a socket.
import { ApolloDriver } from '@nestjs/apollo';
import type { ModuleMetadata, Type } from '@nestjs/common';
import type { GqlModuleOptions } from '@nestjs/graphql';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { createClient } from 'graphql-ws';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule } from 'nestjs-descope';
import type { TestDescope } from 'nestjs-descope/testing';
import { WebSocket } from 'ws';
import type { AdapterName, Answer, RunningApplication, StartOptions } from './application.js';
import { start } from './application.js';

export interface Engine {
  readonly name: string;
  readonly adapter: AdapterName;
  readonly options: Record<string, unknown>;
}

const apollo = {
  driver: ApolloDriver,
  graphiql: false,
  csrfPrevention: false, // what another site's page may cause is then for the guard alone to reject
  allowBatchedHttpRequests: true,
  subscriptions: { 'graphql-ws': true },
};

export const ENGINES: readonly Engine[] = [
  { name: 'Apollo on Express', adapter: 'express', options: apollo },
  { name: 'Apollo on Fastify', adapter: 'fastify', options: apollo },
  {
    name: 'Mercurius',
    adapter: 'fastify',
    options: {
      driver: MercuriusDriver,
      allowBatchedQueries: true,
      subscription: { fullWsTransport: true },
    },
  },
];

export interface GraphqlSettings {
  readonly resolvers: readonly Type[];
  readonly descope?: Omit<DescopeModuleOptions, 'projectId'>;
  readonly graphql?: Record<string, unknown>;
  readonly metadata?: ModuleMetadata;
  readonly configure?: StartOptions['configure'];
}

export async function startGraphql(
  { adapter, options }: Engine,
  descope: TestDescope,
  settings: GraphqlSettings,
): Promise<RunningApplication> {
  const { imports = [], providers = [], ...others } = settings.metadata ?? {};
  const graphql = { autoSchemaFile: true, ...options, ...settings.graphql } as unknown as GqlModuleOptions;
  const metadata = {
    ...others,
    imports: [DescopeModule.forRoot(settings.descope), GraphQLModule.forRoot(graphql), ...imports],
    providers: [...settings.resolvers, ...providers],
  };
  return start(adapter, metadata, {
    override: (builder) => descope.override(builder),
    ...(settings.configure === undefined ? {} : { configure: settings.configure }),
  });
}

export interface Reply {
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly unknown[];
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
}

/** Sends an operation, or several as a batch. */
export async function send(
  application: RunningApplication,
  query: string | readonly string[],
  headers: Record<string, string> = {},
): Promise<Reply & { readonly batch: readonly Reply[]; readonly answer: Answer }> {
  const body = typeof query === 'string' ? { query } : query.map((item) => ({ query: item }));
  const answer = await application.request('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const reply = answer.body as unknown as Reply & readonly Reply[];
  return { data: reply.data, ...(reply.errors && { errors: reply.errors }), batch: reply, answer };
}

/** The codes of a reply's errors: GraphQL's own, and ours. */
export function readCodes({ errors = [] }: { readonly errors?: Reply['errors'] }): readonly string[] {
  return errors.map(({ extensions }) => {
    const original = extensions?.['originalError'] as { readonly code?: string } | undefined;
    return `${String(extensions?.['code'])} ${original?.code ?? ''}`;
  });
}

export interface SocketSettings {
  readonly headers?: Record<string, string>;
  readonly connectionParams?: Record<string, unknown>;
}

export interface Socket {
  /** Runs an operation to its end, or takes so many of its events. */
  run(query: string, count?: number): Promise<readonly Reply[]>;
  close(): void;
}

/** Opens a socket, as a page or a program does. */
export function openSocket({ url }: RunningApplication, settings: SocketSettings = {}): Socket {
  const { headers = {}, connectionParams } = settings;
  class Client extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers });
    }
  }
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: Client,
    retryAttempts: 0,
    lazy: false, // one socket for all operations of a test
    onNonLazyError: () => undefined,
    ...(connectionParams && { connectionParams }),
  });
  return {
    run: (query, count = Infinity) => take(client.iterate({ query }), count),
    close: () => void client.dispose(),
  };
}

async function take(events: AsyncIterable<unknown>, count: number): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  try {
    for await (const event of events) {
      if (replies.push(event as Reply) >= count) break;
    }
  } catch (errors) {
    if (!Array.isArray(errors)) throw errors;
    replies.push({ data: null, errors: errors as NonNullable<Reply['errors']> }); // the operation was rejected
  }
  return replies;
}
