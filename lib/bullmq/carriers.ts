// Queues, flow producers and workers of BullMQ, taught to carry callers. They are told by what they can do, because one process may
// have loaded BullMQ twice, as a CommonJS and as an ES module.
import { EventEmitter } from 'node:events';
import type { CallerReference } from '../context/caller.js';
import type { DescopeContext } from '../context/descope.context.js';
import { DescopeConfigError } from '../core/errors.js';
import type { CarryingJob, JobOptions } from './job-caller.js';
import { readJobCaller, withCaller } from './job-caller.js';

type Method = (...values: readonly unknown[]) => unknown;
type Able<Name extends string> = EventEmitter & Record<Name, Method>;
type Contexts = ReadonlySet<WeakRef<DescopeContext>>;

interface Addition {
  readonly opts?: JobOptions | undefined;
  readonly children?: readonly Addition[] | undefined;
}

// A queue may be shared by several applications of a process, and may live longer than each of them.
const contexts = new WeakMap<object, Set<WeakRef<DescopeContext>>>();

/**
 * Teaches a queue, a flow producer or a worker to carry the callers of an application; leaves anything else as it is.
 * @throws {DescopeConfigError} CONFIG_PACKAGE_UNSUPPORTED for a worker that cannot be taught
 */
export function carryCallers(instance: unknown, context: DescopeContext): void {
  if (!isEmitter(instance)) return; // so that no member of a mock is read
  const known = contexts.get(instance);
  if (known !== undefined) {
    addTo(known, context);
    return;
  }
  const teach = findLesson(instance);
  if (teach === undefined) return;
  const own = new Set([new WeakRef(context)]);
  contexts.set(instance, own);
  teach(own);
}

function addTo(known: Set<WeakRef<DescopeContext>>, context: DescopeContext): void {
  for (const one of known) if (one.deref() === undefined) known.delete(one);
  if (!listLiving(known).includes(context)) known.add(new WeakRef(context));
}

function listLiving(known: Contexts): readonly DescopeContext[] {
  return [...known].flatMap((one) => one.deref() ?? []);
}

function isEmitter(instance: unknown): instance is EventEmitter {
  return instance instanceof EventEmitter;
}

function findLesson(instance: EventEmitter): ((own: Contexts) => void) | undefined {
  if (isAble(instance, 'callProcessJob')) return (own) => teachWorker(instance, own);
  if (isAble(instance, 'getNextJob', 'isRunning')) throw refuse(); // a worker, by what is public
  if (!isAble(instance, 'add', 'addBulk')) return undefined;
  if (isAble(instance, 'getFlow')) return (own) => teachFlowProducer(instance, own);
  return isAble(instance, 'obliterate') && !isAble(instance, 'process') // which the queues of its predecessor, Bull, have
    ? (own) => teachQueue(instance, own)
    : undefined;
}

// `callProcessJob` is protected: BullMQ may rename it in any version.
function refuse(): DescopeConfigError {
  const message = `DescopeBullModule does not know the workers of the installed BullMQ, so jobs would run as nobody. Update nestjs-descope, install a BullMQ that it knows (npm install bullmq@${KNOWN}), or remove DescopeBullModule.`;
  return new DescopeConfigError('CONFIG_PACKAGE_UNSUPPORTED', message);
}

const KNOWN = '6.7.0'; // the version that the tests run

function isAble<Name extends string>(
  instance: EventEmitter,
  ...names: readonly Name[]
): instance is Able<Name> {
  return names.every((name) => typeof (instance as Partial<Able<Name>>)[name] === 'function');
}

function teachQueue(queue: Able<'add' | 'addBulk'>, own: Contexts): void {
  const [add, addBulk] = [queue.add, queue.addBulk];
  queue.add = (...values) => {
    const [name, data, options, ...others] = values;
    const carrying = withCaller(options as JobOptions | undefined, findCaller(own));
    return add.call(queue, name, data, carrying, ...others);
  };
  queue.addBulk = (jobs, ...others) => addBulk.call(queue, toCarrying(jobs, own), ...others);
}

function teachFlowProducer(producer: Able<'add' | 'addBulk'>, own: Contexts): void {
  const [add, addBulk] = [producer.add, producer.addBulk];
  producer.add = (flow, ...others) => add.call(producer, toCarrying([flow], own)[0], ...others);
  producer.addBulk = (flows, ...others) => addBulk.call(producer, toCarrying(flows, own), ...others);
}

function toCarrying(given: unknown, own: Contexts): Addition[] {
  const caller = findCaller(own);
  const carry = ({ opts, children, ...others }: Addition): Addition => ({
    ...others,
    ...(children && { children: children.map(carry) }),
    opts: withCaller(opts, caller),
  });
  return (given as readonly Addition[]).map(carry);
}

function findCaller(own: Contexts): CallerReference | undefined {
  for (const context of listLiving(own)) {
    const caller = context.carry();
    if (caller !== undefined) return caller;
  }
  return undefined;
}

function teachWorker(worker: Able<'callProcessJob'>, own: Contexts): void {
  const { callProcessJob } = worker;
  const emit = worker.emit.bind(worker);
  worker.callProcessJob = (job, ...others) =>
    runAs(own, readJobCaller(job as CarryingJob), () => callProcessJob.call(worker, job, ...others));
  worker.emit = (event, ...values: readonly unknown[]) =>
    runAs(own, findJobCaller(values[0]), () => emit(event, ...values));
}

// A listener is told of a job that failed because of its caller, too.
function findJobCaller(value: unknown): CallerReference | undefined {
  try {
    return typeof value === 'object' && value !== null ? readJobCaller(value) : undefined;
  } catch {
    return undefined;
  }
}

// As nobody, too: a worker may have been started during a request.
function runAs<Result>(own: Contexts, caller: CallerReference | undefined, run: () => Result): Result {
  return listLiving(own).reduce((inner, context) => () => context.runAs(caller, inner), run)();
}
