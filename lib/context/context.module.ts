// The module of DescopeContext: without it nothing is stored.
import type { NestModule, OnModuleInit } from '@nestjs/common';
import { Global, Inject, Module } from '@nestjs/common';
import { CallerStorage, DescopeContext } from './descope.context.js';
import { CallEntrance, OwnApplication, RequestEntrance } from './entrance.js';

/**
 * Provides `DescopeContext` everywhere. Import it once, beside `DescopeModule`. Every request and message then enters an
 * `AsyncLocalStorage`; without the module there is none.
 * @example `@Module({ imports: [DescopeModule.forRoot(), DescopeContextModule] }) export class AppModule {}`
 */
@Global()
@Module({
  providers: [CallerStorage, DescopeContext, OwnApplication, RequestEntrance, CallEntrance],
  exports: [DescopeContext],
})
export class DescopeContextModule implements NestModule, OnModuleInit {
  @Inject(RequestEntrance) private readonly requests!: RequestEntrance;
  @Inject(CallEntrance) private readonly calls!: CallEntrance;

  /**
   * Called by Nest before it registers routes: opens the context of each HTTP request, before the middleware of modules.
   * @throws {DescopeConfigError} CONFIG_MODULE_MISSING when no module imports `DescopeModule`
   */
  configure(): void {
    this.requests.apply();
  }

  /**
   * Called by Nest when the module is initialised: checks the set-up, and lets messages in.
   * @throws {DescopeConfigError} CONFIG_MODULE_MISSING when no module imports `DescopeModule`
   */
  onModuleInit(): void {
    this.calls.openToMessages();
  }
}
