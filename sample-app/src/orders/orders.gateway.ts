// Orders over a WebSocket: who is not signed in is not let in, and each message is asked as a route is.
import type { IncomingMessage } from 'node:http';
import { UseGuards } from '@nestjs/common';
import type { OnGatewayConnection } from '@nestjs/websockets';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AuthGuard, CurrentUser, Roles } from 'nestjs-descope';
import { DescopeSockets } from 'nestjs-descope/websockets';
import { OrdersService } from './orders.service.js';

const MAX_BYTES = 16 * 1024; // ws itself would take 100 MB in one message

@UseGuards(AuthGuard) // Nest 11 does not ask the global guard about messages
@WebSocketGateway({ path: '/live', maxPayload: MAX_BYTES })
export class OrdersGateway implements OnGatewayConnection {
  constructor(
    private readonly sockets: DescopeSockets,
    private readonly service: OrdersService,
  ) {}

  /** Nest asks no guard here. A client without a session is closed; any other stays as long as its session. */
  async handleConnection(client: object, request: IncomingMessage) {
    await this.sockets.accept(client, request);
  }

  /** No decorator: any signed-in user. */
  @SubscribeMessage('orders')
  list(@CurrentUser('username') customer: string) {
    return { event: 'orders', data: this.service.listOf(customer) };
  }

  /** Takes `{ "id": "1" }`. */
  @Roles('admin')
  @SubscribeMessage('cancel')
  cancel(@MessageBody('id') id: unknown) {
    return { event: 'cancel', data: this.service.cancel(id) };
  }
}
