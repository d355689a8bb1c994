// Starts a real Nest application on a real port, on either adapter: as `main.ts` does, unless providers are overridden.
import type { Server } from 'node:http';
import type { INestApplication, LoggerService, ModuleMetadata, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { Test } from '@nestjs/testing';

export type AdapterName = 'express' | 'fastify';
export const ADAPTERS: readonly AdapterName[] = ['express', 'fastify'];

/** An application that listens, and what a test needs of it. */
export interface RunningApplication {
  readonly app: INestApplication<Server>;
  readonly url: string;
  request(path: string, init?: RequestInit): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** How an application shall be started. */
export interface StartOptions {
  /** Overrides providers, which only Nest's testing module can. */
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /** Adds middleware, versions or guards, as a `main.ts` would, before the application listens. */
  readonly configure?: (app: INestApplication<Server>) => unknown;
  /** The options of Fastify's adapter. */
  readonly fastify?: ConstructorParameters<typeof FastifyAdapter>[0];
  /** Takes what is logged. Default: nothing is logged. */
  readonly logger?: LoggerService;
}

/** Starts an application of these modules. */
export async function start(
  adapter: AdapterName,
  metadata: ModuleMetadata,
  options: StartOptions = {},
): Promise<RunningApplication> {
  const { configure = () => undefined } = options;
  const app = await create(adapter, metadata, options);
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

/** Makes a root module of these parts, as a class that `@Module()` was written on. */
export function toRootModule(metadata: ModuleMetadata): Type {
  class AppModule {}
  Module(metadata)(AppModule);
  return AppModule;
}

async function create(
  adapter: AdapterName,
  metadata: ModuleMetadata,
  { override, logger, fastify }: StartOptions,
): Promise<INestApplication<Server>> {
  const http = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(fastify);
  if (override === undefined)
    return NestFactory.create(toRootModule(metadata), http, { logger: logger ?? false, abortOnError: false });
  const builder = override(Test.createTestingModule(metadata));
  const module = await (logger === undefined ? builder : builder.setLogger(logger)).compile();
  return module.createNestApplication<INestApplication<Server>>(http, { logger: logger ?? false });
}

/** Sends a request, follows no redirect, and reads the answer. */
export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: toJson(text) };
}

function toJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
