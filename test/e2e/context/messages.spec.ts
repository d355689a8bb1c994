// DescopeContext in messages of gateways and microservices: each message has the caller whom its guard has accepted.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext, INestMicroservice } from '@nestjs/common';
import { Controller, Inject, Injectable, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ClientProxyFactory, EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { DescopeTransport, RequestLike } from 'nestjs-descope';
import { AuthGuard, CurrentUser, DescopeModule, Public } from 'nestjs-descope';
import { DescopeContext, DescopeContextModule } from 'nestjs-descope/context';
import { createTestDescope } from 'nestjs-descope/testing';
import { DescopeSockets } from 'nestjs-descope/websockets';
import { firstValueFrom, interval, map, take, toArray } from 'rxjs';
import { start, toRootModule } from '../../support/application.js';
import { findFreePort } from '../../support/free-port.js';
import { connect, createSocketAdapter, SOCKET_LIBRARIES } from '../../support/socket-client.js';

@Injectable()
class Who {
  constructor(@Inject(DescopeContext) private readonly context: DescopeContext) {}

  read(): string {
    return this.context.current()?.id ?? 'nobody';
  }

  async readAfter(waitMs: number): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return this.read();
  }
}

@WebSocketGateway()
class Gateway {
  constructor(
    @Inject(DescopeSockets) private readonly sockets: DescopeSockets,
    @Inject(Who) private readonly who: Who,
  ) {}

  handleConnection(client: object, request?: RequestLike) {
    this.sockets.remember(client, request);
  }

  @SubscribeMessage('who')
  async tell(@MessageBody('waitMs') waitMs: number, @CurrentUser('id') id: string) {
    return { event: 'who', data: { same: (await this.who.readAfter(waitMs)) === id, id } };
  }

  @Public()
  @SubscribeMessage('open')
  async open() {
    return { event: 'open', data: { id: await this.who.readAfter(1) } };
  }
}

// The credential stands in the message: for this test alone, where TCP has no headers.
const withTokens: DescopeTransport = {
  type: 'rpc',
  findRequest: (context) => requestOf(context.switchToRpc().getData<Question>()),
  readParam: () => undefined,
};
const requests = new WeakMap<Question, RequestLike>();
function requestOf(question: Question): RequestLike {
  const request = requests.get(question) ?? { headers: { authorization: question.authorization } };
  requests.set(question, request);
  return request;
}

interface Question {
  readonly authorization?: string;
}

@UseGuards(AuthGuard)
@Controller()
class NotesController {
  static readonly heard: string[] = [];

  constructor(@Inject(Who) private readonly who: Who) {}

  @MessagePattern('who')
  tell(@Payload() _question: Question) {
    return this.who.readAfter(2);
  }

  @MessagePattern('stream')
  stream() {
    return interval(2).pipe(
      take(3),
      map(() => this.who.read()),
    );
  }

  @Public()
  @MessagePattern('open')
  open() {
    return this.who.readAfter(1);
  }

  @EventPattern('noted')
  async note(@Payload() _question: Question) {
    NotesController.heard.push(await this.who.readAfter(1));
  }
}

const descope = createTestDescope();
const users = ['U2ann', 'U2bob', 'U2cleo'].map((sub) => ({ id: sub, bearer: descope.as({ sub }).bearer }));

describe.each(SOCKET_LIBRARIES)('DescopeContext in messages of %s', (library) => {
  it('says who acts, also when messages of several clients overlap, and nobody to a public handler', async () => {
    const metadata = {
      imports: [DescopeModule.forRoot(), DescopeContextModule],
      providers: [Gateway, Who],
    };
    const application = await start('express', metadata, {
      override: (builder) => descope.override(builder),
      configure: async (app) => app.useWebSocketAdapter(await createSocketAdapter(library, app)),
    });
    const clients = await Promise.all(
      users.map(({ bearer }) => connect(library, application.url, { headers: bearer })),
    );
    try {
      const answers = await Promise.all(
        clients.map((client, index) => client.ask('who', { waitMs: 9 - 3 * index })),
      );
      expect(answers.map(({ data }) => data)).toEqual(users.map(({ id }) => ({ same: true, id })));
      expect((await clients[0]?.ask('open', {}))?.data).toEqual({ id: 'nobody' });
    } finally {
      for (const client of clients) client.close();
      await application.close();
    }
  });

  it('says who acts also after the boot of another application was refused', async () => {
    const refused = await NestFactory.create(toRootModule({ imports: [DescopeContextModule] }), {
      logger: false,
    });
    await expect(refused.init()).rejects.toMatchObject({ code: 'CONFIG_MODULE_MISSING' }); // and nobody closes it
    const metadata = { imports: [DescopeModule.forRoot(), DescopeContextModule], providers: [Gateway, Who] };
    const application = await start('express', metadata, {
      override: (builder) => descope.override(builder),
      configure: async (app) => app.useWebSocketAdapter(await createSocketAdapter(library, app)),
    });
    const client = await connect(library, application.url, { headers: descope.as({ sub: 'U2ann' }).bearer });
    try {
      expect((await client.ask('who', { waitMs: 1 })).data).toEqual({ same: true, id: 'U2ann' });
    } finally {
      client.close();
      await application.close();
    }
  });
});

describe.each(['microservice', 'hybrid application'])('DescopeContext in messages of a %s', (kind) => {
  let app: INestApplicationContext | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  const boot = async () => {
    const port = await findFreePort();
    const imports = [DescopeModule.forRoot({ transports: [withTokens] }), DescopeContextModule];
    const builder = Test.createTestingModule({ imports, controllers: [NotesController], providers: [Who] });
    const module = await descope.override(builder).compile();
    const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port } } as const;
    if (kind === 'microservice') {
      const service: INestMicroservice = module.createNestMicroservice<MicroserviceOptions>({
        ...options,
        logger: false,
      });
      app = service;
      await service.listen();
    } else {
      const hybrid = module.createNestApplication({ logger: false });
      app = hybrid;
      hybrid.connectMicroservice<MicroserviceOptions>(options);
      await hybrid.startAllMicroservices();
      await hybrid.init();
    }
    return ClientProxyFactory.create(options);
  };

  it('says who acts, in answers, streams and events, and nobody to a public handler', async () => {
    const client = await boot();
    const ask = (pattern: string, index: number) =>
      firstValueFrom(client.send<string>(pattern, users[index]?.bearer).pipe(toArray()));
    try {
      expect(await Promise.all([0, 1, 2].map((index) => ask('who', index)))).toEqual(
        users.map(({ id }) => [id]),
      );
      expect(await ask('stream', 1)).toEqual(['U2bob', 'U2bob', 'U2bob']);
      expect(await ask('open', 1)).toEqual(['nobody']);
      NotesController.heard.length = 0;
      await firstValueFrom(client.emit('noted', users[2]?.bearer), { defaultValue: undefined });
      await ask('who', 0);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(NotesController.heard).toEqual(['U2cleo']);
    } finally {
      client.close();
    }
  });
});
