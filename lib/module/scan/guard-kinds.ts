// Which guards are ours, and which are global.
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard } from '../../auth/auth.guard.js';
import { GlobalGuard } from '../../auth/global.guard.js';

/** Tells whether this is an `AuthGuard`, the class or an instance, one derived from it, or the global one. */
export function isAuthGuard(guard: unknown): boolean {
  if (guard instanceof AuthGuard || guard instanceof GlobalGuard) return true;
  return typeof guard === 'function' && (guard === AuthGuard || guard.prototype instanceof AuthGuard);
}

/** Tells whether a provider's token is one of `APP_GUARD`: Nest registers each under a token of its own. */
export function isGlobalToken(token: unknown): boolean {
  return typeof token === 'string' && token.startsWith(`${APP_GUARD} (UUID: `);
}
