// What brokers' messages carry, read through Nest's own contexts.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, UseGuards } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  KafkaContext,
  MessagePattern,
  MqttContext,
  NatsContext,
  RedisContext,
  RmqContext,
  RpcException,
  TcpContext,
} from '@nestjs/microservices';
import { AuthGuard, DescopeModule, Tenant } from 'nestjs-descope';
import { microserviceTransport } from 'nestjs-descope/microservices';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';

@UseGuards(AuthGuard)
@Controller()
class MessageController {
  @MessagePattern('closed')
  closed() {}

  @Tenant({ from: 'param:tenant' })
  @MessagePattern('tenant')
  tenant() {}
}

type Named = Readonly<Record<string, unknown>>;

// As the clients of NATS hold them: pairs of a name and its values.
const toNats = (headers: Named) =>
  new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat()]));

const CARRIERS: readonly (readonly [name: string, toContext: (headers: Named) => object])[] = [
  ['NATS', (headers) => new NatsContext(['closed', toNats(headers)])],
  ['Kafka', (headers) => new KafkaContext([{ headers }, 0, 'closed'] as never)],
  ['RabbitMQ', (headers) => new RmqContext([{ properties: { headers } }, {}, 'closed'])],
  ['MQTT 5', (headers) => new MqttContext(['closed', { properties: { userProperties: headers } }])],
];

describe.each(CARRIERS)('AuthGuard before messages of %s', (_name, toContext) => {
  const descope = createTestDescope();
  const ann = descope.as({ sub: 'ann', tenants: { acme: {} } });
  let application: RunningApplication;
  beforeAll(async () => {
    application = await start(
      'express',
      {
        imports: [DescopeModule.forRoot({ transports: [microserviceTransport] })],
        controllers: [MessageController],
      },
      { override: (builder) => descope.override(builder) },
    );
  });
  afterAll(() => application.close());

  const decide = async (
    carrier: unknown,
    data: unknown = {},
    handler: keyof MessageController = 'closed',
  ) => {
    const context = new ExecutionContextHost(
      [data, carrier],
      MessageController,
      MessageController.prototype[handler],
    );
    context.setType('rpc');
    return application.app.get(AuthGuard).canActivate(context);
  };
  const rejectedWith = async (code: string, carrier: unknown, data?: unknown) => {
    const error: unknown = await decide(carrier, data).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RpcException);
    expect((error as RpcException).getError()).toMatchObject({ status: 'error', code });
  };

  it('accepts a bearer token in its headers, however the name is written', async () => {
    for (const name of ['authorization', 'Authorization'])
      await expect(decide(toContext({ [name]: ann.bearer.authorization }))).resolves.toBe(true);
  });

  it('rejects nobody, a bad token and two of them', async () => {
    await rejectedWith('SESSION_MISSING', toContext({}));
    await rejectedWith('TOKEN_EXPIRED', toContext(descope.expired().bearer));
    await rejectedWith(
      'CREDENTIAL_MALFORMED',
      toContext({ authorization: [ann.bearer.authorization, 'Bearer x'] }),
    );
    const spelled = { authorization: ann.bearer.authorization, Authorization: 'Bearer x' };
    await rejectedWith('CREDENTIAL_MALFORMED', toContext(spelled));
  });

  it('takes no cookie, and no token from a payload', async () => {
    await rejectedWith('SESSION_MISSING', toContext(ann.cookie));
    const payload = { headers: ann.bearer, metadata: { get: 1, ...ann.bearer }, ...ann.bearer };
    await rejectedWith('SESSION_MISSING', toContext({}), payload);
    await rejectedWith('SESSION_MISSING', undefined, payload);
  });

  it('reads a parameter from the payload', async () => {
    const message = toContext(ann.bearer);
    await expect(decide(message, { tenant: 'acme' }, 'tenant')).resolves.toBe(true);
    await expect(decide(message, { tenant: 'other' }, 'tenant')).rejects.toBeInstanceOf(RpcException);
  });

  it('rejects what has no headers', async () => {
    await rejectedWith('SESSION_MISSING', new RedisContext(['closed']));
    await rejectedWith('SESSION_MISSING', new TcpContext([{} as never, 'closed']));
  });
});

describe('A header of Kafka', () => {
  it('may be bytes', () => {
    const headers = { authorization: Buffer.from('Bearer abc') };
    const context = new ExecutionContextHost([{}, new KafkaContext([{ headers }, 0, 'closed'] as never)]);
    context.setType('rpc');
    expect(microserviceTransport.findRequest(context)).toEqual({ headers: { authorization: 'Bearer abc' } });
  });
});
