// Entry point './bullmq': callers that jobs of BullMQ carry.
export {};
