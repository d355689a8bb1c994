// Finds the application of this process that a call belongs to: no application reads what another stored for a request.
import type { ExecutionContext } from '@nestjs/common';
import type { DescopeClaims } from '../core/token/claims.js';
import { graphqlTransport } from './transports/graphql.js';
import type { DescopeTransport } from './transports/transport.js';
import { findMessage, httpTransport } from './transports/transport.js';

/** Calls back once, when a token is revoked, and at once if it is; returns a function that cancels it. */
export type WatchRevocations = (token: string, claims: DescopeClaims, run: () => void) => () => void;

/** An application of this process, as guards and decorators know it. */
export interface Application {
  /** The key by which the state of requests is stored. */
  readonly authenticator: object;
  /** The application's own transports (option `transports`), by type. */
  readonly transports: ReadonlyMap<string, DescopeTransport>;
  readonly watchRevocations: WatchRevocations;
}

/** What distinguishes an application's calls from those of another application. */
export interface ApplicationMarks {
  /** The classes of its controllers and providers. */
  readonly classes: Iterable<object>;
  /** Express's application or Fastify's instance; `undefined` for an application without HTTP. */
  readonly server: unknown;
}

/** The entry of an application. */
export interface Registration {
  /** Records that the application runs. */
  markRunning(): void;
  /** Ends the entry: the application closes, or its boot is refused. */
  leave(): void;
}

interface Registry {
  /** Whether any application has existed in this process. It stays `true` when the last one ends. */
  isUsed: boolean;
  /** Whether any application has ended: its last calls may still be under way. */
  hasEnded: boolean;
  /** The applications that start or run; also those that were refused and that nobody has closed. */
  all: readonly Application[];
  /** Those that run. */
  readonly running: WeakSet<Application>;
  /** Those that start, run or have ended. */
  readonly ofClass: WeakMap<object, readonly WeakRef<Application>[]>;
  readonly ofServer: WeakMap<object, Application>;
  /** The contexts that a guard received, with the guard's application. */
  readonly ofContext: WeakMap<object, Application>;
  /** By message: the handlers before which a guard received it; and by the message itself, for the last of them. */
  readonly ofMessage: WeakMap<object, WeakMap<object, Application>>;
}

// One registry for all copies of the package in a process: parameter decorators run without access to a module, and a
// decorator of a second copy in the same application must find what the guard of the first has accepted.
const APPLICATIONS = Symbol.for('nestjs-descope:applications');
const shared = globalThis as { [APPLICATIONS]?: Registry };
const registry: Registry = (shared[APPLICATIONS] ??= {
  isUsed: false,
  hasEnded: false,
  all: [],
  running: new WeakSet(),
  ofClass: new WeakMap(),
  ofServer: new WeakMap(),
  ofContext: new WeakMap(),
  ofMessage: new WeakMap(),
});

/** Creates an application; `registerApplication` registers it once it starts. */
export function createApplication(application: Application): Application {
  registry.isUsed = true;
  return Object.freeze(application);
}

/**
 * Checks whether any application of this package has existed in this process. One that is closing, or that has not started
 * yet, counts: its last and first calls are served too.
 */
export function hasAnyApplication(): boolean {
  return registry.isUsed;
}

/** Registers an application that starts. */
export function registerApplication(
  application: Application,
  { classes, server }: ApplicationMarks,
): Registration {
  registry.all = [...registry.all, application];
  const own = new WeakRef(application);
  for (const type of new Set(classes)) registry.ofClass.set(type, [...listLiving(type), own]);
  if (isObject(server)) registry.ofServer.set(server, application);
  return {
    markRunning: () => void registry.running.add(application),
    leave: () => {
      registry.all = registry.all.filter((other) => other !== application);
      registry.running.delete(application);
      registry.hasEnded = true;
    },
  };
}

/** Checks whether several applications start or run in this process. */
export function areSeveral(): boolean {
  return registry.all.length > 1;
}

// The last calls of one that has ended may still be under way.
function mayBeOfAnother(): boolean {
  return areSeveral() || registry.hasEnded;
}

/** Those of a list that run; the list itself if none does. */
export function preferRunning(applications: readonly Application[]): readonly Application[] {
  if (applications.length <= 1) return applications;
  const running = applications.filter((application) => registry.running.has(application));
  return running.length === 0 ? applications : running;
}

/**
 * Watches a token in all applications of this process, for code that does not know its own: those of another project never
 * call back.
 */
export const watchRevocations: WatchRevocations = (token, claims, run) => {
  const cancels = registry.all.map((application) => application.watchRevocations(token, claims, run));
  return () => {
    for (const cancel of cancels) cancel();
  };
};

/**
 * Records the application whose guard received a call. If only one application has ever run, it owns every call. A message is
 * recorded beside its context, because parameters have another context; an application may receive messages before it is
 * registered.
 */
export function claimContext(context: ExecutionContext, application: Application): void {
  if (!mayBeOfAnother() && registry.all[0] === application) return;
  registry.ofContext.set(context, application);
  const message = findMessage(context);
  if (message === undefined) return;
  const handlers = registry.ofMessage.get(message) ?? new WeakMap<object, Application>();
  registry.ofMessage.set(message, handlers.set(context.getHandler(), application).set(message, application));
}

/**
 * Finds the application that a call belongs to: the guard's own, the only one that has run, the one that has the class, or
 * the one whose server has the request. If several remain, returns all of them.
 */
export function findApplications(context: ExecutionContext): readonly Application[] {
  const claimed = registry.ofContext.get(context) ?? findOfMessage(context);
  if (claimed !== undefined) return [claimed];
  if (!mayBeOfAnother()) return registry.all;
  const ofClass = listLiving(context.getClass()).flatMap((one) => one.deref() ?? []);
  if (ofClass.length === 1) return ofClass;
  const ofServer = findByServer(context);
  if (ofServer !== undefined) return [ofServer];
  return ofClass.length === 0 ? registry.all : ofClass;
}

function findOfMessage(context: ExecutionContext): Application | undefined {
  const message = findMessage(context);
  const handler = context.getHandler() as object | null; // which filters do not know
  return message && registry.ofMessage.get(message)?.get(handler ?? message);
}

function listLiving(type: object): readonly WeakRef<Application>[] {
  return (registry.ofClass.get(type) ?? []).filter((one) => one.deref() !== undefined);
}

// Express puts its application on the request, also while one application passes it to another; each Fastify instance
// creates its own request. A GraphQL context has one of the two. The option `transports` is not used here, because it is not
// known yet whose option counts.
function findByServer(context: ExecutionContext): Application | undefined {
  const type: string = context.getType();
  const request = [httpTransport, graphqlTransport].find((own) => own.type === type)?.findRequest(context);
  const server = readMember(request, 'app') ?? readMember(request, 'server');
  return isObject(server) ? findOfServer(server) : undefined;
}

// A plugin of Fastify has its own instance, which inherits from the application's instance.
function findOfServer(server: object): Application | undefined {
  for (let item: object | null = server; item !== null; item = Object.getPrototypeOf(item) as object | null) {
    const found = registry.ofServer.get(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readMember(value: unknown, name: string): unknown {
  return isObject(value) && name in value ? (value as Record<string, unknown>)[name] : undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
