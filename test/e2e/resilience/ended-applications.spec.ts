// Applications that no longer run, that do not run yet, or whose boot was refused: they keep their own last and first calls, and
// change nothing for those that run beside them.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication, INestMicroservice, ModuleMetadata } from '@nestjs/common';
import { Controller, Get, Inject, Injectable, Sse, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { DescopeModuleOptions, DescopeTransport } from 'nestjs-descope';
import {
  AuthGuard,
  CurrentSession,
  CurrentUser,
  DescopeModule,
  DescopeRevocations,
  DescopeService,
  DescopeSession,
  Public,
} from 'nestjs-descope';
import { DescopeContextModule } from 'nestjs-descope/context';
import type { TestDescope } from 'nestjs-descope/testing';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import { DescopeSockets, untilSessionEnds } from 'nestjs-descope/websockets';
import { firstValueFrom, NEVER, startWith } from 'rxjs';
import type { AdapterName } from '../../support/application.js';
import { ADAPTERS, toRootModule } from '../../support/application.js';
import { findFreePort } from '../../support/free-port.js';
import { MemoryServer } from '../../support/memory-channel.js';
import { connect, createSocketAdapter, SOCKET_LIBRARIES } from '../../support/socket-client.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const APPLICATIONS = Symbol.for('nestjs-descope:applications');

const descope = createTestDescope();
const { bearer } = descope.as({ sub: 'U2ann', tenants: { acme: {} } });

// Each application has a transport of its own, as a module that makes one does.
function createTransport(): DescopeTransport {
  const requests = new WeakMap<object, object>();
  return {
    type: 'rpc',
    findRequest: (context) => {
      const data = context.switchToRpc().getData<{ readonly authorization?: string }>();
      const request = requests.get(data) ?? { headers: { authorization: data.authorization } };
      requests.set(data, request);
      return request;
    },
  };
}

@UseGuards(AuthGuard)
@Controller()
class MessagesController {
  @MessagePattern('who')
  who(@CurrentUser('id') id: string) {
    return { id };
  }
}

@Injectable()
class Refusing {
  onModuleInit(): void {
    throw new Error('This application does not start.');
  }
}

let running: (INestApplication | INestMicroservice)[] = [];
afterEach(async () => {
  for (const app of running) await app.close();
  running = [];
});

interface Setting extends ModuleMetadata {
  readonly adapter?: AdapterName;
  readonly of?: TestDescope;
  readonly options?: DescopeModuleOptions;
}

// As a main.ts does, which closes nothing when the boot is refused.
async function create({ adapter = 'express', of = descope, options = {}, ...parts }: Setting) {
  const imports = [DescopeTestingModule.forRoot(of, options), ...(parts.imports ?? [])];
  const settings = { logger: false, abortOnError: false, forceCloseConnections: true } as const;
  const root = toRootModule({ ...parts, imports });
  return adapter === 'fastify'
    ? NestFactory.create(root, new FastifyAdapter({ forceCloseConnections: true }), settings)
    : NestFactory.create(root, settings);
}

async function boot(setting: Setting) {
  const app = await create(setting);
  running.push(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: (await app.getUrl()).replace('[::1]', '127.0.0.1') };
}

async function bootHybrid() {
  const port = await findFreePort();
  const app = await create({
    controllers: [MessagesController],
    options: { transports: [createTransport()] },
  });
  running.push(app);
  app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP, options: { port } });
  await app.startAllMicroservices(); // before the application itself, as in the documentation of Nest
  return { app, ask: () => send(port) };
}

async function send(port: number): Promise<unknown> {
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { port } });
  try {
    return await firstValueFrom(client.send<unknown>('who', bearer));
  } finally {
    client.close();
  }
}

