// Handlers of Descope's events: which are called, how often, and what happens when one fails.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ModuleMetadata, Type } from '@nestjs/common';
import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeConfigError, DescopeModule, Public } from 'nestjs-descope';
import type { DescopeAuditEvent } from 'nestjs-descope/events';
import { OnDescopeEvent } from 'nestjs-descope/events';
import { createTestDescope } from 'nestjs-descope/testing';
import type { AdapterName, RunningApplication } from '../../support/application.js';
import { ADAPTERS, start, toRootModule } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { toDelivery, WEBHOOK_SECRET } from '../../support/descope-webhook.js';

const heard: string[] = [];
const note = (who: string, { action, userId = '' }: DescopeAuditEvent) =>
  heard.push(`${who} ${action} ${userId}`);

abstract class Base {
  @OnDescopeEvent('UserDeleted')
  inherited(event: DescopeAuditEvent) {
    note('inherited', event);
  }
}

@Injectable()
class Accounts extends Base {
  @OnDescopeEvent('UserDeleted', 'UserModified')
  async both(event: DescopeAuditEvent): Promise<void> {
    await Promise.resolve();
    note('both', event);
  }

  @OnDescopeEvent('UserCreated')
  @OnDescopeEvent('UserDeleted')
  twice(event: DescopeAuditEvent) {
    note('twice', event);
  }

  @OnDescopeEvent('MyOwnAction')
  own(event: DescopeAuditEvent) {
    note('own', event);
  }
}

@Public()
@Controller('pages')
class Pages {
  readonly #who = 'controller';

  @Get() list() {}

