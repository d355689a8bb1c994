// Jobs of BullMQ in a real Redis: who ordered them, whatever way they take, and what a writer of the queue can do with it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { BullModule, BullRegistrar } from '@nestjs/bullmq';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { JobsOptions, Processor, Telemetry, WorkerOptions } from 'bullmq';
import { Queue, Worker } from 'bullmq';
import { AuthGuard } from 'nestjs-descope';
import { readJobCaller } from 'nestjs-descope/bullmq';
import type { CallerReference } from 'nestjs-descope/context';
import { DescopeContextModule } from 'nestjs-descope/context';
import { createTestDescope } from 'nestjs-descope/testing';
import { ADAPTERS } from '../support/application.js';
import { askUntil } from '../support/ask-until.js';
import type { JobApplication, JobOptions } from './support/job-application.js';
import { startWithJobs } from './support/job-application.js';
import type { Redis } from './support/redis.js';
import { startRedis } from './support/redis.js';

const descope = createTestDescope();
const ADA: CallerReference = { id: 'U2ada', kind: 'user', tenant: 'acme', actor: 'U2support' };
const ada = descope.as({
  sub: 'U2ada',
  email: 'ada@example.com',
  dct: 'acme',
  tenants: { acme: { roles: ['lead'] } },
  act: { sub: 'U2support' },
});
const carried = { ...ADA, isVerified: false };

