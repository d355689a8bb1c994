// Entry point './throttler': limits of rate by caller, with @nestjs/throttler.
export { DescopeThrottlerGuard } from './throttler.guard.js';
export { trackByAddress, trackByTenant, trackByUser } from './trackers.js';
