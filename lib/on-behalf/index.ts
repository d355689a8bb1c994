// Entry point './on-behalf': calls on behalf of a caller.
export type { OnBehalfTarget } from '../core/m2m/token-exchange.js';
export type { ConnectionTokenOptions } from './connection-token.decorator.js';
export { ConnectionToken } from './connection-token.decorator.js';
export type { ConnectionOptions, UserConnectionOptions } from './descope.connections.js';
export { DescopeConnections } from './descope.connections.js';
export type { OnBehalfCredentials } from './descope.tokens.js';
export { DescopeTokens } from './descope.tokens.js';
export { DescopeOnBehalfModule } from './on-behalf.module.js';
export type {
  OnBehalfExtras,
  OnBehalfModuleAsyncOptions,
  OnBehalfModuleOptions,
  OnBehalfOptions,
} from './on-behalf.options.js';
