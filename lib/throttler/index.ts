// Entry point './throttler': limits of rate by caller.
export {};
