// A demand on a method that only the application itself calls stops the boot: Nest asks no guard there.
import { describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Controller, Get, Inject, Injectable, mixin, Scope, SetMetadata, UseGuards } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { CommandHandler, EventsHandler, QueryHandler } from '@nestjs/cqrs';
import { OnEvent } from '@nestjs/event-emitter';
import { Query, Resolver } from '@nestjs/graphql';
import { Cron, Interval } from '@nestjs/schedule';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  AuthGuard,
  Authorize,
  CurrentUser,
  DescopeModule,
  OptionalAuth,
  Permissions,
  Public,
  Roles,
} from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';

@Injectable()
class Reports {
  @Roles('admin') remove() {}
}

@Injectable({ scope: Scope.REQUEST })
class ScopedReports {
  constructor(@Inject('shelf') readonly shelf: string) {}
  @Permissions('read') read() {}
}

@Roles('admin')
@Injectable()
class AdminReports {
  read() {}
}

class Undecorated {
  @Authorize(() => true) read() {}
}

@Injectable()
class Guarded {
  @UseGuards(AuthGuard) @Roles('admin') remove(@CurrentUser('id') id: string) {
    return id;
  }
}

class Base {
  @Roles('admin') remove() {}
}

@Injectable()
class Heir extends Base {}

const Mixed = mixin(class Mixin extends Base {});

// As @golevelup/nestjs-rabbitmq notes its handlers: on the function.
const Subscribe = () => SetMetadata('RABBIT_HANDLER', 1);
// As nestjs-telegraf notes theirs: on the class.
const Update = () => SetMetadata('TELEGRAF_UPDATE', true);
// As others do: on the prototype, by name or as a list.
const noteByName: MethodDecorator = (target, key) => Reflect.defineMetadata('broker:on', true, target, key);
const noteInList: MethodDecorator = (target, key) => Reflect.defineMetadata('broker:list', [key], target);

@Injectable()
class Nightly {
  @Subscribe() @Roles('admin') sweep() {}
}

@Update()
class Bot {
  @Roles('admin') stop() {}
}

@Injectable()
class NotedByName {
  @noteByName @Roles('admin') take() {}
}

@Injectable()
class NotedInList {
  @noteInList @Roles('admin') take() {}
}

@Injectable()
class HalfNoted {
  @Subscribe() sweep() {}
  @Roles('admin') remove() {}
}

@Injectable()
class Undemanding {
  @Public() open() {}
  @OptionalAuth() look() {}
  plain() {}
}

@Resolver()
class BookResolver {
  @Roles('admin') @Query(() => String) book() {}
}

@WebSocketGateway()
class Gateway {
  @Roles('admin') notAMessage() {}
}

@Injectable()
class SharedBase {
  @Roles('admin') remove() {}
}

@Controller('shared')
class SharedController extends SharedBase {
  @Get() override remove() {}
}

@Injectable()
class SharedHandlers extends SharedBase {
  @Subscribe() override remove() {}
}

@Injectable()
class Listener {
  @OnEvent('removed') @Roles('admin') take() {}
}

@Injectable()
class Cronjob {
  @Roles('admin') @Cron('0 0 * * *') sweep() {}
}

@Injectable()
class Polling {
  @Interval(1000) @Authorize(() => false) poll() {}
}

@CommandHandler(Base)
class RemoveHandler {
  @Roles('admin') execute() {}
}

@Roles('admin')
@QueryHandler(Base)
class ListHandler {
  execute() {}
}

@EventsHandler(Base)
class RemovedHandler {
  @Roles('admin') handle() {}
}

@SetMetadata('bullmq:processor_metadata', { name: 'mail' }) // as @Processor('mail') does
class QueueProcessor {
  @Roles('admin') process() {}
}

@Controller('cron')
class CronController {
  @Get() all() {}
  @Cron('0 0 * * *') @Roles('admin') sweep() {}
}

@Roles('admin')
@Controller('reports')
class DemandingController {
  @Get() all() {}
  helper() {}
}

@Injectable()
class Explorer {
  constructor(@Inject(ExternalContextCreator) readonly creator: ExternalContextCreator) {}
}

@Injectable()
class PlainExplorer {
  constructor(readonly creator: ExternalContextCreator) {}
}

const standIn: ClassDecorator = (target) => new Proxy(target, {});

@standIn
@Update()
class StandIn {
  @Roles('admin') stop() {}
}

