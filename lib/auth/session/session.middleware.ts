// Applies the session step to requests: as Nest middleware on Express, as a hook on Fastify.
import { Inject, Injectable } from '@nestjs/common';
import type { NestMiddleware } from '@nestjs/common';
import type { ContextRequest } from '../context-request.js';
import { toResponseLike } from '../response-writer.js';
import { SessionStep } from './session-step.js';

/**
 * Renews browsers' sessions before the route is known; refuses nothing. `DescopeModule` applies it when `session` is
 * configured. On Express it may also be applied by hand: `consumer.apply(DescopeSessionMiddleware).forRoutes('*path')`.
 */
@Injectable()
export class DescopeSessionMiddleware implements NestMiddleware<ContextRequest, object> {
  constructor(@Inject(SessionStep) private readonly step: SessionStep) {}

  use(request: ContextRequest, response: object, next: () => void): void {
    const writer = toResponseLike(response);
    const due = writer && this.step.findDue(request);
    if (writer === undefined || due === undefined) return next();
    void this.step.run(request, writer, due).then(next);
  }
}

interface FastifyInstance {
  addHook(name: 'onRequest', hook: (request: ContextRequest, reply: object) => Promise<void>): unknown;
}

/** Adds the step as a hook, behind the session plugin that the application registered. */
export function addSessionHook(fastify: FastifyInstance, step: SessionStep): void {
  fastify.addHook('onRequest', async (request, reply) => {
    const writer = toResponseLike(reply);
    const due = writer && step.findDue(request);
    if (writer !== undefined && due !== undefined) await step.run(request, writer, due);
  });
}
