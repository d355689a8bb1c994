// Which guards are ours, which are global, and which handlers a global one reaches: not all of those that take messages.
import { types } from 'node:util';
import * as nest from '@nestjs/core';
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard } from '../../auth/auth.guard.js';
import { GlobalGuard } from '../../auth/global.guard.js';
import type { MessageTransport } from './handler-metadata.js';

/** Tells whether this is an `AuthGuard`, the class or an instance, one derived from it, or the global one. */
export function isAuthGuard(guard: unknown): boolean {
  if (guard instanceof AuthGuard || guard instanceof GlobalGuard) return true;
  return typeof guard === 'function' && (guard === AuthGuard || guard.prototype instanceof AuthGuard);
}

/** Tells whether a provider's token is one of `APP_GUARD`: Nest registers each under a token of its own. */
export function isGlobalToken(token: unknown): boolean {
  return typeof token === 'string' && token.startsWith(`${APP_GUARD} (UUID: `);
}

/**
 * Tells whether a global guard is sure to stand before handlers of this kind. Before messages of WebSockets since Nest
 * 12; before those of microservices where the whole application is one, for a hybrid one keeps its global guards
 * to itself (`inheritAppConfig`).
 */
export function isReached(transport: MessageTransport | undefined, hasHttp: boolean): boolean {
  if (transport === undefined) return true;
  return transport === 'ws' ? isEsModule(nest) : !hasHttp;
}

// Nest 12 is the first that is an ES module, and its websockets package is found by no older core. Where that cannot be
// seen, as in a bundle, nothing is sure.
function isEsModule(namespace: object): boolean {
  if (!('default' in namespace)) return types.isModuleNamespaceObject(namespace);
  return types.isModuleNamespaceObject(namespace.default); // wrapped where a CommonJS module requires it
}
