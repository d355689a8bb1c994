// Handlers of @GrpcStreamCall(): Nest leaves what a guard throws before them to nobody, which ends the process.
import type { Handler } from '../../auth/access.policy.js';
import { DescopeConfigError } from '../../core/errors.js';
import { readMessageNote } from './handler-metadata.js';

// Nest's own word, the same in 11 and 12.
const PASSED_THROUGH = 'pt_stream';

/** Tells whether a handler is one of `@GrpcStreamCall()`. */
export function isStreamCall(handler: Handler): boolean {
  const patterns = readMessageNote(handler)?.patterns ?? [];
  return patterns.some(
    (pattern) => (pattern as { streaming?: unknown } | null)?.streaming === PASSED_THROUGH,
  );
}

/** The error for one that a guard could refuse. */
export function fatalStreamCall(where: string): DescopeConfigError {
  const message = `${where} is a handler of @GrpcStreamCall(), where Nest leaves a guard's refusal to nobody: one caller without a session would end the process. Use @GrpcStreamMethod(), or mark it @Public().`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}
