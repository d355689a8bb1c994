// The built package as an application has it: out of a Nest context, so that nothing here knows how it is made.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import * as descope from '../../../dist/esm/index.js';
import { PROJECT_ID } from './issuer.mjs';

const SESSIONS = 'nestjs-descope:sessions'; // the package's own injection token: a text, so that copies agree

export { descope };

/** Options with keys that come as they do in production: fetched, here from memory. */
export function toOptions({ algorithm, jwk }) {
  return {
    projectId: PROJECT_ID,
    algorithms: [algorithm],
    audience: null,
    requireKeysAtBoot: true,
    fetch: async () => Response.json({ keys: [jwk] }),
  };
}

/** Makes a guard, and the verifier and the revocations behind it, with nothing remembered. */
export async function createOurs(options) {
  class BenchModule {}
  Module({ imports: [descope.DescopeModule.forRoot(options)] })(BenchModule);
  const context = await NestFactory.createApplicationContext(BenchModule, { logger: false });
  return {
    guard: context.get(descope.AuthGuard),
    verifier: context.get(SESSIONS).verifier,
    revocations: context.get(SESSIONS).revocations,
    close: () => context.close(),
  };
}
