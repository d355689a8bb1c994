// A process that serves one application with an extra, and hands requests to it without a network.
import 'reflect-metadata';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { APPLICATIONS } from './extras.mjs';
import { toOptions } from './options.mjs';

/** @type {{ adapter: string, application: string, dist: string, published: object, tokens: string[] }} */
const { adapter, application, dist, published, tokens } = await receive();
const open = (door) => import(pathToFileURL(`${dist}/${door === '' ? '' : `${door}/`}index.js`));

const server = await startServer();
let index = 0;

process.on('message', async ({ slices, requests }) => {
  const micros = [];
  for (let slice = 0; slice < slices; slice += 1) {
    const before = readMicros();
    for (let count = 0; count < requests; count += 1) await send(tokens[index++ % tokens.length]);
    micros.push((readMicros() - before) / requests);
  }
  process.send(Math.min(...micros)); // whatever else the machine does only adds to it
});
process.on('disconnect', () => process.exit(0));
process.send('ready');

function receive() {
  return new Promise((resolve) => process.once('message', resolve));
}

async function startServer() {
  const { DescopeModule } = await open('');
  const { options, imports = [], providers = [], decorators = [] } = await APPLICATIONS[application](open);
  class OrdersController {
    list() {
      return { orders: [1, 2, 3] };
    }
  }
  Controller('orders')(OrdersController);
  const list = Object.getOwnPropertyDescriptor(OrdersController.prototype, 'list');
  for (const decorate of [Get(), ...decorators]) decorate(OrdersController.prototype, 'list', list);
  class AppModule {}
  Module({
    imports: [DescopeModule.forRoot({ ...toOptions(published), ...options }), ...imports],
    providers,
    controllers: [OrdersController],
  })(AppModule);
  const http = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create(AppModule, http, { logger: ['error'] });
  await app.init();
  await app.getHttpAdapter().getInstance().ready?.();
  return app.getHttpServer();
}

// What Node's server would hand on, with everything but the connection and the parser.
function send(token) {
  const { socket, request } = toRequest(token);
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  return new Promise((resolve, reject) => {
    response.once('finish', () => {
      if (response.statusCode === 200) resolve();
      else reject(new Error(`The application answered ${response.statusCode}.`));
    });
    server.emit('request', request, response);
  });
}

function toRequest(token) {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  socket.remoteAddress = '127.0.0.1';
  const authorization = `Bearer ${Buffer.from(token, 'latin1').latin1Slice(0, token.length)}`; // a string of its own
  const headers = { host: '127.0.0.1', 'user-agent': 'bench/1.0', accept: 'application/json', authorization };
  const request = Object.assign(new IncomingMessage(socket), {
    method: 'GET',
    url: '/orders',
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers,
    rawHeaders: Object.entries(headers).flat(),
  });
  request.push(null);
  return { socket, request };
}

// What the processor gave to the process, its garbage collector too. Unlike the clock, it does not count what others took.
function readMicros() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
