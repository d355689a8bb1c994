// A small application that shows what the package promises, on whatever Nest and Node it is run with; prints the answers.
require('reflect-metadata');
const { Controller, Get, Inject, Injectable, Module, Scope, UseGuards } = require('@nestjs/common');
const { APP_GUARD, NestFactory } = require('@nestjs/core');
const { ClientProxyFactory, MessagePattern, Transport } = require('@nestjs/microservices');
const { SubscribeMessage, WebSocketGateway } = require('@nestjs/websockets');
const { WsAdapter } = require('@nestjs/platform-ws');
const { AuthGuard, DescopeModule, Public, Roles } = require('nestjs-descope');
const { microserviceTransport } = require('nestjs-descope/microservices');
const { OnDescopeEvent } = require('nestjs-descope/events');
const { DescopeSockets } = require('nestjs-descope/websockets');
const { startEmulator } = require('nestjs-descope/emulator');
const { createTestDescope } = require('nestjs-descope/testing');
const { Test } = require('@nestjs/testing');
const { createHmac } = require('node:crypto');
const { createServer } = require('node:net');
const { catchError, firstValueFrom, of, timeout } = require('rxjs');
const { WebSocket } = require('ws');
const { askCallers, SEED } = require('./callers.cjs');
const { askGraphql } = require('./graphql.cjs');

const handler = (type, name, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
  for (const decorate of decorators) decorate(type.prototype, name, descriptor);
};

class ShopController {
  open() {
    return { is: 'open' };
  }
  closed() {
    return { is: 'closed' };
  }
  admin() {
    return { is: 'admin' };
  }
}
handler(ShopController, 'open', Public(), Get('open'));
handler(ShopController, 'closed', Get('closed'));
handler(ShopController, 'admin', Roles('admin'), Get('admin'));
Controller()(ShopController);

class NotesController {
  list() {
    return 'list';
  }
}
handler(NotesController, 'list', Roles('admin'), MessagePattern('list'));
Controller()(NotesController);

class NewsGateway {
  handleConnection(client, request) {
    return this.sockets.remember(client, request);
  }
  read() {
    return { event: 'news', data: 'read' };
  }
}
Inject(DescopeSockets)(NewsGateway.prototype, 'sockets');
handler(NewsGateway, 'read', UseGuards(AuthGuard), SubscribeMessage('read'));
WebSocketGateway({ path: '/news' })(NewsGateway);

const SECRET = 'secret-of-the-webhook-connector';
const heard = [];
class Listener {
  hear({ action }) {
    heard.push(action);
  }
}
Injectable()(Listener);
handler(Listener, 'hear', OnDescopeEvent('UserCreated'));

const asked = [];
class PlanGuard {
  canActivate() {
    asked.push('plan');
    return true;
  }
}
Injectable()(PlanGuard);
class LimitGuard {
  canActivate() {
    asked.push('limit');
    return true;
  }
}
Injectable()(LimitGuard);

class RequestLog {}
Injectable({ scope: Scope.REQUEST })(RequestLog);
class Accounts {}
Injectable()(Accounts);
Inject(RequestLog)(Accounts, undefined, 0);
class AccountsModule {}
Module({ providers: [Accounts, RequestLog], exports: [Accounts] })(AccountsModule);
class LoggingGuard extends AuthGuard {}
Injectable()(LoggingGuard);
Inject(RequestLog)(LoggingGuard.prototype, 'log');
class TransientGuard extends AuthGuard {}
Injectable({ scope: Scope.TRANSIENT })(TransientGuard);

const toModule = (metadata) => {
  class AppModule {}
  Module(metadata)(AppModule);
  return AppModule;
};

async function createAdapter(name) {
  if (name === 'express') return new (require('@nestjs/platform-express').ExpressAdapter)();
  return new (require('@nestjs/platform-fastify').FastifyAdapter)();
}

