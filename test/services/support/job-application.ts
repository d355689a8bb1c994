// An application whose routes order jobs of BullMQ, and whose processors write down who acts in them.
import { expect } from '@jest/globals';
import {
  BullModule,
  InjectFlowProducer,
  InjectQueue,
  OnWorkerEvent,
  Processor,
  WorkerHost,
} from '@nestjs/bullmq';
import type { Type } from '@nestjs/common';
import { Controller, Inject, Injectable, Param, Post, Scope } from '@nestjs/common';
import type { FlowProducer, Job, Queue, Telemetry } from 'bullmq';
import { DescopeModule, OptionalAuth, Public } from 'nestjs-descope';
import { DescopeBullModule } from 'nestjs-descope/bullmq';
import { DescopeContext } from 'nestjs-descope/context';
import type { TestDescope } from 'nestjs-descope/testing';
import type { AdapterName, RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';

/** A job that ran. */
export interface Seen {
  readonly job: string;
  readonly caller: unknown;
  readonly attempt: number;
}

/** Who acted where. */
@Injectable()
export class Notes {
  readonly seen: Seen[] = [];
  /** Events of workers. */
  readonly heard: (readonly [event: string, job: string, id: string | undefined])[] = [];

  constructor(@Inject(DescopeContext) readonly context: DescopeContext) {}

  note({ name, attemptsMade }: Job): void {
    this.seen.push({ job: name, caller: this.context.current() ?? null, attempt: attemptsMade });
  }
}

@Controller()
class ReportsController {
  constructor(
    @InjectQueue('reports') private readonly queue: Queue,
    @InjectFlowProducer('flows') private readonly flows: FlowProducer,
  ) {}

  @Post('add/:name')
  async add(@Param('name') name: string) {
    await this.queue.add(name, { month: 'May' }, { attempts: 2 });
  }

  @Post('bulk')
  async bulk() {
    await this.queue.addBulk([
      { name: 'bulk-1', data: {} },
      { name: 'bulk-2', data: {}, opts: { delay: 50 } },
    ]);
  }

  @Post('flow')
  async flow() {
    const children = [{ name: 'child', queueName: 'reports', opts: { priority: 2 } }];
    await this.flows.add({ name: 'parent', queueName: 'reports', children });
    await this.flows.addBulk([{ name: 'other-parent', queueName: 'reports' }]);
  }

  @Post('schedule')
  async schedule() {
    await this.queue.upsertJobScheduler('clock', { every: 200, limit: 3 }, { name: 'tick', data: {} });
  }

  @Public()
  @Post('open/:name')
  async open(@Param('name') name: string) {
    await this.add(name);
  }

  @OptionalAuth()
  @Post('optional/:name')
  async optional(@Param('name') name: string) {
    await this.add(name);
  }
}

@Processor('reports', { concurrency: 5 })
class ReportsProcessor extends WorkerHost {
  constructor(
    @Inject(Notes) private readonly notes: Notes,
    @InjectQueue('reports') private readonly queue: Queue,
  ) {
    super();
  }

  async process(job: Job) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    this.notes.note(job);
    if (job.name === 'fails-once' && job.attemptsMade === 0) throw new Error('once');
    if (job.name === 'chain') await this.queue.add('link', {});
    return 'done';
  }

  @OnWorkerEvent('completed')
  completed({ name }: Job) {
    this.notes.heard.push(['completed', name, this.notes.context.current()?.id]);
  }

  @OnWorkerEvent('active')
  active({ name }: Job) {
    this.notes.heard.push(['active', name, this.notes.context.current()?.id]);
  }

  @OnWorkerEvent('drained')
  drained() {
    this.notes.heard.push(['drained', '', this.notes.context.current()?.id]);
  }
}

@Processor({ name: 'scoped', scope: Scope.REQUEST })
class ScopedProcessor extends WorkerHost {
  constructor(@Inject(Notes) private readonly notes: Notes) {
    super();
  }

  async process(job: Job) {
    await Promise.resolve();
    this.notes.note(job);
  }
}

@Controller('scoped')
class ScopedController {
  constructor(@InjectQueue('scoped') private readonly queue: Queue) {}

  @Post()
  async add() {
    await this.queue.add('scoped', {});
  }
}

/** How an application differs. */
export interface JobOptions {
  readonly prefix?: string;
  readonly telemetry?: Telemetry;
  readonly manualRegistration?: boolean;
  /** Whether it has processors. Default: `true` */
  readonly isWorker?: boolean;
  /** Queues and workers of its own, as providers. */
  readonly own?: readonly object[];
  /** What it imports in place of `DescopeBullModule`. */
  readonly module?: Type;
}

/** A running application of jobs. */
export interface JobApplication extends RunningApplication {
  readonly notes: Notes;
  readonly queue: Queue;
  post(path: string, headers: Readonly<Record<string, string>>): Promise<void>;
  /** Waits until these jobs have run. */
  seen(...names: readonly string[]): Promise<Record<string, unknown>>;
}

/** Starts an application of jobs with this Redis. */
export async function startWithJobs(
  adapter: AdapterName,
  { descope, port, ...options }: JobOptions & { readonly descope: TestDescope; readonly port: number },
): Promise<JobApplication> {
  const metadata = toMetadata(port, options);
  const application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  const notes = application.app.get(Notes);
  return {
    ...application,
    notes,
    queue: application.app.get<Queue>('BullQueue_reports'),
    post: async (path, headers) =>
      expect(await application.request(path, { method: 'POST', headers })).toMatchObject({ status: 201 }),
    seen: async (...names) => {
      const hasRun = (name: string) => notes.seen.some(({ job }) => job === name);
      await askUntil(
        () => Promise.resolve(names.every(hasRun)),
        (haveRun) => haveRun,
      );
      return Object.fromEntries(notes.seen.map(({ job, caller }) => [job, caller]));
    },
  };
}

function toMetadata(port: number, options: JobOptions) {
  const { prefix = 'bull', telemetry, manualRegistration = false } = options;
  return {
    imports: [
      options.module ?? DescopeBullModule,
      BullModule.registerQueue({ name: 'reports' }, { name: 'scoped' }),
      BullModule.registerFlowProducer({ name: 'flows' }),
      BullModule.forRoot({
        connection: { host: '127.0.0.1', port },
        prefix,
        ...(telemetry && { telemetry }),
        extraOptions: { manualRegistration },
      }),
      DescopeModule.forRoot(),
    ],
    controllers: [ReportsController, ScopedController],
    providers: [
      Notes,
      ...(options.own ?? []).map((useValue) => ({ provide: Symbol('own'), useValue })),
      ...(options.isWorker === false ? [] : [ReportsProcessor, ScopedProcessor]),
    ],
  };
}
