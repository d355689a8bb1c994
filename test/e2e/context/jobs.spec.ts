// DescopeBullModule without a Redis: what the boot refuses, what it leaves alone, and how a job's caller is read.
import { describe, expect, it } from '@jest/globals';
import { BullModule, getQueueToken, InjectQueue } from '@nestjs/bullmq';
import { Controller, Inject, Post } from '@nestjs/common';
import { DescopeModule } from 'nestjs-descope';
import { DescopeBullModule, readJobCaller } from 'nestjs-descope/bullmq';
import { DescopeContext } from 'nestjs-descope/context';
import { createTestDescope } from 'nestjs-descope/testing';
import { ADAPTERS, start } from '../../support/application.js';

const descope = createTestDescope();

interface QueueDouble {
  add(...values: readonly unknown[]): Promise<void>;
}

@Controller('reports')
class ReportsController {
  constructor(
    @InjectQueue('reports') private readonly queue: QueueDouble,
    @Inject(DescopeContext) private readonly context: DescopeContext,
  ) {}

  @Post()
  async order() {
    await this.queue.add('monthly', { month: 'May' });
    return this.context.carry();
  }
}

describe.each(ADAPTERS)('An application on %s with DescopeBullModule', (adapter) => {
  it('is refused without BullModule, and without DescopeModule', async () => {
    const withoutQueues = start(
      adapter,
      { imports: [DescopeModule.forRoot(), DescopeBullModule] },
      { override: (builder) => descope.override(builder) },
    );
    await expect(withoutQueues).rejects.toMatchObject({
      code: 'CONFIG_MODULE_MISSING',
      message: expect.stringContaining('no module imports BullModule'),
    });
    const withoutGuard = start(
      adapter,
      { imports: [BullModule.registerQueue({ name: 'reports' }), DescopeBullModule] },
      { override: (builder) => builder.overrideProvider(getQueueToken('reports')).useValue({}) },
    );
    await expect(withoutGuard).rejects.toMatchObject({
      code: 'CONFIG_MODULE_MISSING',
      message: expect.stringContaining('no module imports DescopeModule'),
    });
  });

  it('has DescopeContext, and leaves a double of a queue as it is', async () => {
    const calls: unknown[] = [];
    const double = new Proxy<QueueDouble>(
      { add: (...values) => Promise.resolve(void calls.push(values)) },
      { get: (target, name) => Reflect.get(target, name) ?? (name === 'then' ? undefined : () => undefined) },
    );
    const add = Reflect.get(double, 'add');
    const imports = [
      BullModule.registerQueue({ name: 'reports' }),
      DescopeBullModule,
      DescopeModule.forRoot(),
    ];
    const application = await start(
      adapter,
      { imports, controllers: [ReportsController] },
      {
        override: (builder) =>
          descope.override(builder).overrideProvider(getQueueToken('reports')).useValue(double),
      },
    );
    try {
      const { bearer } = descope.as({ sub: 'U2ada' });
      const answer = await application.request('/reports', { method: 'POST', headers: bearer });
      expect(answer.body).toEqual({ id: 'U2ada', kind: 'user' });
      expect(calls).toEqual([['monthly', { month: 'May' }]]);
      expect(Reflect.get(double, 'add')).toBe(add);
    } finally {
      await application.close();
    }
  });
});

describe('readJobCaller', () => {
  const carried = { 'nestjs-descope:caller': { id: 'U2ada', kind: 'user' } };

  it('reads who ordered a job, as runAs() takes it', () => {
    expect(readJobCaller({ opts: carried })).toEqual({ id: 'U2ada', kind: 'user' });
    for (const opts of [undefined, {}, { 'nestjs-descope:caller': null }])
      expect(readJobCaller({ opts })).toBeUndefined();
  });

  it('reads nobody from a job of a scheduler, whatever its template had', () => {
    expect(readJobCaller({ opts: carried, repeatJobKey: 'clock' })).toBeUndefined();
    expect(readJobCaller({ opts: { ...carried, repeatJobKey: 'clock' } })).toBeUndefined();
    expect(readJobCaller({ opts: { ...carried, repeat: { every: 1000 } } })).toBeUndefined();
  });

  it('rejects what carry() cannot have returned with CALLER_INVALID', () => {
    const opts = JSON.parse(
      '{ "nestjs-descope:caller": { "id": "U2ada", "kind": "user", "roles": ["admin"] } }',
    ) as object;
    expect(() => readJobCaller({ opts })).toThrow(expect.objectContaining({ code: 'CALLER_INVALID' }));
  });
});
