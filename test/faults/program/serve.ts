// The application under test: a real one, on a port, until it is told to end.
import './controls.js';
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { CurrentUser, DescopeModule, DescopeUser, OptionalAuth, Public } from 'nestjs-descope';

/** What the process is started with. */
export interface ApplicationOrder {
  readonly adapter: 'express' | 'fastify';
  readonly options: DescopeModuleOptions;
  /** Who closes at SIGTERM: Nest's hooks, or a handler of the application, which then must end by itself. */
  readonly closing: 'hooks' | 'handler';
}

@Controller()
class FaultsController {
  #running = 0;

  @Get('me')
  me(@CurrentUser() user: DescopeUser) {
    return { id: user.id };
  }

  @OptionalAuth()
  @Get('maybe')
  maybe(@CurrentUser() user: DescopeUser | undefined) {
    return { id: user?.id ?? null };
  }

  @Public()
  @Get('open')
  open() {
    return { running: this.#running };
  }

  @Get('slow/:ms')
  async slow(@Param('ms') ms: string) {
    this.#running += 1;
    await sleep(Number(ms));
    this.#running -= 1;
    return { isAnswered: true };
  }
}

const order = JSON.parse(process.env['FAULTS_APPLICATION'] ?? '') as ApplicationOrder;

@Module({ imports: [DescopeModule.forRoot(order.options)], controllers: [FaultsController] })
class FaultsModule {}

const adapter = order.adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
const app = await NestFactory.create(FaultsModule, adapter, { logger: ['error', 'warn'] });
if (order.closing === 'hooks') app.enableShutdownHooks();
else process.once('SIGTERM', () => void app.close());
await app.listen(0, '127.0.0.1');
process.send?.({ url: await app.getUrl() });
