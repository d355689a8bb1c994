// What needs no bridge: listeners of @nestjs/event-emitter, and applications with nestjs-cls.
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Post } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { ClsModule, ClsService } from 'nestjs-cls';
import { DescopeModule, Public } from 'nestjs-descope';
import { DescopeContext, DescopeContextModule } from 'nestjs-descope/context';
import { createTestDescope } from 'nestjs-descope/testing';
import { ADAPTERS, start } from '../../support/application.js';

const descope = createTestDescope();
const users = Array.from({ length: 20 }, (_item, index) => `U2caller${index}`);

interface Ordered {
  readonly hear: (id: string | undefined) => void;
}

@Injectable()
class OrderListener {
  constructor(@Inject(DescopeContext) private readonly context: DescopeContext) {}

  @OnEvent('ordered')
  now({ hear }: Ordered) {
    hear(this.context.current()?.id);
  }

  @OnEvent('ordered')
  async soon({ hear }: Ordered) {
    await Promise.resolve();
    hear(this.context.current()?.id);
  }

  @OnEvent('ordered', { async: true })
  async later({ hear }: Ordered) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    hear(this.context.current()?.id);
  }
}

@Controller()
class OrdersController {
  constructor(
    @Inject(EventEmitter2) private readonly events: EventEmitter2,
    @Inject(ClsService) private readonly cls: ClsService,
    @Inject(DescopeContext) private readonly context: DescopeContext,
  ) {}

  @Post('orders')
  async order() {
    const heard: (string | undefined)[] = [];
    await this.events.emitAsync('ordered', { hear: (id: string | undefined) => heard.push(id) });
    // Nothing awaits a listener with `async: true`.
    for (let turn = 0; heard.length < 3 && turn < 500; turn++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    return { heard };
  }

  @Get('cls')
  async read() {
    this.cls.set('own', this.context.current()?.id);
    await new Promise((resolve) => setTimeout(resolve, 2));
    return { own: this.cls.get<string>('own'), id: this.context.current()?.id };
  }

  @Public()
  @Get('open')
  open() {
    return { isActive: this.cls.isActive(), id: this.context.current()?.id ?? null };
  }
}

describe.each(ADAPTERS)('Beside @nestjs/event-emitter and nestjs-cls, on %s, DescopeContext', (adapter) => {
  it('says who acts to listeners, and beside the store of nestjs-cls', async () => {
    const metadata = {
      imports: [
        ClsModule.forRoot({ global: true, middleware: { mount: true } }),
        DescopeModule.forRoot(),
        DescopeContextModule,
        EventEmitterModule.forRoot(),
      ],
      controllers: [OrdersController],
      providers: [OrderListener],
    };
    const application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
    const ask = async (path: string, method: 'GET' | 'POST') =>
      Promise.all(
        users.map(async (sub) => {
          const { bearer } = descope.as({ sub });
          return (await application.request(path, { method, headers: bearer })).body;
        }),
      );
    try {
      expect(await ask('/orders', 'POST')).toEqual(users.map((id) => ({ heard: [id, id, id] })));
      expect(await ask('/cls', 'GET')).toEqual(users.map((id) => ({ own: id, id })));
      expect((await ask('/open', 'GET'))[0]).toEqual({ isActive: true, id: null });
    } finally {
      await application.close();
    }
  });
});
