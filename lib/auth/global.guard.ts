// What stands before every handler: it hands over to AuthGuard, and is there whatever becomes of that.
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { AuthGuard } from './auth.guard.js';

/**
 * The global guard. An alias of `AuthGuard` would not do: where something that it is made of is request-scoped, Nest
 * puts nothing in its place. This one needs nothing that could be, and then lets nobody in.
 */
export class GlobalGuard implements CanActivate {
  #guard: CanActivate | undefined;

  constructor(private readonly modules: ModuleRef) {}

  canActivate(context: ExecutionContext): ReturnType<CanActivate['canActivate']> {
    this.#guard ??= this.modules.get<CanActivate>(AuthGuard, { strict: true }); // throws for one that is request-scoped
    return this.#guard.canActivate(context);
  }
}
