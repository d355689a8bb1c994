// Asks gateways behind Socket.IO, with guards of their own and without: Nest 11 asks no global guard about messages.
import 'reflect-metadata';
import { UseGuards } from '@nestjs/common';
import type { LoggerService, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AuthGuard, CurrentUser, DescopeModule, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { io } from 'socket.io-client';

@UseGuards(AuthGuard)
@WebSocketGateway()
class GuardedGateway {
  @SubscribeMessage('who')
  who(@CurrentUser('id') id: string) {
    return { event: 'answer', data: { id } };
  }

  @Roles('admin')
  @SubscribeMessage('remove')
  remove() {
    return { event: 'answer', data: { id: 'removed' } };
  }

  @Public()
  @SubscribeMessage('open')
  open() {
    return { event: 'answer', data: { id: 'open' } };
  }
}

@WebSocketGateway()
class PlainGateway {
  @SubscribeMessage('plain')
  plain() {
    return { event: 'answer', data: { id: 'plain' } };
  }
}

@WebSocketGateway()
class DemandingGateway {
  @Roles('admin')
  @SubscribeMessage('demanding')
  demanding() {
    return { event: 'answer', data: { id: 'demanding' } };
  }
}

const descope = createTestDescope();

async function listen(gateways: Type[]) {
  const notices: string[] = [];
  const none = () => undefined;
  const warn = (message: unknown) =>
    void notices.push(String(message).replace(/: .* messages of (.*?): .*/, ': $1'));
  const logger: LoggerService = { log: none, error: none, warn };
  const imports = [DescopeModule.forRoot({ publicOrigin: 'https://app.example.com', audience: null })];
  const builder = descope.override(Test.createTestingModule({ imports, providers: gateways }));
  const app = (await builder.setLogger(logger).compile()).createNestApplication({ logger });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  return { notices, url: `http://127.0.0.1:${port}`, close: () => app.close() };
}

function ask(url: string, event: string, shown: { headers?: Record<string, string>; token?: string } = {}) {
  return new Promise<string | undefined>((resolve) => {
    const { headers: extraHeaders = {}, token } = shown;
    const socket = io(url, { extraHeaders, auth: { token }, transports: ['websocket'], reconnection: false });
    socket.onAny((_event: string, data: { id?: string; code?: string }) => {
      socket.close();
      resolve(data.id ?? data.code);
    });
    socket.once('connect_error', (error) => resolve(error.message));
    socket.emit(event, {});
  });
}

async function check(): Promise<void> {
  const { notices, url, close } = await listen([GuardedGateway, PlainGateway]);
  const anna = descope.as({ sub: 'U2anna' });
  const from = (origin: string) => ({ headers: { ...anna.cookie, origin } });
  const answers = {
    open: await ask(url, 'open'),
    nobody: await ask(url, 'who'),
    bearer: await ask(url, 'who', { headers: anna.bearer }),
    auth: await ask(url, 'who', { token: anna.token }),
    tampered: await ask(url, 'who', { headers: descope.tampered().bearer }),
    plainUser: await ask(url, 'remove', { headers: anna.bearer }),
    admin: await ask(url, 'remove', { headers: descope.as({ roles: ['admin'] }).bearer }),
    ownPage: await ask(url, 'who', from('https://app.example.com')),
    foreignPage: await ask(url, 'who', from('https://evil.example')),
    noPage: await ask(url, 'who', { headers: anna.cookie }),
    unguarded: await ask(url, 'plain'),
  };
  await close();
  const demanding = await listen([DemandingGateway]).then(
    (started) => started.close().then(() => 'started'),
    ({ code }: { code: string }) => code,
  );
  console.log(JSON.stringify({ answers, notices, demanding }));
}

void check();
