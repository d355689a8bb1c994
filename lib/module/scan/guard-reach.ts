// Which handlers a global guard reaches: not all of those that take messages.
import { types } from 'node:util';
import * as nest from '@nestjs/core';
import type { MessageTransport } from './handler-metadata.js';

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
