// The door `nestjs-descope/emulator`: an embedded Descope for tests and sample applications.
export { startEmulator } from './start-emulator.js';
export type { Emulator } from './emulator.js';
export { EmulatorError } from './setup/errors.js';
export type { EmulatorErrorCode } from './setup/errors.js';
export { DEFAULT_MANAGEMENT_KEY, DEFAULT_PROJECT_ID } from './setup/options.js';
export type { EmulatorOptions } from './setup/options.js';
export type { EmulatorSettings } from './setup/settings.js';
export type {
  EmulatorSeed,
  SeedAccessKey,
  SeedAuthorization,
  SeedInboundApp,
  SeedMembership,
  SeedRelation,
  SeedRole,
  SeedTenant,
  SeedUser,
} from './seed/seed.js';
export type { DirectGrants, DirectSignIn, DirectTokens, TokenOrder } from './sign-in/direct.js';
export type { EmulatorKey, KeyAlgorithm, PublicJwk } from './tokens/key-ring.js';
export type { AgentTokenOrder, AppTokenOrder } from './apps/direct-app-tokens.js';
export type { EmulatorClock } from './controls/clock.js';
export type { Fault, FaultOrder, Faults } from './controls/faults.js';
export type { LoggedRequest, RequestLog } from './controls/request-log.js';
export type { Outbox, OutboxMessage } from './controls/outbox.js';
