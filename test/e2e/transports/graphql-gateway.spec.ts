// A gateway of a federation: its driver asks no guard, which the boot says, and what only seems to be guarded is rejected.
import { afterEach, describe, expect, it } from '@jest/globals';
import { ApolloDriver, ApolloGatewayDriver } from '@nestjs/apollo';
import type { Provider } from '@nestjs/common';
import { UnauthorizedException } from '@nestjs/common';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import type { MercuriusGatewayDriverConfig } from '@nestjs/mercurius';
import { MercuriusFederationDriver, MercuriusGatewayDriver } from '@nestjs/mercurius';
import type { DescopeModuleOptions, RequestLike } from 'nestjs-descope';
import { DescopeModule, DescopeService, Public, Roles } from 'nestjs-descope';
import type { RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { useEmulator } from '../../support/use-emulator.js';

@Resolver()
class ShopResolver {
  @Public() @Query(() => String) offer() {
    return 'tea';
  }
}

@Resolver()
class AdminResolver {
  @Roles('admin') @Query(() => String) stock() {
    return 'none';
  }
}

@Resolver()
class PlainResolver {
  @Query(() => String) hours() {
    return 'all day';
  }
}

// As the driver is, but for the package `@apollo/gateway`, which its start would load.
class IdleApolloGatewayDriver extends ApolloGatewayDriver {
  override async start() {}
  override async stop() {}
}

const toGraphql = (options: Record<string, unknown>) => GraphQLModule.forRoot(options);
const APOLLO_GATEWAY = toGraphql({ driver: IdleApolloGatewayDriver, gateway: {} });
const ORDINARY = toGraphql({ driver: ApolloDriver, autoSchemaFile: true, path: '/own' });

describe('A GraphQL gateway', () => {
  const bed = useEmulator();
  const running: RunningApplication[] = [];
  afterEach(async () => {
    for (const application of running.splice(0).reverse()) await application.close();
  });

  const boot = async (
    graphql: ReturnType<typeof toGraphql>[],
    providers: Provider[] = [],
    settings: Partial<DescopeModuleOptions> = {},
  ) => {
    const logger = new CollectingLogger();
    const { projectId, url: baseUrl } = bed.emulator;
    const imports = [DescopeModule.forRoot({ projectId, baseUrl, ...settings }), ...graphql];
    const application = await start('fastify', { imports, providers }, { logger });
    running.push(application);
    return { application, notices: logger.find('GRAPHQL_GATEWAY_UNGUARDED') };
  };
  const send = async ({ request }: RunningApplication, headers: Record<string, string> = {}) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    return (await request('/graphql', { ...init, body: JSON.stringify({ query: '{ offer }' }) })).text;
  };
  const startSubgraph = async () => {
    const options = { driver: MercuriusFederationDriver, autoSchemaFile: true, federationMetadata: true };
    const { application } = await boot([toGraphql(options)], [ShopResolver]);
    return `${application.url}/graphql`;
  };
  const toOptions = (url: string) => ({ gateway: { services: [{ name: 'shop', url }] } });
  const toGateway = (url: string) => ({ driver: MercuriusGatewayDriver, ...toOptions(url) });
  const toNotice = (driver: string) => [
    expect.stringMatching(
      new RegExp(
        `^warn: GRAPHQL_GATEWAY_UNGUARDED: ${driver} .*no guards, not even global ones.*subgraphs.*context`,
      ),
    ),
  ];

  it('is reported at boot, whether the guard is global or not, because it runs no guards', async () => {
    const gateway = toGraphql(toGateway(await startSubgraph()));
    for (const globalGuard of [true, false]) {
      const { application, notices } = await boot([gateway], [], { globalGuard });
      expect(notices).toEqual(toNotice('MercuriusGatewayDriver'));
      expect(await send(application)).toBe('{"data":{"offer":"tea"}}'); // anyone who asks
    }
  });

  it('is reported with the name of its driver, also a driver of the application', async () => {
    expect((await boot([APOLLO_GATEWAY])).notices).toEqual(toNotice('IdleApolloGatewayDriver'));
    const async = GraphQLModule.forRootAsync({ driver: IdleApolloGatewayDriver, useFactory: () => ({}) });
    expect((await boot([async])).notices).toEqual(toNotice('IdleApolloGatewayDriver'));
  });

  it('keeps out who has no session where its context asks the service', async () => {
    const url = await startSubgraph();
    const gateway = GraphQLModule.forRootAsync<MercuriusGatewayDriverConfig>({
      driver: MercuriusGatewayDriver,
      inject: [DescopeService],
      useFactory: (service: DescopeService) => ({
        ...toOptions(url),
        context: async (request: RequestLike) => {
          const { user } = await service.authenticate(request);
          if (user === undefined) throw new UnauthorizedException();
          return { user };
        },
      }),
    });
    const { application } = await boot([gateway]);
    expect(await send(application)).toMatch(/Unauthorized/);
    const bearer = async (claims: Record<string, unknown> = {}) => ({
      authorization: `Bearer ${await bed.emulator.signToken({ claims: { sub: 'U2anna', amr: ['email'], ...claims } })}`,
    });
    expect(await send(application, await bearer({ exp: 1 }))).toMatch(/TOKEN_EXPIRED/);
    expect(await send(application, await bearer())).toBe('{"data":{"offer":"tea"}}');
  });

  it('does not boot with a resolver that asks for something, which its schema does not have', async () => {
    await expect(boot([APOLLO_GATEWAY], [AdminResolver])).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_UNGUARDED',
      message: expect.stringMatching(/^AdminResolver\.stock .*IdleApolloGatewayDriver.*subgraph/),
    });
  });

  it('boots with one that asks for nothing of its own, or that another endpoint serves', async () => {
    expect((await boot([APOLLO_GATEWAY], [PlainResolver])).notices).toHaveLength(1);
    const { notices } = await boot([APOLLO_GATEWAY, ORDINARY], [AdminResolver]);
    expect(notices).toEqual(toNotice('IdleApolloGatewayDriver'));
  });

  it('is not reported where every endpoint has a schema of its own', async () => {
    const { application, notices } = await boot([ORDINARY], [AdminResolver]);
    expect(notices).toEqual([]);
    const body = JSON.stringify({ query: '{ stock }' });
    const headers = { 'content-type': 'application/json' };
    const { text } = await application.request('/own', { method: 'POST', headers, body });
    expect(text).toMatch(/SESSION_MISSING/);
  });
});
