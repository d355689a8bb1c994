// Modules and guards that need DescopeModule, booted without it: the message names what was imported and what is missing.
import { describe, expect, it } from '@jest/globals';
import { BullModule } from '@nestjs/bullmq';
import type { ModuleMetadata } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { DescopeModule } from 'nestjs-descope';
import { DescopeBullModule } from 'nestjs-descope/bullmq';
import { DescopeContextModule } from 'nestjs-descope/context';
import { DescopeFgaModule } from 'nestjs-descope/fga';
import { DescopeOnBehalfModule } from 'nestjs-descope/on-behalf';
import { DescopeThrottlerGuard } from 'nestjs-descope/throttler';
import { ADAPTERS, start, toRootModule } from '../../support/application.js';

const USERS: readonly (readonly [name: string, metadata: ModuleMetadata])[] = [
  ['DescopeContextModule', { imports: [DescopeContextModule] }],
  ['DescopeBullModule', { imports: [DescopeBullModule, BullModule.registerFlowProducer()] }],
  ['DescopeFgaModule', { imports: [DescopeFgaModule] }],
  ['DescopeOnBehalfModule', { imports: [DescopeOnBehalfModule.forRoot({})] }],
  [
    'DescopeThrottlerGuard',
    {
      imports: [ThrottlerModule.forRoot([{ ttl: 1000, limit: 1 }])],
      providers: [{ provide: APP_GUARD, useClass: DescopeThrottlerGuard }],
    },
  ],
];

describe.each(USERS)('%s without DescopeModule', (name, metadata) => {
  const refusal = {
    code: 'CONFIG_MODULE_MISSING',
    message: expect.stringMatching(
      new RegExp(
        `^${name} is (imported|registered), .+ Import DescopeModule\\.forRoot\\(\\) in the root module\\.$`,
      ),
    ),
  };

  it.each(ADAPTERS)('stops the boot on %s with what is missing', async (adapter) => {
    await expect(start(adapter, metadata)).rejects.toMatchObject(refusal);
  });

  it('stops the boot where DescopeModule is imported without forRoot()', async () => {
    const imports = [...(metadata.imports ?? []), DescopeModule];
    await expect(start('express', { ...metadata, imports })).rejects.toMatchObject({
      code: 'CONFIG_MODULE_MISSING',
      message: expect.stringMatching(
        /(no module imports DescopeModule\.forRoot\(\)|DescopeModule is imported without options)/,
      ),
    });
  });

  it('stops the boot of an application without HTTP', async () => {
    const boot = NestFactory.createApplicationContext(toRootModule(metadata), {
      logger: false,
      abortOnError: false,
    });
    await expect(boot).rejects.toMatchObject(refusal);
  });
});
