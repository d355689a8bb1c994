// Entry point './on-behalf': calls on behalf of a caller.
export {};