describe('Handlers of messages that several applications have', () => {
  it('know their callers after the boot of another was refused', async () => {
    const transports = [createTransport()];
    const refused = await create({
      controllers: [MessagesController],
      providers: [Refusing],
      options: { transports },
    });
    await expect(refused.init()).rejects.toThrow('does not start');
    running.push(refused); // closed after the test, for those that follow
    const { app, ask } = await bootHybrid();
    await app.init();
    expect(await ask()).toEqual({ id: 'U2ann' });
  });

  it('know their callers while another runs', async () => {
    const applications = [await bootHybrid(), await bootHybrid()];
    for (const { app } of applications) await app.init();
    for (const { ask } of applications) expect(await ask()).toEqual({ id: 'U2ann' });
  });

  it('know their callers before the application has started', async () => {
    const { app, ask } = await bootHybrid();
    expect(await ask()).toEqual({ id: 'U2ann' });
    await app.init();
    expect(await ask()).toEqual({ id: 'U2ann' });
  });
});

describe('A public handler of messages', () => {
  it('answers a client whose request nobody remembered, after the boot of another was refused', async () => {
    @UseGuards(AuthGuard)
    @WebSocketGateway()
    class OpenGateway {
      @Public()
      @SubscribeMessage('open')
      open() {
        return { event: 'open', data: { isOpen: true } };
      }
    }
    const refused = await create({ providers: [Refusing] });
    await expect(refused.init()).rejects.toThrow('does not start');
    running.push(refused);
    const app = await create({ providers: [OpenGateway] });
    running.push(app);
    app.useWebSocketAdapter(await createSocketAdapter('ws', app));
    await app.listen(0, '127.0.0.1');
    const client = await connect('ws', (await app.getUrl()).replace('[::1]', '127.0.0.1'));
    expect(await client.ask('open')).toEqual({ event: 'open', data: { isOpen: true } });
    client.close();
  });
});

