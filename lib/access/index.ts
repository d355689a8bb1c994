// Entry point './access': demands that few applications need.
export { NoImpersonation } from './no-impersonation.js';
