// Entry point './context': who acts, in any service, and callers that jobs carry.
export type { CallerReference, CarriedCaller, CurrentCaller, VerifiedCaller } from './caller.js';
export { DescopeContextModule } from './context.module.js';
export { DescopeContext } from './descope.context.js';