describe('A call that is under way when its application closes', () => {
  const found: unknown[] = [];
  const holdUser = () => {
    let release: (() => void) | undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let entered: (() => void) | undefined;
    const isHeld = new Promise<void>((resolve) => (entered = resolve));
    const loadUser = async ({ user }: { readonly user: object }) => {
      entered?.();
      await released;
      return user;
    };
    return { loadUser, isHeld, release: () => release?.() };
  };
  const reachHandler = async () => {
    while (found.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    return found.splice(0);
  };

  @Controller()
  class WhoController {
    @Get('who')
    who(@CurrentUser('id') id: string, @CurrentSession() session: DescopeSession) {
      found.push([id, session.user?.id]);
    }
  }

  @UseGuards(AuthGuard)
  @WebSocketGateway()
  class WhoGateway {
    @Inject(DescopeSockets) private readonly sockets!: DescopeSockets;

    handleConnection(client: object, request: never): void {
      this.sockets.remember(client, request);
    }

    @SubscribeMessage('who')
    who(@CurrentUser('id') id: string, @CurrentSession() session: DescopeSession) {
      found.push([id, session.user?.id]);
    }
  }

  it.each(ADAPTERS)('tells its handler who calls, on %s', async (adapter) => {
    const { loadUser, isHeld, release } = holdUser();
    const { app, url } = await boot({ adapter, controllers: [WhoController], options: { loadUser } });
    const answer = fetch(`${url}/who`, { headers: bearer }).catch(() => 'cut off');
    await isHeld;
    await app.close();
    release();
    expect(await reachHandler()).toEqual([['U2ann', 'U2ann']]);
    expect(await answer).toBe('cut off');
  });

  it.each(SOCKET_LIBRARIES)('tells its handler who calls, in a message of %s', async (library) => {
    const { loadUser, isHeld, release } = holdUser();
    const app = await create({ providers: [WhoGateway], options: { loadUser } });
    running.push(app);
    app.useWebSocketAdapter(await createSocketAdapter(library, app));
    await app.listen(0, '127.0.0.1');
    const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
    const client = await connect(library, url, { headers: bearer });
    client.send('who');
    await isHeld;
    await app.close();
    release();
    expect(await reachHandler()).toEqual([['U2ann', 'U2ann']]);
    client.close();
  });
});

describe('What an application leaves behind', () => {
  const countLeft = (references: readonly WeakRef<object>[]) =>
    references.filter((reference) => reference.deref() !== undefined).length;
  const collect = async (references: readonly WeakRef<object>[]) => {
    for (let round = 0; round < 20 && countLeft(references) > 2; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      collectGarbage();
    }
    return countLeft(references);
  };
  const parts = [DescopeService, 'nestjs-descope:authenticator'];

  it('is nothing, once it is closed', async () => {
    const references: WeakRef<object>[] = [];
    const tryOne = async () => {
      const app = await create({
        imports: [DescopeContextModule],
        controllers: [MessagesController],
        options: { transports: [createTransport()] },
      });
      references.push(...parts.map((part) => new WeakRef(app.get<object>(part))));
      await app.init();
      await app.close();
    };
    for (let count = 0; count < 10; count += 1) await tryOne();
    // The last one may still be on a stack.
    expect(await collect(references)).toBeLessThanOrEqual(2);
  });
});

describe('The channel of an application whose boot was refused', () => {
  it('is closed at once where we refuse the boot', async () => {
    const channel = new MemoryServer().connect();
    const app = await NestFactory.create(
      toRootModule({
        imports: [
          DescopeModule.forRoot({
            projectId: descope.projectId,
            audience: null,
            requireKeysAtBoot: true,
            fetch: async () => Promise.reject(new Error('no network')),
            shared: { channel },
          }),
        ],
      }),
      { logger: false, abortOnError: false },
    );
    await expect(app.init()).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
    expect(channel.isClosed).toBe(true);
  });

  it('goes on for an application of which only a service is kept', async () => {
    const registry = (globalThis as never)[APPLICATIONS] as { all: readonly object[] };
    const { all } = registry;
    const channel = new MemoryServer().connect();
    const imports = [DescopeTestingModule.forRoot(descope, { shared: { channel } })];
    const boot = async () => {
      const app = await NestFactory.createApplicationContext(toRootModule({ imports }), { logger: false });
      return app.get(DescopeService);
    };
    const service = await boot();
    for (let round = 0; round < 5; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      collectGarbage();
    }
    expect(channel.isClosed).toBe(false);
    expect((await service.authenticate({ headers: bearer })).user).toMatchObject({ id: 'U2ann' });
    await channel.close();
    registry.all = all; // nobody can close it any more, and it would be there for the tests that follow
  });
});

describe('Revocations in one of two projects', () => {
  it('end no stream of the other, whose tenants may have the same ids', async () => {
    @Controller()
    class NewsController {
      @Sse('news')
      news(@CurrentSession() session: DescopeSession) {
        return NEVER.pipe(startWith({ data: 'open' }), untilSessionEnds(session));
      }
    }
    const other = createTestDescope({ projectId: 'P2otherotherotherotherothero' });
    const { url } = await boot({ controllers: [NewsController] });
    const { app, url: otherUrl } = await boot({ controllers: [NewsController], of: other });
    const open = async (base: string, headers: Record<string, string>) => {
      const response = await fetch(`${base}/news`, { headers });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      return reader;
    };
    const ours = await open(url, bearer);
    const theirs = await open(otherUrl, other.as({ tenants: { acme: {} } }).bearer);
    await app.get(DescopeRevocations).revokeTenant('acme');
    await app.get(DescopeRevocations).revokeAll();
    const ended = async (reader: typeof ours) => {
      while (!(await reader.read()).done);
      return 'ended';
    };
    expect(await ended(theirs)).toBe('ended');
    const later = new Promise((resolve) => setTimeout(() => resolve('open'), 300));
    expect(await Promise.race([ended(ours).catch(() => 'cut off'), later])).toBe('open');
    await ours.cancel();
  });
});
