// A Nest application on either adapter; it does not listen yet.
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { Server } from 'node:http';
import { AppModule } from '../app.module.js';
import type { EmbeddedDescope } from '../embedded/embedded-descope.js';
import { setSafeHeaders } from './safe-headers.js';
import type { AdapterName } from './settings.js';

export type Application = INestApplication<Server>;

/** Makes the application; what it logs is kept back until `flushLogs()`. */
export async function createApplication(
  adapter: AdapterName,
  embedded: EmbeddedDescope | undefined,
): Promise<Application> {
  const app = await NestFactory.create<Application>(AppModule.on(embedded), await createAdapter(adapter), {
    logger: ['warn', 'error', 'fatal'],
    abortOnError: false, // main says what went wrong, in one message …
    bufferLogs: true, // … without Nest's stack trace beside it
    autoFlushLogs: false,
  });
  return app.use(setSafeHeaders);
}

// Only the adapter in use is loaded.
async function createAdapter(name: AdapterName): Promise<AbstractHttpAdapter> {
  if (name === 'fastify') {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    return new FastifyAdapter();
  }
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  const express = new ExpressAdapter();
  express.disable('x-powered-by');
  return express;
}
