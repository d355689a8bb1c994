// A process that serves one variant: told to start anew, to begin to watch itself, and to say what it saw.
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createModule } from './guards.mjs';
import { OneClassAdapter } from './one-class.mjs';
import { startProfiler } from './profiler.mjs';

const [adapter, variant, published, flag] = process.argv.slice(2);
const profiler = flag === '--profile' ? await startProfiler() : undefined;
const delay = monitorEventLoopDelay({ resolution: 1 });
const HTTP_ADAPTERS = {
  express: ExpressAdapter,
  'express, one hidden class': OneClassAdapter,
  fastify: FastifyAdapter,
};
let app;
let before;

const ORDERS = {
  async start() {
    await app?.close();
    app = await NestFactory.create(
      await createModule(variant, JSON.parse(published)),
      new HTTP_ADAPTERS[adapter](),
      {
        logger: ['error'],
      },
    );
    await app.listen(0, '127.0.0.1');
    return app.getHttpServer().address().port;
  },
  async watch() {
    globalThis.gc?.();
    await profiler?.restart();
    delay.reset();
    delay.enable();
    before = readMicros();
  },
  async tell() {
    const { main, all } = readMicros();
    delay.disable();
    const micros = { main: main - before.main, all: all - before.all };
    return { ...micros, delayMs: delay.percentile(99) / 1e6, frames: await profiler?.read() };
  },
};

process.on('message', async ({ order }) => {
  process.send({ order, answer: await ORDERS[order]() });
});
process.on('disconnect', () => process.exit(0));

// What the processor gave to the main thread and to the whole process. Unlike the clock, it does not count what other
// processes took. Linux alone tells the threads apart.
function readMicros() {
  const { user, system } = process.cpuUsage();
  const all = user + system;
  try {
    const [nanos] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ');
    return { main: Number(nanos) / 1000, all };
  } catch {
    return { main: all, all };
  }
}
