// The entry point `nestjs-descope/emulator`: an embedded Descope for tests and sample applications.
export type { EmulatorClock } from './controls/clock.js';
export type { Fault, FaultOptions, Faults } from './controls/faults.js';
export type { LoggedRequest, Outbox, OutboxMessage, RequestLog } from './controls/recorders.js';
export type { Emulator } from './emulator.js';
export type { EmulatorErrorCode } from './errors.js';
export { EmulatorError } from './errors.js';
export type { CallerOptions } from './http/caller-options.js';
export type { JsonObject } from './http/message.js';
export type { EmulatorOptions } from './options.js';
export { DEFAULT_MANAGEMENT_KEY, DEFAULT_PROJECT_ID } from './options.js';
export type { Connections, EmulatorConnection, EmulatorConnectionOwner } from './outbound/connections.js';
export type { ProjectOptions } from './projects.js';
export type {
  EmulatorSeed,
  SeedAccessKey,
  SeedAuthorization,
  SeedMembership,
  SeedRelation,
  SeedRole,
  SeedTenant,
  SeedUser,
  SeedUserMembership,
} from './seed/seed.js';
export type { SeedExchange, SeedInboundApp, SeedMcpServer, SeedScope } from './seed/seed-apps.js';
export type { SeedOutboundApp } from './seed/seed-connections.js';
export type {
  SeedAttributeMapping,
  SeedOAuth,
  SeedOAuthProvider,
  SeedRoleMapping,
  SeedSso,
} from './seed/seed-federation.js';
export type { SeedFlow } from './seed/seed-flows.js';
export type { SeedCustomAttribute, SeedJwtTemplate, SeedPasswordSettings } from './seed/seed-settings.js';
export type { EmulatorSettings } from './settings.js';
export { startEmulator } from './start-emulator.js';
export type { FlowKind } from './store/flows.js';
export type { EmulatorKey, KeyAlgorithm, PublicJwk } from './store/key-ring.js';
export type {
  AgentTokenOptions,
  AppTokenOptions,
  SignInOptions,
  SignInTokens,
  TenantClaim,
  TokenOptions,
} from './tokens/direct-tokens.js';
export type { WebhookDelivery } from './webhooks/delivery-queue.js';
export type { EmulatorWebhook } from './webhooks/webhook-options.js';
export type { Webhooks } from './webhooks/webhooks.js';