  @OnDescopeEvent('*')
  every(event: DescopeAuditEvent) {
    note(this.#who, event);
  }
}

class Made {
  @OnDescopeEvent('UserDeleted')
  hear(event: DescopeAuditEvent) {
    note('made', event);
  }
}

const { options } = createTestDescope();
const EVENTS = { events: { secret: WEBHOOK_SECRET } };

describe.each(ADAPTERS)('@OnDescopeEvent, on %s,', (adapter) => {
  let application: RunningApplication;
  const logger = new CollectingLogger();
  afterEach(async () => {
    await application.close();
    heard.length = 0;
    logger.entries.length = 0;
  });

  const boot = async (metadata: ModuleMetadata, module: DescopeModuleOptions = EVENTS) => {
    const imports = [DescopeModule.forRoot({ ...options, ...module }), ...(metadata.imports ?? [])];
    application = await start(adapter, { ...metadata, imports }, { logger });
  };
  const deliver = (content: object, init: RequestInit = {}) =>
    application.request('/auth/events', { ...toDelivery(JSON.stringify(content)), ...init });

  it('calls methods of providers and controllers for their actions, and for every event by *', async () => {
    const made = { provide: 'MADE', useFactory: () => new Made() };
    const alias = { provide: 'ALIAS', useExisting: Accounts };
    await boot({ providers: [Accounts, made, alias], controllers: [Pages] });
    await deliver({ action: 'UserDeleted', userId: 'U2a' });
    expect(heard.sort()).toEqual(
      ['both', 'controller', 'inherited', 'made', 'twice'].map((who) => `${who} UserDeleted U2a`),
    );
    heard.length = 0;
    for (const action of ['UserCreated', 'MyOwnAction', 'NobodyKnowsIt', '*', '__proto__'])
      expect((await deliver({ action })).status).toBe(200);
    expect(heard).toEqual([
      'controller UserCreated ',
      'twice UserCreated ',
      'controller MyOwnAction ',
      'own MyOwnAction ',
      'controller NobodyKnowsIt ',
      'controller * ',
      'controller __proto__ ',
    ]);
  });

  it('passes an event that nobody can change, with its time as a date', async () => {
    const events: DescopeAuditEvent[] = [];
    class Keeper {
      @OnDescopeEvent('LoginSucceed')
      keep(event: DescopeAuditEvent) {
        events.push(event);
      }
    }
    await boot({ providers: [Keeper] });
    const occurred = Date.UTC(2026, 5, 1, 12);
    const record = {
      id: 'A1',
      action: 'LoginSucceed',
      occurred,
      userId: 'U2a',
      actorId: 'U2b',
      externalIds: ['a@example.com'],
      tenants: ['T2a'],
      method: 'otp',
      data: { list: [1] },
    };
    await deliver(record);
    await deliver({
      ...record,
      id: 'A2',
      occurred: String(occurred),
      externalIds: undefined,
      loginIds: ['b'],
    });
    expect(events).toEqual(
      [
        expect.objectContaining({ ...record, occurred: new Date(occurred), record }),
        expect.objectContaining({ id: 'A2', occurred: new Date(occurred), externalIds: ['b'] }),
      ].map((event) => event as unknown),
    );
    expect(() => Object.assign(events[0] ?? {}, { action: 'x' })).toThrow(TypeError);
    expect(() => (events[0]?.data['list'] as number[]).push(2)).toThrow(TypeError);
  });

  it('calls each handler for each event of a list, in their order', async () => {
    await boot({ controllers: [Pages] });
    const list = ['First', 'Second', 'Second'].map((action, index) => ({ action, userId: `${index}` }));
    expect((await deliver(list)).status).toBe(200);
    expect(heard).toEqual(['controller First 0', 'controller Second 1', 'controller Second 2']);
    expect((await deliver([])).status).toBe(200);
  });

  it('does not call a handler again for a delivery that is repeated', async () => {
    await boot({ controllers: [Pages] });
    for (let times = 0; times < 3; times += 1)
      expect((await deliver({ action: 'UserCreated', occurred: Date.now() })).status).toBe(200);
    const same = { action: 'UserDeleted', userId: 'U2a', occurred: 1_790_000_000_000 };
    await Promise.all(Array.from({ length: 10 }, () => deliver(same)));
    expect(heard.filter((line) => line.includes('UserDeleted'))).toHaveLength(1);
  });

  it('knows an event by its id, whatever else differs', async () => {
    await boot({ controllers: [Pages] });
    await deliver({ id: 'A1', action: 'UserCreated' });
    await deliver({ id: 'A1', action: 'UserCreated', attempt: 2 });
    await deliver({ id: 'A2', action: 'UserCreated' });
    expect(heard).toHaveLength(2);
  });

  it('answers 500 if a handler fails, runs the others, and calls only that one at the next delivery', async () => {
    let failures = 2;
    class Failing {
      @OnDescopeEvent('UserDeleted')
      async fail(event: DescopeAuditEvent) {
        await Promise.resolve();
        if (failures-- > 0) throw new Error('The database is down.');
        note('mended', event);
      }

      @OnDescopeEvent('UserDeleted')
      work(event: DescopeAuditEvent) {
        note('work', event);
      }
    }
    await boot({ providers: [Failing], controllers: [Pages] });
    const event = { action: 'UserDeleted', userId: 'U2a' };
    const { status, body } = await deliver(event);
    expect([status, body]).toEqual([500, expect.objectContaining({ statusCode: 500 })]);
    expect(JSON.stringify(body)).not.toContain('database');
    expect(heard.sort()).toEqual(['controller UserDeleted U2a', 'work UserDeleted U2a']);
    expect((await deliver(event)).status).toBe(500);
    expect((await deliver(event)).status).toBe(200);
    expect((await deliver(event)).status).toBe(200);
    expect(heard.sort()).toEqual(['controller', 'mended', 'work'].map((who) => `${who} UserDeleted U2a`));
    const lines = logger.entries.filter((line) => line.includes('EVENT_HANDLER_FAILED'));
    expect(lines).toEqual([expect.stringMatching(/Failing\.fail.*UserDeleted.*The database is down/)]);
  });

  it('takes a synchronous exception as a failure too', async () => {
    class Failing {
      @OnDescopeEvent('*')
      fail() {
        throw new TypeError('Not today.');
      }
    }
    await boot({ providers: [Failing] });
    expect((await deliver({ action: 'UserCreated' })).status).toBe(500);
    expect((await deliver([{ action: 'One' }, { action: 'Two' }])).status).toBe(500);
  });
});

describe('@OnDescopeEvent', () => {
  const boot = async (
    adapter: AdapterName,
    providers: ModuleMetadata['providers'],
    module: DescopeModuleOptions,
  ) => {
    const imports = [DescopeModule.forRoot({ ...options, ...module })];
    const application = await start(adapter, { imports, providers: providers ?? [] });
    await application.close();
  };
  const codeOf = async (booting: Promise<unknown>) => {
    const error: unknown = await booting.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error instanceof DescopeConfigError ? `${error.code} ${error.message}` : error;
  };

  it('throws when it is given no action, or decorates a static method', () => {
    const decorate = OnDescopeEvent as (...actions: readonly unknown[]) => MethodDecorator;
    for (const actions of [[], [''], [7], ['UserDeleted', undefined]])
      expect(() => decorate(...actions)).toThrow(/CONFIG_INVALID|needs at least one action/);
    const define = () => {
      class Wrong {
        static hear() {}
      }
      const descriptor = Object.getOwnPropertyDescriptor(Wrong, 'hear') ?? {};
      decorate('UserDeleted')(Wrong, 'hear', descriptor);
    };
    expect(define).toThrow(/hear is static/);
  });

  it.each(ADAPTERS)('stops the boot where the application receives no events, on %s', async (adapter) => {
    expect(await codeOf(boot(adapter, [Accounts], {}))).toMatch(
      /^CONFIG_EVENTS_OFF Accounts\.\w+ has @OnDescopeEvent/,
    );
    expect(await codeOf(boot(adapter, [], {}))).toBeUndefined();
    expect(await codeOf(boot(adapter, [Accounts], { events: false }))).toBeUndefined();
  });

  it('does not stop the boot of an application without HTTP', async () => {
    const root: Type = toRootModule({ imports: [DescopeModule.forRoot(options)], providers: [Accounts] });
    const context = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
    await context.close();
  });

  it('stops the boot at a class that is created for each request or injection', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class OfRequest {
      @OnDescopeEvent('*') hear() {}
    }
    @Injectable()
    class Depending {
      constructor(@Inject(REQUEST) readonly request: unknown) {}
      @OnDescopeEvent('*') hear() {}
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      @OnDescopeEvent('*') hear() {}
    }
    for (const type of [OfRequest, Depending, Transient])
      expect(await codeOf(boot('express', [type], EVENTS))).toMatch(
        new RegExp(`^CONFIG_SCOPE_INVALID ${type.name}\\.hear`),
      );
  });

  it('calls both instances of a class that two modules provide', async () => {
    @Module({ providers: [Accounts] })
    class Other {}
    const imports = [DescopeModule.forRoot({ ...options, ...EVENTS }), Other];
    const application = await start('express', { imports, providers: [Accounts] });
    try {
      await application.request('/auth/events', toDelivery('{"action":"MyOwnAction"}'));
      expect(heard).toEqual(['own MyOwnAction ', 'own MyOwnAction ']);
    } finally {
      await application.close();
      heard.length = 0;
    }
  });
});
