// A process that starts one Nest application with many handlers, and says what that took.
import 'reflect-metadata';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { PROJECT_ID } from './issuer.mjs';

const [mode, handlers, perController] = process.argv.slice(2);
const descope = mode === 'with' ? await import('../../../dist/esm/index.js') : undefined;
const controllers = Array.from({ length: handlers / perController }, (_, index) => toController(index));

class AppModule {}
Module({ imports: descope === undefined ? [] : [toOurs()], controllers })(AppModule);

const cpu = process.cpuUsage();
const start = performance.now();
const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: ['error'] });
await app.init();
const wall = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(JSON.stringify({ wall, cpu: (user + system) / 1000 }), () => process.exit(0));

function toOurs() {
  return descope.DescopeModule.forRoot({
    projectId: PROJECT_ID,
    fetch: async () => Response.json({ keys: [] }),
  });
}

// Of ten handlers one is open, two ask for a role, one for a permission; the others for a signed-in user.
function toController(index) {
  const type = { [`Controller${index}`]: class {} }[`Controller${index}`];
  for (let place = 0; place < perController; place += 1) toHandler(type, place);
  Controller(`resources/${index}`)(type);
  return type;
}

function toHandler({ prototype }, place) {
  const key = `read${place}`;
  prototype[key] = { [key]: (id) => ({ id }) }[key];
  const descriptor = Object.getOwnPropertyDescriptor(prototype, key);
  Get(`${place}/:id`)(prototype, key, descriptor);
  Param('id')(prototype, key, 0);
  if (descope === undefined) return;
  const { Public, Roles, Permissions } = descope;
  const demand = [Public(), Roles('admin'), Roles('editor', 'admin'), Permissions('orders:read')][place % 10];
  demand?.(prototype, key, descriptor);
}
