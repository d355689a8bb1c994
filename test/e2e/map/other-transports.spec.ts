// The access map of resolvers, gateways and patterns: what the frameworks' own decorators note is read back.
import { describe, expect, it } from '@jest/globals';
import type { ModuleMetadata } from '@nestjs/common';
import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { Mutation, Query, ResolveField, Resolver, ResolveReference, Subscription } from '@nestjs/graphql';
import { EventPattern, GrpcMethod, MessagePattern } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AuthGuard, DescopeModule, Public, Roles } from 'nestjs-descope';
import { describeAccess, formatAccess } from 'nestjs-descope/inspect';
import { createTestDescope } from 'nestjs-descope/testing';

@Resolver('Order')
class OrdersResolver {
  @Query('orders') list() {}
  @Roles('admin') @Mutation('removeOrder') remove() {}
  @Public() @Subscription('orderAdded') added() {}
  @ResolveField('owner') owner() {}
  @ResolveReference() reference() {}
  helper() {}
}

// No @WebSocketGateway of a server: its decorator notes all the same, and no port is opened.
@WebSocketGateway({ namespace: 'chat' })
class ChatGateway {
  @UseGuards(AuthGuard) @Roles('member') @SubscribeMessage('send') send() {}
  @SubscribeMessage('peek') peek() {}
}

@Controller()
class PatternsController {
  @MessagePattern({ cmd: 'sum', area: 'maths' }) sum() {}
  @EventPattern(['user.created', 'user.renamed']) user() {}
  @UseGuards(AuthGuard) @GrpcMethod('Orders', 'Find') find() {}
  @Get('both') @MessagePattern('both') both() {}
}

@Injectable()
class PlainService {
  serve() {}
}

@Resolver()
class MadeResolver {
  @Roles('admin') @Query('secret') secret() {}
  @SubscribeMessage('unheard') unheard() {}
}

@Module({})
class SecondEndpoint {}

const toOptions = (fieldResolverEnhancers?: readonly string[]) => {
  return { provide: 'GqlModuleOptions', useValue: { fieldResolverEnhancers } };
};

async function describeAll(
  fieldResolverEnhancers?: readonly string[],
  others: ModuleMetadata['imports'] = [],
) {
  const graphql = toOptions(fieldResolverEnhancers);
  const builder = Test.createTestingModule({
    imports: [DescopeModule.forRoot(), ...others],
    controllers: [PatternsController],
    providers: [OrdersResolver, ChatGateway, PlainService, graphql],
  });
  const module = await createTestDescope().override(builder).compile();
  return describeAccess(module);
}

describe('The access map of other transports', () => {
  it('lists resolvers, messages and patterns, and nothing that only the application calls', async () => {
    const rows = formatAccess(await describeAll())
      .split('\n')
      .slice(1);
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      ['GET', '/both', 'required', '-', 'global', 'PatternsController.both'],
      ['Field', 'Order.__resolveReference', 'required', '-', 'NONE', 'OrdersResolver.reference'],
      ['Field', 'Order.owner', 'required', '-', 'NONE', 'OrdersResolver.owner'],
      ['Subscription', 'orderAdded', 'public', '-', 'global', 'OrdersResolver.added'],
      ['Query', 'orders', 'required', '-', 'global', 'OrdersResolver.list'],
      ['Mutation', 'removeOrder', 'required', 'roles: admin', 'global', 'OrdersResolver.remove'],
      ['websocket MESSAGE', 'chat peek', 'required', '-', 'NONE', 'ChatGateway.peek'],
      ['websocket MESSAGE', 'chat send', 'required', 'roles: member', 'own', 'ChatGateway.send'],
      ['message MESSAGE', 'both', 'required', '-', 'NONE', 'PatternsController.both'],
      ['message EVENT', 'user.created', 'required', '-', 'NONE', 'PatternsController.user'],
      ['message EVENT', 'user.renamed', 'required', '-', 'NONE', 'PatternsController.user'],
      ['message MESSAGE', '{"area":"maths","cmd":"sum"}', 'required', '-', 'NONE', 'PatternsController.sum'],
      ['message MESSAGE', GRPC, 'required', '-', 'own', 'PatternsController.find'],
    ]);
  });

  it('counts a guard before fields only where the GraphQL module asks for it', async () => {
    const fields = (await describeAll(['guards'])).filter(({ method }) => method === 'Field');
    expect(fields.map(({ path, guard }) => `${path} ${guard}`)).toEqual([
      'Order.__resolveReference global',
      'Order.owner global',
    ]);
  });

  it('counts none where one of several endpoints does not', async () => {
    const second = { module: SecondEndpoint, providers: [toOptions()] };
    const fields = (await describeAll(['guards'], [second])).filter(({ method }) => method === 'Field');
    expect(fields.map(({ guard }) => guard)).toEqual(['none', 'none']);
  });

  it.each([
    { provide: 'made', useFactory: () => new MadeResolver() },
    { provide: 'made', useValue: new MadeResolver() },
  ])('lists a resolver that is no class among the providers, and no message of it: %j', async (provider) => {
    const made = { module: SecondEndpoint, providers: [provider] };
    const entries = (await describeAll([], [made])).filter(({ handler }) => handler.startsWith('Made'));
    expect(entries.map(({ kind, path, handler, demands }) => [kind, path, handler, demands.length])).toEqual([
      ['graphql', 'secret', 'MadeResolver.secret', 1],
    ]);
  });
});

const GRPC = '{"rpc":"Find","service":"Orders","streaming":"no_stream"}';
