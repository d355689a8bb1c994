// A Nest application on either adapter; it does not listen yet.
import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { AppModule } from '../app.module.js';
import type { Surroundings } from '../descope-options.js';
import { addServerSession } from '../sessions/server-session.js';
import { addApiDocs } from './api-docs.js';
import { RunningApplication } from './running-application.js';
import { setSafeHeaders } from './safe-headers.js';
import type { AdapterName, Settings } from './settings.js';

export type Application = INestApplication<Server>;

/** Makes the application; what it logs is kept back until `flushLogs()`. */
export async function createApplication(
  settings: Settings,
  surroundings: Surroundings,
): Promise<Application> {
  const module = AppModule.on(settings, surroundings);
  const app = await NestFactory.create<Application>(module, await createAdapter(settings.adapter), {
    logger: ['warn', 'error', 'fatal'],
    abortOnError: false, // main says what went wrong, in one message …
    bufferLogs: true, // … without Nest's stack trace beside it
    autoFlushLogs: false,
  });
  app.useWebSocketAdapter(new WsAdapter(app));
  app.use(setSafeHeaders);
  if (settings.sessionStore === 'request-session') await addServerSession(app, settings, surroundings.redis);
  addApiDocs(app);
  app.get(RunningApplication).set(app, settings);
  return app;
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
