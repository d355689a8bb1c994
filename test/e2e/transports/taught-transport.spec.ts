// A transport that an application teaches by the option `transports`: a broker whose messages call handlers.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import type { DescopeModuleOptions, DescopeOptions, DescopeTransport } from 'nestjs-descope';
import { DescopeModule, OptionalAuth, Public, Roles, Tenant } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

interface Message {
  readonly body: Record<string, unknown>;
  readonly properties: { readonly headers: Record<string, string> };
}

const CONSUMER_PARAMS = 'test:consumer-params';

@Controller()
class OrderConsumer {
  placed(message: Message) {
    return message.body;
  }

  @Roles('clerk')
  cancelled() {
    return 'cancelled';
  }

  @Tenant({ from: 'param:tenant' })
  @Roles('clerk', { tenant: true })
  moved() {
    return 'moved';
  }

  @OptionalAuth()
  noted() {
    return 'noted';
  }

  @Public()
  counted() {
    return 'counted';
  }
}

const broker: DescopeTransport = {
  type: 'rmq',
  findRequest: (context) => context.getArgByIndex<Message>(0).properties,
  readParam: (context, name) => context.getArgByIndex<Message>(0).body[name],
};

describe.each(ADAPTERS)('A transport that the application teaches, on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;

  beforeAll(async () => {
    const imports = [DescopeModule.forRoot({ transports: [broker] })];
    const metadata = { imports, controllers: [OrderConsumer] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  // As libraries for brokers call their handlers: guards and param decorators run, in a context of a type of their own.
  const deliver = (
    name: Exclude<keyof OrderConsumer, 'constructor'>,
    headers: Record<string, string> = {},
    { type = 'rmq', body = {} }: { type?: string; body?: Record<string, unknown> } = {},
  ) => {
    const consumer = application.app.get(OrderConsumer);
    const call = application.app
      .get(ExternalContextCreator)
      .create(
        consumer,
        consumer[name].bind(consumer) as (...args: unknown[]) => unknown,
        name,
        CONSUMER_PARAMS,
        undefined,
        undefined,
        undefined,
        undefined,
        type,
      );
    const message: Message = { body, properties: { headers } };
    return call(message) as Promise<unknown>;
  };
  const rejection = (status: number, code: string) => ({ status, response: { statusCode: status, code } });

  it('lets its handlers be called with a token, and rejects without one', async () => {
    await expect(deliver('placed', descope.as().bearer, { body: { id: 1 } })).resolves.toEqual({ id: 1 });
    await expect(deliver('placed')).rejects.toMatchObject(rejection(401, 'SESSION_MISSING'));
    await expect(deliver('placed', descope.expired().bearer)).rejects.toMatchObject(
      rejection(401, 'TOKEN_EXPIRED'),
    );
  });

  it('has the demands of its handlers', async () => {
    await expect(deliver('cancelled', descope.as({ roles: ['clerk'] }).bearer)).resolves.toBe('cancelled');
    await expect(deliver('cancelled', descope.as().bearer)).rejects.toMatchObject(
      rejection(403, 'ACCESS_ROLE_MISSING'),
    );
    await expect(deliver('noted')).resolves.toBe('noted');
    await expect(deliver('counted')).resolves.toBe('counted');
  });

  it('reads its own parameters', async () => {
    const { bearer } = descope.as({ tenants: { T1: { roles: ['clerk'] } } });
    await expect(deliver('moved', bearer, { body: { tenant: 'T1' } })).resolves.toBe('moved');
    await expect(deliver('moved', bearer, { body: { tenant: 'T2' } })).rejects.toMatchObject({ status: 403 });
    await expect(deliver('moved', bearer)).rejects.toMatchObject(rejection(403, 'ACCESS_TENANT_UNNAMED'));
  });

  it('is one of a type; another type is rejected, with a message that says how to teach it', async () => {
    const call = deliver('placed', descope.as().bearer, { type: 'pigeon' });
    await expect(call).rejects.toMatchObject({
      ...rejection(403, 'TRANSPORT_UNKNOWN'),
      cause: { message: expect.stringContaining("transports: [{ type: 'pigeon', findRequest }]") },
    });
  });
});

describe.each(ADAPTERS)(
  'A transport whose hooks answer something else than they should, on %s',
  (adapter) => {
    const descope = createTestDescope();
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    let application: RunningApplication;
    let isSafe: () => unknown;

    @Controller()
    class PigeonController {
      landed() {
        return 'landed';
      }
    }

    beforeAll(async () => {
      const pigeon = {
        type: 'pigeon',
        findRequest: (context) => context.getArgByIndex(0),
        isSafe: () => isSafe() as boolean,
        toRejection: async () => Promise.reject(new Error('a rejection that fails')),
      } satisfies DescopeTransport;
      const imports = [DescopeModule.forRoot({ transports: [pigeon] })];
      const metadata = { imports, controllers: [PigeonController] };
      application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
      process.on('unhandledRejection', note);
    });
    afterAll(async () => {
      process.off('unhandledRejection', note);
      await application.close();
    });

    const land = (headers: Record<string, string>) => {
      const controller = application.app.get(PigeonController);
      const handler = controller.landed.bind(controller);
      const creator = application.app.get(ExternalContextCreator);
      const none = [undefined, undefined, undefined, undefined, undefined] as const;
      return creator.create(
        controller,
        handler,
        'landed',
        ...none,
        'pigeon',
      )({ method: 'GET', headers }) as Promise<unknown>;
    };

    it.each<[string, () => unknown]>([
      ['false, later', async () => false],
      ['true, later', async () => true],
      ['a text', () => 'safe'],
      ['nothing', () => undefined],
    ])('takes a call for safe only where it says true: %s', async (_what, answer) => {
      isSafe = answer;
      const { cookie } = descope.as().cookie;
      await expect(land({ cookie, 'sec-fetch-site': 'cross-site' })).rejects.toMatchObject({ status: 403 });
      isSafe = () => true;
      await expect(land({ cookie, 'sec-fetch-site': 'cross-site' })).resolves.toBe('landed');
    });

    it('rejects all the same where the form of the rejection is promised and fails', async () => {
      await expect(land({})).rejects.toMatchObject({ status: 401, response: { code: 'SESSION_MISSING' } });
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    });
  },
);

describe('The option transports', () => {
  const descope = createTestDescope();
  const boot = async (imports: ReturnType<typeof DescopeModule.forRoot>[]) => {
    const application = await start(
      'express',
      { imports },
      { override: (builder) => descope.override(builder) },
    );
    await application.close();
  };
  const rejected = (transports: unknown) =>
    boot([DescopeModule.forRoot({ transports } as DescopeModuleOptions)]);

  it('stands beside useFactory, where it is static', async () => {
    await boot([DescopeModule.forRootAsync({ transports: [broker], useFactory: () => ({}) })]);
    const useFactory = () => ({ transports: [broker] }) as DescopeOptions;
    await expect(boot([DescopeModule.forRootAsync({ useFactory })])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('transports: got a static option in the result of the factory'),
    });
  });

  it('may be an instance of a class with more to it', async () => {
    class Pigeon implements DescopeTransport {
      readonly type = 'pigeon';
      readonly loft = 'north';
      findRequest() {
        return { headers: {} };
      }
    }
    await expect(rejected([new Pigeon()])).resolves.toBeUndefined();
  });

  it('may be a plain object with every member that there is', async () => {
    const whole: Required<DescopeTransport> = {
      type: 'pigeon',
      findRequest: () => ({ headers: {} }),
      keepRequest: () => undefined,
      recallRequest: () => ({ headers: {} }),
      findResponse: () => undefined,
      findCall: () => undefined,
      readParam: () => undefined,
      isSafe: () => false,
      toRejection: (rejection) => rejection,
    };
    await expect(rejected([whole])).resolves.toBeUndefined();
  });

  it.each<[string, unknown, readonly string[]]>([
    ['no list', broker, ['transports: got an object; expected a list of { type, findRequest }']],
    ['nothing in it', [null, 'rmq'], ['transports[0]: got null', 'transports[1]: got a string']],
    ['no type', [{ findRequest: () => ({}) }], ['transports[0].type: got nothing']],
    ['no reader', [{ type: 'rmq' }], ['transports[0].findRequest: got nothing; expected a function']],
    ['no function', [{ ...broker, isSafe: true }], ['transports[0].isSafe: got a boolean']],
    ['another member', [{ ...broker, isSave: () => true }], ['transports[0].isSave: got an unknown member']],
    ['two of a type', [broker, broker], ['transports: got two transports for the type "rmq"']],
    ['several mistakes', [{}], ['transports[0].type', 'transports[0].findRequest']],
  ])('stops the boot with %s', async (_what, transports, texts) => {
    const error: unknown = await rejected(transports).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    for (const text of texts) expect((error as Error).message).toContain(text);
  });
});
