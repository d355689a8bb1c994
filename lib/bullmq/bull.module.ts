// The module that lets the jobs of an application carry callers.
import { BullRegistrar, WorkerHost } from '@nestjs/bullmq';
import type { OnModuleInit } from '@nestjs/common';
import { Inject, Injectable, Module, Optional } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Worker } from 'bullmq';
import { DESCOPE_APPLICATION } from '../auth/injection-tokens.js';
import { DescopeContextModule } from '../context/context.module.js';
import { DescopeContext } from '../context/descope.context.js';
import { DescopeConfigError } from '../core/errors.js';
import { carryCallers } from './carriers.js';

/** Teaches the queues, flow producers and workers among the providers. */
@Injectable()
class JobCallers {
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(DescopeContext) private readonly context: DescopeContext,
    @Optional() @Inject(BullRegistrar) private readonly registrar: BullRegistrar | undefined,
  ) {
    assertRoot(modules); // now, or DescopeContextModule reports it, which the application may not know
    if (registrar === undefined) return;
    // Workers start when they are registered, by BullModule or by the application: before any hook that could follow.
    const register = registrar.register.bind(registrar);
    registrar.register = () => {
      this.teach();
      context.runAs(undefined, register);
      this.#teachStarted();
    };
  }

  /** @throws {DescopeConfigError} CONFIG_MODULE_MISSING */
  assertSound(): void {
    if (this.registrar !== undefined) return;
    const message =
      'DescopeBullModule is imported, but no module imports BullModule of @nestjs/bullmq, so there are no jobs. Import BullModule.forRoot() or BullModule.registerQueue(), or remove DescopeBullModule.';
    throw new DescopeConfigError('CONFIG_MODULE_MISSING', message);
  }

  /** @throws {DescopeConfigError} CONFIG_PACKAGE_UNSUPPORTED */
  teach(): void {
    for (const instance of this.#readInstances())
      carryCallers(isHost(instance) ? findWorker(instance) : instance, this.context);
  }

  // Who cannot be taught has started, and would run jobs even if the boot is refused.
  #teachStarted(): void {
    try {
      this.teach();
    } catch (error) {
      for (const instance of this.#readInstances()) if (isHost(instance)) void closeWorker(instance);
      throw error;
    }
  }

  *#readInstances(): Iterable<unknown> {
    for (const { providers } of this.modules.values())
      for (const { instance } of providers.values()) yield instance;
  }
}

function assertRoot(modules: ModulesContainer): void {
  for (const { providers } of modules.values()) if (providers.has(DESCOPE_APPLICATION)) return;
  const message =
    'DescopeBullModule is imported, but no module imports DescopeModule.forRoot(), so no caller is ever known. Import DescopeModule.forRoot() in the root module.';
  throw new DescopeConfigError('CONFIG_MODULE_MISSING', message);
}

function isHost(instance: unknown): instance is WorkerHost<Worker> {
  return instance instanceof WorkerHost;
}

async function closeWorker(host: WorkerHost<Worker>): Promise<void> {
  await findWorker(host)
    ?.close(true)
    .catch(() => undefined);
}

// A host without @Processor() has none.
function findWorker(host: WorkerHost<Worker>): Worker | undefined {
  try {
    return host.worker;
  } catch {
    return undefined;
  }
}

/**
 * Lets jobs of BullMQ carry who ordered them: id, kind, tenant and actor, never a token. In a job, and in the jobs that it adds,
 * `DescopeContext.current()` returns that caller, with `isVerified: false`; `@CurrentUser()` and the guard never do. Import it
 * once, beside `DescopeModule` and `BullModule`. It brings `DescopeContextModule`.
 * @example
 * `@Module({ imports: [DescopeModule.forRoot(), DescopeBullModule, BullModule.registerQueue({ name: 'reports' })] })`
 */
@Module({ imports: [DescopeContextModule], providers: [JobCallers] })
export class DescopeBullModule implements OnModuleInit {
  @Inject(JobCallers) private readonly callers!: JobCallers;

  /**
   * Called by Nest when the module is initialised: reaches queues also where workers are registered later or never.
   * @throws {DescopeConfigError} CONFIG_MODULE_MISSING when no module imports `BullModule` or `DescopeModule`, CONFIG_PACKAGE_UNSUPPORTED for workers
   *   of a BullMQ that it does not know
   */
  onModuleInit(): void {
    this.callers.assertSound();
    this.callers.teach();
  }
}
