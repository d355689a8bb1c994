// Entry point './events': handlers of what happens at Descope, and the types of events.
export type { DescopeAuditAction, DescopeAuditEvent } from '../core/webhook/audit-event.js';
export type { DescopeEventName, EventDecorator } from './on-descope-event.js';
export { OnDescopeEvent } from './on-descope-event.js';
