// Entry point './bullmq': callers that jobs of BullMQ carry.
export type { CallerReference } from '../context/caller.js';
export { DescopeBullModule } from './bull.module.js';
export type { CarryingJob } from './job-caller.js';
export { readJobCaller } from './job-caller.js';
