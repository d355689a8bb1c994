// What the package promises about who acts: services, jobs of BullMQ, limits, alternatives, relations, bound tokens, connections.
const { spawn } = require('node:child_process');
const { Controller, Get, Inject, Param, Post } = require('@nestjs/common');
const { APP_GUARD } = require('@nestjs/core');
const { BullModule, Processor, WorkerHost, getQueueToken } = require('@nestjs/bullmq');
const { ThrottlerModule } = require('@nestjs/throttler');
const { DescopeModule, Roles } = require('nestjs-descope');
const { AnyOf } = require('nestjs-descope/access');
const { DescopeBullModule } = require('nestjs-descope/bullmq');
const { DescopeContext } = require('nestjs-descope/context');
const { Dpop } = require('nestjs-descope/dpop');
const { DescopeFga, DescopeFgaModule } = require('nestjs-descope/fga');
const { ConnectionToken, DescopeOnBehalfModule } = require('nestjs-descope/on-behalf');
const { instrumentDescope } = require('nestjs-descope/otel');
const { DescopeThrottlerGuard } = require('nestjs-descope/throttler');

/** What the emulator has for it: Bob may view the plan, and nobody has connected a calendar. */
exports.SEED = {
  fga: {
    schema: 'model AuthZ 1.0\n\ntype user\n\ntype doc\n  relation viewer: user\n',
    relations: [
      { resourceType: 'doc', resource: 'plan', relation: 'viewer', targetType: 'user', target: 'U2bob' },
    ],
  },
  outboundApps: [{ id: 'calendar' }],
};

/** Asks an application over HTTP who acts, and waits for the job that it orders. */
exports.askCallers = async function askCallers({ create, emulator, options, handler, findPort }) {
  const jobs = [];
  class Reports extends WorkerHost {
    async process(job) {
      await Promise.resolve();
      jobs.push([job.name, this.context.current()?.id ?? 'nobody'].join(' '));
    }
  }
  Inject(DescopeContext)(Reports.prototype, 'context');
  Processor('reports')(Reports);

  class CallersController {
    who() {
      return { is: this.context.current()?.id };
    }
    async order(name) {
      await this.queue.add(name, {});
      return { is: 'ordered' };
    }
    either() {}
    bound() {}
    connected() {}
    async related() {
      const question = { resourceType: 'doc', resource: 'plan', relation: 'viewer' };
      return { is: await this.fga.check(this.context.current(), question) };
    }
  }
  Inject(DescopeContext)(CallersController.prototype, 'context');
  Inject(DescopeFga)(CallersController.prototype, 'fga');
  Inject(getQueueToken('reports'))(CallersController.prototype, 'queue');
  Param('name')(CallersController.prototype, 'order', 0);
  ConnectionToken('calendar')(CallersController.prototype, 'connected', 0);
  handler(CallersController, 'who', Get('who'));
  handler(CallersController, 'order', Post('order/:name'));
  handler(CallersController, 'either', AnyOf(Roles('admin'), Roles('editor')), Get('either'));
  handler(CallersController, 'bound', Dpop(), Get('bound'));
  handler(CallersController, 'connected', Get('connected'));
  handler(CallersController, 'related', Get('related'));
  Controller()(CallersController);

  const redis = await startRedis(await findPort());
  const app = await create({
    imports: [
      DescopeModule.forRoot({
        ...options,
        managementKey: emulator.managementKey,
        publicOrigin: 'http://127.0.0.1',
        dpop: { replay: 'per-instance' },
      }),
      DescopeFgaModule,
      DescopeOnBehalfModule.forRoot({}),
      DescopeBullModule,
      BullModule.forRoot({ connection: { host: '127.0.0.1', port: redis.port } }),
      BullModule.registerQueue({ name: 'reports' }),
      ThrottlerModule.forRoot([{ ttl: 60_000, limit: 3 }]), // of each handler
    ],
    controllers: [CallersController],
    providers: [Reports, { provide: APP_GUARD, useClass: DescopeThrottlerGuard }],
  });
  const telemetry = instrumentDescope();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const toHeaders = async (sub) => {
    const token = await emulator.signToken({ claims: { sub, amr: ['email'] } });
    return { authorization: `Bearer ${token}` };
  };
  const [ada, bob] = await Promise.all(['U2ada', 'U2bob'].map(toHeaders));
  const ask = async (path, headers = ada, method = 'GET') => {
    const response = await fetch(url + path, { method, headers });
    const text = await response.text();
    const found = /"(?:code|is)":"?(\w+)/.exec(text)?.[1];
    return [response.status, found].filter(Boolean).join(' ');
  };
  try {
    const answers = { context: await ask('/who') };
    await ask('/who');
    await ask('/who');
    answers.throttled = `${await ask('/who')}, ${await ask('/who', bob)}`;
    answers.anyOf = await ask('/either');
    answers.dpop = await ask('/bound');
    answers.onBehalf = await ask('/connected');
    answers.fga = `${await ask('/related')}, ${await ask('/related', bob)}`;
    await ask('/order/monthly', bob, 'POST');
    for (let turn = 0; jobs.length === 0 && turn < 100; turn += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    answers.job = jobs.join(', ');
    return answers;
  } finally {
    telemetry.stop();
    await app.close();
    redis.stop();
  }
};

async function startRedis(port) {
  const child = spawn('redis-server', [
    '--port',
    port,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
  ]);
  process.once('exit', () => child.kill()); // also where the boot fails
  let output = '';
  await new Promise((resolve, reject) => {
    child.once('error', reject); // it is not installed
    child.once('exit', () => reject(new Error(output)));
    child.stdout.on('data', (chunk) => (output += chunk).includes('Ready to accept') && resolve());
  });
  return { port, stop: () => child.kill() };
}
