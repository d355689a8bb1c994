// The door `nestjs-descope/emulator`: an embedded Descope for tests and sample applications.
export type { AgentTokenOrder, AppTokenOrder } from './apps/app-tokens.js';
export type { EmulatorClock } from './controls/clock.js';
export type { Fault, FaultOrder, Faults } from './controls/faults.js';
export type { LoggedRequest, Outbox, OutboxMessage, RequestLog } from './controls/recorders.js';
export type { Emulator } from './emulator.js';
export { startEmulator } from './emulator.js';
export type { EmulatorErrorCode } from './errors.js';
export { EmulatorError } from './errors.js';
export type { EmulatorOptions, EmulatorSettings } from './options.js';
export { DEFAULT_MANAGEMENT_KEY, DEFAULT_PROJECT_ID } from './options.js';
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
