// One instance of an application in a process of its own, which notes when it heard of a sign-out and whom it accepted.
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  CurrentSession,
  CurrentUser,
  DescopeHealthIndicator,
  DescopeModule,
  DescopeRevocations,
  Public,
} from 'nestjs-descope';
import { redisChannel } from 'nestjs-descope/redis';
import { createClient } from 'redis';

const { redisUrl, options, tokensFile } = JSON.parse(process.env.REACH_INSTANCE);
const tokens = JSON.parse(readFileSync(tokensFile, 'utf8'));
const client = createClient({
  url: redisUrl,
  socket: { reconnectStrategy: (tries) => Math.min(50 * tries, 500) },
});
client.on('error', () => undefined);
client.connect().catch(() => undefined); // not awaited: the server may be down when the application starts

const now = () => performance.timeOrigin + performance.now(); // the same for all processes of a machine
const toIndex = (id) => Number(id.slice('U2reach'.length));
const startedAt = new Float64Array(tokens.length); // when a sign-out arrived here
const heardAt = new Float64Array(tokens.length);
let acceptedAfterHeard = 0;

class AppController {
  me({ id }) {
    if (heardAt[toIndex(id)] !== 0) acceptedAfterHeard += 1;
    return { id };
  }

  async signOut(session) {
    startedAt[toIndex(session.user.id)] = now();
    return app.get(DescopeRevocations).revokeSession(session);
  }

  health() {
    return app.get(DescopeHealthIndicator).isHealthy();
  }
}
decorate('me', [Get('me')], [CurrentUser()]);
decorate('signOut', [Post('sign-out')], [CurrentSession()]);
decorate('health', [Get('health'), Public()]);
Controller()(AppController);

class AppModule {}
const channel = redisChannel(client);
Module({
  imports: [DescopeModule.forRoot({ ...options, shared: { channel, ...options.shared } })],
  controllers: [AppController],
})(AppModule);
const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
watchRevocations(app.get('nestjs-descope:sessions').revocations);
await app.listen(0, '127.0.0.1');
process.on('message', () =>
  process.send({ startedAt: [...startedAt], heardAt: [...heardAt], acceptedAfterHeard }),
);
process.once('disconnect', () => process.exit());
process.send({ port: app.getHttpServer().address().port });

// Called within the very step that merges what was heard: whatever is accepted later was accepted after it was heard.
function watchRevocations(revocations) {
  for (const [index, token] of tokens.entries()) {
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
    revocations.watch(token, claims, () => (heardAt[index] = now()));
  }
}

function decorate(name, decorators, parameters = []) {
  const descriptor = Object.getOwnPropertyDescriptor(AppController.prototype, name);
  for (const decorator of decorators) decorator(AppController.prototype, name, descriptor);
  parameters.forEach((decorator, index) => decorator(AppController.prototype, name, index));
}