describe.each(ADAPTERS)('A demand on a method of a plain provider, on %s,', (adapter) => {
  const descope = createTestDescope();
  let logger = new CollectingLogger();
  const boot = async (providers: Type[], controllers: Type[] = [], globalGuard = true) => {
    const metadata = {
      imports: [DescopeModule.forRoot({ globalGuard })],
      providers: [...providers, { provide: 'shelf', useValue: 'top' }],
      controllers,
    };
    logger = new CollectingLogger();
    const application = await start(adapter, metadata, {
      logger,
      override: (builder) => descope.override(builder),
    }).catch((error: unknown) => error as Error & { readonly code: string });
    if (application instanceof Error) return `${application.code} ${application.message}`;
    await application.close();
    return 'started';
  };

  it.each<[string, Type, string]>([
    ['a service', Reports, 'Reports.remove'],
    ['one for each request', ScopedReports, 'ScopedReports.read'],
    ['a class that demands', AdminReports, 'AdminReports.read'],
    ['a class without @Injectable', Undecorated, 'Undecorated.read'],
    ['one that @UseGuards does not help', Guarded, 'Guarded.remove'],
    ['one that inherits the method', Heir, 'Heir.remove'],
    ['a mixin', Mixed, `${Mixed.name}.remove`],
    ['one of which another method is called by a framework', HalfNoted, 'HalfNoted.remove'],
  ])('stops the boot: %s', async (_what, provider, where) => {
    const answer = await boot([provider]);
    expect(answer).toMatch(/^CONFIG_DEMAND_UNGUARDED .*no guard runs before it.*handlers that call it/);
    expect(answer).toContain(where);
  });

  it('stops it for that reason also where there is no global guard', async () => {
    expect(await boot([Reports], [], false)).toMatch(/method of a plain provider/);
  });

  it('stops it when given by useClass', async () => {
    const provider = { provide: 'reports', useClass: Reports } as unknown as Type;
    expect(await boot([provider])).toMatch(/^CONFIG_DEMAND_UNGUARDED .*Reports\.remove/);
  });

  it.each<[string, Type]>([
    ['a note on the method', Nightly],
    ['a note on the class', Bot],
    ['a note by name', NotedByName],
    ['a list on the prototype', NotedInList],
    ['a resolver', BookResolver],
    ['a gateway', Gateway],
    ['a note under a class that another stands in for', StandIn],
    ['no demand', Undemanding],
  ])('is left alone where a framework may call it: %s', async (_what, provider) => {
    expect(await boot([provider])).toBe('started');
  });

  it.each<[string, Type]>([
    ['@OnEvent', Listener],
    ['@Cron', Cronjob],
    ['@Interval', Polling],
    ['@CommandHandler', RemoveHandler],
    ['@QueryHandler under a demanding class', ListHandler],
    ['@EventsHandler', RemovedHandler],
    ['@Processor', QueueProcessor],
  ])('stops the boot beside %s, which asks no guards', async (_what, provider) => {
    expect(await boot([provider])).toMatch(
      new RegExp(`^CONFIG_DEMAND_UNGUARDED ${provider.name}\\..* a library that runs no guards`),
    );
  });

  it('stops it beside @Cron in a controller, but not where only the class has it', async () => {
    expect(await boot([], [CronController])).toMatch(/^CONFIG_DEMAND_UNGUARDED CronController\.sweep/);
    expect(await boot([], [DemandingController])).toBe('started');
    expect(logger.find('DEMAND_UNCHECKED')).toEqual([]);
  });

  it('is told of where an unknown library notes the method, unless one asks guards', async () => {
    expect(await boot([Nightly, Bot])).toBe('started');
    expect(logger.find('DEMAND_UNCHECKED')).toEqual([
      expect.stringMatching(/^warn: DEMAND_UNCHECKED: Nightly\.sweep, Bot\.stop .*ExternalContextCreator/),
    ]);
    for (const explorer of [Explorer, PlainExplorer]) {
      expect(await boot([Nightly, Bot, explorer])).toBe('started');
      expect(logger.find('DEMAND_UNCHECKED')).toEqual([]);
    }
  });

  it('is left alone in a base class that a controller or a handler extends', async () => {
    expect(await boot([SharedBase], [SharedController])).toBe('started');
    expect(await boot([SharedBase, SharedHandlers])).toBe('started');
    expect(await boot([SharedBase])).toMatch(/^CONFIG_DEMAND_UNGUARDED/);
  });
});
