// Entry point './access': demands that few applications need.
export type { AnyOfAlternative } from './any-of.decorator.js';
export { AnyOf } from './any-of.decorator.js';
export { NoImpersonation } from './no-impersonation.js';