describe.each(ADAPTERS)('Jobs of an application on %s with DescopeBullModule', (adapter) => {
  let redis: Redis;
  const closers: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await redis.command('FLUSHALL');
  });
  afterAll(() => redis.stop());

  async function open(options: JobOptions = {}): Promise<JobApplication> {
    const { port } = new URL(redis.url);
    const application = await startWithJobs(adapter, { descope, port: Number(port), ...options });
    closers.push(() => application.close());
    return application;
  }
  const connect = () => ({ host: '127.0.0.1', port: Number(new URL(redis.url).port) });
  /** A program of its own that writes to the queue. */
  function openQueue() {
    const queue = new Queue('reports', { connection: connect() });
    closers.push(() => queue.close());
    return queue;
  }
  const until = (isThere: () => boolean) =>
    askUntil(
      () => Promise.resolve(isThere()),
      (found) => found,
    );

  it('run as who ordered them: one, many at once, a flow, after a failure, and one from another', async () => {
    const { post, seen, notes } = await open();
    for (const path of ['/add/one', '/add/fails-once', '/add/chain', '/bulk', '/flow', '/scoped'])
      await post(path, ada.bearer);
    const names = ['one', 'chain', 'link', 'bulk-1', 'bulk-2', 'parent', 'child', 'other-parent', 'scoped'];
    expect(await seen(...names)).toMatchObject(Object.fromEntries(names.map((name) => [name, carried])));
    const attempts = () => notes.seen.filter(({ job }) => job === 'fails-once');
    await until(() => attempts().length === 2);
    expect(attempts().map(({ caller, attempt }) => [caller, attempt])).toEqual([
      [carried, 0],
      [carried, 1],
    ]);
  });

  it('run as nobody if nobody ordered them', async () => {
    const { post, seen, notes, queue } = await open();
    await post('/open/public', ada.bearer);
    await post('/optional/anonymous', {});
    await post('/optional/signed-in', ada.bearer);
    await queue.add('by-itself', {});
    await notes.context.runAs(ADA, () => queue.add('as-ada', {}));
    await notes.context.runAs(ADA, () => notes.context.runAs(undefined, () => queue.add('as-nobody', {})));
    expect(await seen('public', 'anonymous', 'signed-in', 'by-itself', 'as-ada', 'as-nobody')).toEqual({
      public: null,
      anonymous: null,
      'signed-in': carried,
      'by-itself': null,
      'as-ada': carried,
      'as-nobody': null,
    });
  });

  it('tell that somebody acted as the user, also where the token does not say who', async () => {
    const { post, seen } = await open();
    await post('/add/one', descope.as({ sub: 'U2ada', act: { iss: 'https://support.example.com' } }).bearer);
    expect(await seen('one')).toEqual({
      one: { id: 'U2ada', kind: 'user', actor: 'unknown', isVerified: false },
    });
  });

  it('of a scheduler run as nobody, also between jobs of callers', async () => {
    const { post, notes } = await open();
    await post('/schedule', ada.bearer);
    const ticks = () => notes.seen.filter(({ job }) => job === 'tick');
    for (let turn = 0; ticks().length < 3 && turn < 50; turn++) {
      await post('/add/one', ada.bearer);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    expect(ticks().map(({ caller }) => caller)).toEqual([null, null, null]);
    expect(notes.seen.find(({ job }) => job === 'one')?.caller).toEqual(carried);
  });

  it('of twenty callers at once are not mixed up, and listeners of the worker hear each as its caller', async () => {
    const { post, seen, notes } = await open();
    const ids = Array.from({ length: 20 }, (_item, index) => `U2caller${index}`);
    await Promise.all(ids.map((id) => post(`/add/${id}`, descope.as({ sub: id }).bearer)));
    const expected = ids.map((id) => [id, { id, kind: 'user', isVerified: false }]);
    expect(await seen(...ids)).toEqual(Object.fromEntries(expected));
    const heard = (event: string) => notes.heard.filter(([name]) => name === event);
    await until(() => heard('completed').length === 20 && heard('drained').length > 0);
    for (const event of ['active', 'completed'])
      expect(heard(event).every(([, job, id]) => job === id)).toBe(true);
    expect(heard('drained').every(([, , id]) => id === undefined)).toBe(true);
  });

  it('keep neither token nor email nor roles in Redis, and their data as it was', async () => {
    const { post, queue } = await open({ isWorker: false });
    await post('/add/one', ada.bearer);
    await post('/flow', ada.bearer);
    const jobs = await queue.getJobs();
    expect(jobs.find(({ name }) => name === 'one')?.data).toEqual({ month: 'May' });
    expect(jobs.map((job) => readJobCaller(job))).toEqual(jobs.map(() => ADA));
    expect(jobs.map((job) => readJobCaller(job.toJSON()))).toEqual(jobs.map(() => ADA));
    const keys = (await redis.command('KEYS', 'bull:reports:*')) as string[];
    const ofJobs = keys.filter((key) => /:(?:\d+|[\da-f-]{36})$/.test(key));
    expect(ofJobs).toHaveLength(4);
    const texts = await Promise.all(ofJobs.map((key) => redis.command('HGETALL', key)));
    const kept = JSON.stringify(texts);
    expect(kept).toContain('U2ada');
    for (const secret of [ada.token, ada.token.slice(-40), 'ada@example.com', 'lead'])
      expect(kept).not.toContain(secret);
  });

  it('with a caller that carry() cannot have returned fail with CALLER_INVALID and are not processed', async () => {
    const { notes } = await open();
    const queue = openQueue();
    const flawed = [
      { ...ADA, token: 'x' },
      { id: '', kind: 'user' },
      { id: 'U2ada', kind: 'admin' },
      'U2ada',
      [],
      1,
    ];
    await queue.addBulk(flawed.map((value) => ({ name: 'flawed', data: {}, opts: toOptions(value) })));
    const failed = await askUntil(
      () => queue.getFailed(),
      (jobs) => jobs.length === flawed.length,
    );
    expect(failed.map(({ failedReason }) => failedReason)).toEqual(
      flawed.map(() => expect.stringMatching(/^The carried caller is not valid: /)),
    );
    for (const job of failed)
      expect(() => readJobCaller(job)).toThrow(expect.objectContaining({ code: 'CALLER_INVALID' }));
    expect(notes.seen).toEqual([]);
  });

  it('with a forged caller give a name and no access', async () => {
    const { app, notes, seen } = await open();
    const guard = app.get(AuthGuard);
    const [context, answers] = [notes.context, [] as unknown[]];
    const note = notes.note.bind(notes);
    notes.note = (job) => {
      note(job);
      const request = { headers: {}, rawHeaders: [], method: 'GET', url: '/' };
      const host = new ExecutionContextHost([request, { setHeader: () => undefined }], class {}, () => 1);
      answers.push(context.current());
      try {
        answers.push(guard.canActivate(host));
      } catch (error) {
        answers.push((error as { getStatus(): number }).getStatus());
      }
    };
    const forged = { id: 'U2root', kind: 'user', tenant: 'acme' };
    await openQueue().add('forged', {}, toOptions(forged));
    await seen('forged');
    expect(answers).toEqual([{ ...forged, isVerified: false }, 401]);
    expect(answers[0]).not.toHaveProperty('user');
  });

  it('that are copied belong to who copies them, and those that are tried again to who ordered them', async () => {
    const { queue, notes } = await open({ isWorker: false });
    const job = await notes.context.runAs(ADA, () => queue.add('one', {}));
    const copy = await queue.add(job.name, job.data, job.opts);
    const other = await notes.context.runAs({ id: 'U2bob', kind: 'user' }, () =>
      queue.add(job.name, job.data, job.opts),
    );
    const again = await notes.context.runAs(readJobCaller(job), () => queue.add(job.name, job.data));
    expect([job, copy, other, again].map((one) => readJobCaller(one)?.id)).toEqual([
      'U2ada',
      undefined,
      'U2bob',
      'U2ada',
    ]);
  });

  it('pass between applications, with and without the module', async () => {
    const producer = await open({ isWorker: false });
    await producer.post('/add/one', ada.bearer);
    const worker = await open();
    expect(await worker.seen('one')).toEqual({ one: carried });
    expect(producer.notes.seen).toEqual([]);
    await worker.close();
    closers.pop();
    const other = await open({ module: DescopeContextModule });
    await producer.post('/add/two', ada.bearer);
    expect(await other.seen('two')).toEqual({ two: null });
    await other.post('/add/three', ada.bearer);
    expect(await other.seen('three')).toMatchObject({ three: null });
    await other.close();
    closers.pop();
    const plain = new Worker('reports', (job) => Promise.resolve(readJobCaller(job)?.id), {
      connection: connect(),
    });
    closers.push(() => plain.close());
    const completed = new Promise((resolve) => plain.once('completed', (_job, result) => resolve(result)));
    await producer.post('/add/four', ada.bearer);
    expect(await completed).toBe('U2ada');
  });

  it('carry callers of two applications that share a process, each its own', async () => {
    const [one, two] = [await open({ prefix: 'one' }), await open({ prefix: 'two' })];
    await one.post('/add/job', ada.bearer);
    await two.post('/add/job', descope.as({ sub: 'U2bob' }).bearer);
    expect(await one.seen('job')).toEqual({ job: carried });
    expect(await two.seen('job')).toEqual({ job: { id: 'U2bob', kind: 'user', isVerified: false } });
  });

  it('carry callers through a queue and a worker of the application, which two applications share', async () => {
    const queue = openQueue();
    const seen: unknown[] = [];
    const process = () =>
      Promise.resolve(void seen.push([one, two].map(({ notes }) => notes.context.current())));
    const worker = new Worker('reports', process, { connection: connect(), autorun: false });
    closers.push(() => worker.close());
    const own = [queue, worker];
    const [one, two] = [await open({ own, isWorker: false }), await open({ own, isWorker: false })];
    worker.run().catch(() => undefined);
    await one.notes.context.runAs(ADA, () => queue.add('of-one', {}));
    await until(() => seen.length === 1);
    await two.notes.context.runAs({ id: 'U2bob', kind: 'user' }, () => queue.add('of-two', {}));
    await until(() => seen.length === 2);
    const bob = { id: 'U2bob', kind: 'user', isVerified: false };
    expect(seen).toEqual([
      [carried, carried],
      [bob, bob],
    ]);
  });

  it('carry callers where the application registers its workers itself, even during a request', async () => {
    const { app, post, seen, notes } = await open({ manualRegistration: true });
    await post('/add/early', ada.bearer);
    notes.context.runAs({ id: 'U2bob', kind: 'user' }, () =>
      app.get(BullRegistrar, { strict: false }).register(),
    );
    await post('/add/late', ada.bearer);
    await post('/open/public', ada.bearer);
    expect(await seen('early', 'late', 'public')).toEqual({ early: carried, late: carried, public: null });
    expect(notes.heard.map(([, , id]) => id)).not.toContain('U2bob');
  });

  it('are not run by a BullMQ whose workers cannot be taught: the boot is refused, and they are closed', async () => {
    const producer = await open({ isWorker: false });
    await producer.post('/add/one', ada.bearer);
    const { version } = JSON.parse(await readFile('node_modules/bullmq/package.json', 'utf8')) as Version;
    BullModule.workerClass = LaterWorker;
    closers.push(() => Promise.resolve((BullModule.workerClass = Worker)));
    await expect(open()).rejects.toMatchObject({
      code: 'CONFIG_PACKAGE_UNSUPPORTED',
      message: expect.stringContaining(`(npm install bullmq@${version})`),
    });
    const { app } = await open({ manualRegistration: true });
    const register = () => app.get(BullRegistrar, { strict: false }).register();
    expect(register).toThrow(expect.objectContaining({ code: 'CONFIG_PACKAGE_UNSUPPORTED' }));
    const made = LaterWorker.made.splice(0);
    expect(made.map(({ closing }) => closing !== undefined)).toEqual([true, true, true, true]);
    for (const { closing } of made) await closing;
    expect(await producer.queue.getJobCounts('waiting', 'completed')).toEqual({ waiting: 1, completed: 0 });
  });

  it('are not run by a worker of the application that cannot be taught', async () => {
    const process = () => Promise.resolve();
    const worker = new LaterWorker('reports', process, { connection: connect(), autorun: false });
    closers.push(() => worker.close());
    LaterWorker.made.length = 0;
    await expect(open({ own: [worker], isWorker: false })).rejects.toMatchObject({
      code: 'CONFIG_PACKAGE_UNSUPPORTED',
    });
  });

  it('carry callers beside the telemetry of another library, whose context stays as it was', async () => {
    const spans = new AsyncLocalStorage<string>();
    const traced: unknown[] = [];
    const { post, seen, notes, queue } = await open({ telemetry: toTelemetry(spans) });
    const note = notes.note.bind(notes);
    notes.note = (job) => {
      note(job);
      traced.push([spans.getStore(), job.opts.telemetry]);
    };
    await post('/add/traced', ada.bearer);
    expect(await seen('traced')).toEqual({ traced: carried });
    expect(traced).toEqual([['add reports.traced > process reports', { metadata: 'add reports.traced' }]]);
    expect(queue.opts.telemetry).toBeDefined();
  });
});

