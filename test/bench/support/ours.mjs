// The built package as an application has it: out of a Nest context, so that nothing here knows how it is made.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import * as descope from '../../../dist/esm/index.js';

// The package's own injection tokens: texts, so that copies agree.
const SESSIONS = 'nestjs-descope:sessions';
const AUTHENTICATOR = 'nestjs-descope:authenticator';

export { descope };
export { toOptions } from './options.mjs';

/** Makes a guard, and the authenticator, the verifier and the revocations behind it, with nothing remembered. */
export async function createOurs(options) {
  class BenchModule {}
  Module({ imports: [descope.DescopeModule.forRoot(options)] })(BenchModule);
  const context = await NestFactory.createApplicationContext(BenchModule, { logger: false });
  return {
    guard: context.get(descope.AuthGuard),
    authenticator: context.get(AUTHENTICATOR),
    verifier: context.get(SESSIONS).verifier,
    revocations: context.get(SESSIONS).revocations,
    close: () => context.close(),
  };
}
