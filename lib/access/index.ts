// Entry point './access': further access decorators.
export type { AnyOfAlternative } from './any-of.decorator.js';
export { AnyOf } from './any-of.decorator.js';
export { NoImpersonation } from './no-impersonation.decorator.js';