interface Version {
  readonly version: string;
}

/** A worker as one of a later BullMQ may be: the inner method that runs a job has another name. */
class LaterWorker extends Worker {
  static readonly made: LaterWorker[] = [];

  constructor(name: string, process: Processor, options: WorkerOptions) {
    super(name, process, options);
    Object.defineProperty(this, 'callProcessJob', { value: undefined });
    LaterWorker.made.push(this);
  }
}

// What a writer of the queue may put in place of a caller.
function toOptions(value: unknown): JobsOptions {
  return { 'nestjs-descope:caller': value } as JobsOptions;
}

// Names of spans, one in another, as their context.
function toTelemetry(spans: AsyncLocalStorage<string>): Telemetry<string> {
  const nothing = () => undefined;
  return {
    tracer: {
      startSpan: (name) => ({
        setSpanOnContext: (parent) => (parent === '' ? name : `${parent} > ${name}`),
        setAttribute: nothing,
        setAttributes: nothing,
        addEvent: nothing,
        recordException: nothing,
        end: nothing,
      }),
    },
    contextManager: {
      with: (context: string, run) => spans.run(context, run) as never,
      active: () => spans.getStore() ?? '',
      getMetadata: (context: string) => context,
      fromMetadata: (_active: string, metadata: string) => metadata,
    },
  };
}
