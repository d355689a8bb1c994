// A WebSocket gateway: a client without a session is closed, and each message has its own demand.
import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import type { OnGatewayConnection } from '@nestjs/websockets';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AuthGuard, CurrentUser, DescopeModule, Roles } from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';
import { DescopeSockets } from 'nestjs-descope/websockets';

const { PORT = '3000', EMULATOR_PORT = '4400' } = process.env;

const emulator = await startEmulator({
  port: Number(EMULATOR_PORT),
  seed: {
    roles: [{ name: 'admin' }],
    users: [{ loginId: 'ada@example.com', roles: ['admin'] }, { loginId: 'carol@example.com' }],
  },
});

@UseGuards(AuthGuard) // Nest 11 does not ask the global guard about messages
@WebSocketGateway({ path: '/live' })
class OrdersGateway implements OnGatewayConnection {
  constructor(private readonly sockets: DescopeSockets) {}

  /** Closes a client without a session with 1008, and any other when its session ends. */
  async handleConnection(client: object, request: IncomingMessage) {
    await this.sockets.accept(client, request);
  }

  @SubscribeMessage('orders') // no decorator: any signed-in user
  orders(@CurrentUser('username') customer: string) {
    return { event: 'orders', data: [{ id: '1', customer }] };
  }

  @Roles('admin')
  @SubscribeMessage('cancel')
  cancel() {
    return { event: 'cancel', data: true };
  }
}

@Module({
  imports: [DescopeModule.forRoot({ projectId: emulator.projectId, baseUrl: emulator.url, audience: null })],
  providers: [OrdersGateway],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
app.useWebSocketAdapter(new WsAdapter(app));
await app.listen(Number(PORT), '127.0.0.1');
console.log(await app.getUrl());
