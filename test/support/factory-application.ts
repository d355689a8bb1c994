// Starts an application as `main.ts` does: by Nest's own factory, which knows more of a boot than the testing module.
import type { INestApplication, LogLevel, LoggerService, ModuleMetadata, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Server } from 'node:http';
import { ask } from './application.js';
import type { AdapterName, RunningApplication } from './application.js';

/** How an application shall be created. */
export interface CreateOptions {
  /** Adds what a `main.ts` would, before the application listens. */
  readonly configure?: (app: INestApplication<Server>) => unknown;
  /** Takes what is logged. Default: nothing is logged. */
  readonly logger?: LoggerService | LogLevel[];
}

/** Makes a root module of these parts, as a class that decorators were written on. */
export function toRootModule(metadata: ModuleMetadata): Type {
  class AppModule {}
  Module(metadata)(AppModule);
  return AppModule;
}

/** Creates an application by `NestFactory.create`, and lets it listen on a free port. */
export async function create(
  adapter: AdapterName,
  metadata: ModuleMetadata,
  options: CreateOptions = {},
): Promise<RunningApplication> {
  const { configure = () => undefined, logger } = options;
  const http = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create<INestApplication<Server>>(toRootModule(metadata), http, {
    logger: logger ?? false,
    abortOnError: false,
  });
  try {
    await configure(app);
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return { app, url, request: (path, init) => ask(url + path, init), close: () => app.close() };
}