async function run(adapter) {
  const emulator = await startEmulator({ seed: { users: [{ loginId: 'anna@example.com' }], ...SEED } });
  const options = { projectId: emulator.projectId, baseUrl: emulator.url, audience: null };
  const create = async (metadata) =>
    NestFactory.create(toModule(metadata), await createAdapter(adapter), {
      logger: false,
      abortOnError: false,
    });
  const rejection = async (metadata) => {
    const app = await create(metadata).catch((error) => error);
    if (app instanceof Error)
      return app.code ?? (/request-scoped/.test(app.message) ? 'rejected' : app.message);
    const outcome = await app.init().then(
      () => 'boots',
      (error) => error.code ?? error.message,
    );
    await app.close().catch(() => undefined);
    return outcome;
  };

  const app = await create({
    imports: [
      DescopeModule.forRoot({
        ...options,
        routes: { login: false },
        events: { secret: SECRET },
        session: { refresh: true },
        globalGuard: { before: [LimitGuard] },
      }),
    ],
    controllers: [ShopController],
    providers: [
      Listener,
      NewsGateway,
      { provide: APP_GUARD, useClass: PlanGuard },
      { provide: APP_GUARD, useClass: LimitGuard },
    ],
  });
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const ask = async (path, init = {}) => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    const code = /"code":"(\w+)"/.exec(text)?.[1];
    return code === undefined ? String(response.status) : `${response.status} ${code}`;
  };
  const { sessionJwt, refreshJwt } = await emulator.signIn('anna@example.com');
  const bearer = { headers: { authorization: `Bearer ${sessionJwt}` } };
  const adminJwt = await emulator.signToken({ claims: { sub: 'U2bob', amr: ['email'], roles: ['admin'] } });
  const admin = { headers: { authorization: `Bearer ${adminJwt}` } };
  const answers = {
    open: await ask('/open'),
    closed: await ask('/closed'),
    bearer: await ask('/closed', bearer),
    cookie: await ask('/closed', { headers: { cookie: `DS=${sessionJwt}` } }),
    role: await ask('/admin', bearer),
    admin: await ask('/admin', admin),
    me: await ask('/auth/me', { headers: { cookie: `DS=${sessionJwt}` } }),
    refreshRoute: await ask('/auth/refresh', {
      method: 'POST',
      headers: { cookie: `DSR=${refreshJwt}`, origin: url },
    }),
    unreadBody: await ask('/auth/store_jwt', {
      method: 'POST',
      headers: { 'content-type': 'text/xml', origin: url },
      body: '<a/>',
    }),
    refreshStep: await ask('/closed', {
      headers: { cookie: `DSR=${refreshJwt}`, 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
    }),
  };
  const event = `{ "action" : "UserCreated", "text":"${'x'.repeat(200_000)}" }\n`; // no parser's form, and above its limit
  const deliver = (signed) => {
    const signature = createHmac('sha256', SECRET).update(signed).digest('base64');
    const headers = { 'content-type': 'application/json', 'x-descope-webhook-s256': signature };
    return ask('/auth/events', { method: 'POST', headers, body: event });
  };
  answers.event = `${await deliver(event)} ${heard.join(' ')}`;
  answers.eventUnsigned = await deliver(`${event} `);
  asked.length = 0;
  await ask('/closed');
  answers.order = [...asked].join(' ');
  answers.socket = await askSocket(url);
  answers.socketBearer = await askSocket(url, bearer.headers);
  await app.close();

  answers.message = await askMicroservice({ ...options, transports: [microserviceTransport] });
  const requestScoped = DescopeModule.forRootAsync({
    imports: [AccountsModule],
    inject: [Accounts],
    useFactory: () => options,
  });
  const controllers = [ShopController];
  const own = (guard, ...rest) => ({
    imports: [DescopeModule.forRoot({ ...options, globalGuard: false })],
    controllers,
    providers: [RequestLog, guard, ...rest],
  });
  answers.scopedOptions = await rejection({ imports: [requestScoped], controllers });
  const isRejected = async (metadata) => ((await rejection(metadata)) === 'boots' ? 'boots' : 'rejected');
  answers.scopedGuard = await isRejected(own({ provide: APP_GUARD, useClass: LoggingGuard }));
  answers.scopedAlias = await isRejected(
    own({ provide: APP_GUARD, useExisting: LoggingGuard }, LoggingGuard),
  );
  answers.transientGuard = await isRejected(own({ provide: APP_GUARD, useClass: TransientGuard }));
  answers.testing = await askTesting(await createAdapter(adapter));
  const graphql = { create, rejection, options, bearer: bearer.headers, admin: admin.headers, handler };
  Object.assign(answers, await askGraphql(graphql).catch(({ message }) => ({ graphql: message })));
  const callers = { create, emulator, options, handler, findPort };
  Object.assign(answers, await askCallers(callers).catch(({ message }) => ({ callers: message })));
  await emulator.close();
  return answers;
}

// Older Nest tells a plain WebSocket nothing of a rejection; what counts is that the message is not handled.
async function askSocket(url, headers = {}) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/news`, { headers });
  await new Promise((resolve) => socket.once('open', resolve));
  const silence = new Promise((resolve) => setTimeout(resolve, 1000, ''));
  const answer = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
  socket.send(JSON.stringify({ event: 'read' }));
  const text = await Promise.race([answer, silence]);
  socket.close();
  return text.includes('"news"') ? 'news' : 'rejected';
}

async function askMicroservice(options) {
  const port = await findPort();
  const address = { transport: Transport.TCP, options: { host: '127.0.0.1', port } };
  const metadata = { imports: [DescopeModule.forRoot(options)], controllers: [NotesController] };
  const app = await NestFactory.createMicroservice(toModule(metadata), {
    ...address,
    logger: false,
    abortOnError: false,
  });
  await app.listen();
  const client = ClientProxyFactory.create(address);
  const answer = await firstValueFrom(
    client.send('list', {}).pipe(
      timeout(5000),
      catchError((error) => of(error)),
    ),
  );
  client.close();
  await app.close();
  return answer.code ?? JSON.stringify(answer);
}

async function askTesting(adapter) {
  const descope = createTestDescope();
  const metadata = { imports: [DescopeModule.forRoot()], controllers: [ShopController] };
  const module = await descope.override(Test.createTestingModule(metadata)).compile();
  const app = module.createNestApplication(adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const answers = await Promise.all(
    [{}, descope.as({ roles: ['admin'] }).bearer].map((headers) => fetch(`${url}/admin`, { headers })),
  );
  await app.close();
  return answers.map(({ status }) => status).join(' ');
}

async function findPort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

run(process.argv[2]).then(
  (answers) => {
    console.log(JSON.stringify(answers));
    process.exit(0);
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
