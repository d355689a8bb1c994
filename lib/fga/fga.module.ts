// The module of DescopeFga.
import type { OnModuleInit } from '@nestjs/common';
import { Global, Inject, Module } from '@nestjs/common';
import { DescopeFga } from './descope.fga.js';

/**
 * Provides `DescopeFga` everywhere. Import it once, beside `DescopeModule`. Needs the option `managementKey`.
 * @example `@Module({ imports: [DescopeModule.forRoot(), DescopeFgaModule] }) export class AppModule {}`
 */
@Global()
@Module({ providers: [DescopeFga], exports: [DescopeFga] })
export class DescopeFgaModule implements OnModuleInit {
  @Inject(DescopeFga) private readonly fga!: DescopeFga;

  /**
   * Called by Nest when the module is initialised: checks the set-up.
   * @throws {DescopeConfigError} CONFIG_MODULE_MISSING when no module imports `DescopeModule`, CONFIG_FGA_KEY_MISSING without
   *   a management key
   */
  onModuleInit(): void {
    this.fga.assertUsable();
  }
}
